"""Runs a deck's ONNX file in onnxruntime and compares it with the studio, before anyone else relies on it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from card_studio.domain.deck import card_weights, combine
from card_studio.domain.gate import Floats, Gate, choose
from card_studio.engine.deck_file import DeckHeader
from card_studio.engine.predict import deck_probabilities

_IMAGES = 33
_TOLERANCE = 1e-4
_TIE = 1e-5
"""Relative margin below which the two may choose differently: float32 rounds distances to some 1e-7 of their size."""


def largest_difference(
    path: Path, header: DeckHeader, spectra: Sequence[Floats], owners: NDArray[np.int64], nets: Sequence[nn.Module]
) -> float:
    """Return the largest difference of a class probability between file and studio, on some made-up images.

    Args:
        path: the ONNX file.
        header: what the deck is.
        spectra: the references of each suit.
        owners: int64 [cards], the suit of each place in the deck.
        nets: of each place in the deck.

    Raises:
        RuntimeError: they choose or answer differently.
    """
    images = _images(header.size)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(["probabilities", "choice"], {"images": images.astype(np.float32) / 255})
    deck = header.deck
    distances = Gate({str(suit): each for suit, each in enumerate(spectra)}, deck.gate).distances(images)
    answers = deck_probabilities(nets, torch.from_numpy(images), device=torch.device("cpu")).numpy()
    weights = card_weights(distances, owners, deck.mode, m=deck.batch, temperature=deck.temperature)
    clear = np.zeros(len(images), bool)
    chosen = np.zeros(len(images), np.int64)
    for start in range(0, len(images), deck.batch):
        choice = choose(distances[start : start + deck.batch])
        clear[start : start + deck.batch] = choice.margin > _TIE
        chosen[start : start + deck.batch] = choice.chosen
    difference = float(np.abs(found[0] - combine(answers, weights))[clear].max(initial=0))
    if difference > _TOLERANCE or (found[1] != chosen)[clear].any():
        raise RuntimeError(f"the ONNX file answers otherwise than the studio, by up to {difference:g}")
    return difference


def _images(size: int) -> NDArray[np.uint8]:
    """Return some images from noise to nearly flat, so that a gate has something to choose."""
    rng = np.random.default_rng(0)
    colours = rng.uniform(0, 255, (_IMAGES, 3, 1, 1))
    noise = rng.normal(0, 1, (_IMAGES, 3, size, size)) * np.linspace(0, 100, _IMAGES)[:, None, None, None]
    images: NDArray[np.uint8] = np.clip(colours + noise, 0, 255).astype(np.uint8)
    return images
