"""Fourier sensitivity maps: a network's error rate under noise of each single frequency (METHODS 5; Yin et al. 2019).

Only the distinct basis images are evaluated and mirror cells share the result: at 32 pixels 514 of 1,024. With
channels_last and batches that stay in the processor's caches a map takes well under a third of the time of all cells
evaluated plainly (tests/benchmarks/test_sensitivity_benchmark.py).
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from card_studio.domain.fourier import basis_image, first_cells
from card_studio.domain.ids import ContentHash
from card_studio.domain.job import MapCards, MapOptions
from card_studio.domain.options import Precision
from card_studio.domain.recipe import identity_of
from card_studio.domain.run import AnyEvent, MapMeasured, PhaseStarted
from card_studio.engine.arithmetic import arithmetic, require_gain
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.loading import LoadedCard, dataset_of, load_cards
from card_studio.engine.predict import batch_for, probabilities, ready
from card_studio.engine.resume import Pace, resumable
from card_studio.engine.seeds import seeded
from card_studio.files import array_bytes, keep_content, read_array, write_atomically

_KEEP_EVERY_S = 5.0


class Measurement:
    """A map that is being measured, one distinct basis image after another, in the centred grid's row-major order."""

    def __init__(
        self,
        net: nn.Module,
        images: Tensor,
        labels: Tensor,
        options: MapOptions,
        *,
        device: torch.device,
        batch: int | None = None,
    ) -> None:
        """Prepare a map of `net` on uint8 images [K, 3, n, n] with int64 labels [K]; `options.images` is not looked at.

        The signs r are drawn for every basis image, image and channel from the options' seed.
        """
        self.size = images.shape[-1]
        self.first = first_cells(self.size)
        self.distinct = np.unique(self.first)
        self.wrong: NDArray[np.int64] = np.zeros(0, np.int64)
        """Wrong answers for each distinct basis image measured so far."""
        self._net = ready(net, device)
        self._images = images.to(device).to(torch.float32).div_(255)
        self._labels = labels.to(device)
        self._options = options
        self._chunk = min(batch or batch_for(device), len(images))
        self._group = max(1, (batch or batch_for(device)) // len(images))

    def advance(self) -> int:
        """Measure the next few basis images, as many as fill a batch, and return how many."""
        cells = self.distinct[len(self.wrong) : len(self.wrong) + self._group]
        noise = torch.stack([self._noise(int(cell)) for cell in cells])
        wrong = torch.zeros(len(cells), dtype=torch.int64)
        for start in range(0, len(self._images), self._chunk):
            part = slice(start, start + self._chunk)
            wrong += self._mistakes(self._images[part], noise[:, part], self._labels[part])
        self.wrong = np.append(self.wrong, wrong.numpy())
        return len(cells)

    def errors(self) -> NDArray[np.float32]:
        """Return the finished map: float32 [n, n], error rate 0 to 1, frequency (0, 0) at [n // 2, n // 2]."""
        rates = self.wrong[np.searchsorted(self.distinct, self.first)] / len(self._images)
        return rates.reshape(self.size, self.size).astype(np.float32)

    def _noise(self, cell: int) -> Tensor:
        """Return r v U for every image and channel: float32 [K, 3, n, n]."""
        generator = seeded(self._options.seed, "signs", cell)
        signs = torch.randint(0, 2, (len(self._images), 3, 1, 1), generator=generator) * 2 - 1
        basis = torch.from_numpy(basis_image(self.size, cell)).to(self._images.device)
        return signs.to(basis) * (self._options.norm * basis)

    @torch.inference_mode()
    def _mistakes(self, images: Tensor, noise: Tensor, labels: Tensor) -> Tensor:
        perturbed = (images + noise).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        if self._options.clamp:
            perturbed.clamp_(0, 1)
        with arithmetic(self._options.precision, images.device):
            answers = self._net(perturbed).argmax(dim=1)
        wrong: Tensor = (answers.view(len(noise), -1) != labels).sum(dim=1).cpu()
        return wrong


def sensitivity_map(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    norm: float = 4.0,
    clamp: bool = False,
    seed: int = 0,
    device: torch.device | None = None,
    precision: Precision = "float32",
    batch: int | None = None,
) -> NDArray[np.float32]:
    """Return a network's sensitivity map.

    Args:
        net: takes [0, 1] float images and gives logits.
        images: uint8 [K, 3, n, n]; n may be even or odd.
        labels: int64 [K].
        norm: v, the perturbation's Frobenius norm in each channel, on the 0-1 scale.
        clamp: whether perturbed images are clamped to [0, 1].
        seed: of the signs.
        device: where the network runs; the processor by default.
        precision: of the forward pass.
        batch: images in a forward pass, None for what suits the device; many basis images share one where there are
            fewer images.

    Returns:
        float32 [n, n], error rate 0 to 1, frequency (0, 0) at [n // 2, n // 2].
    """
    options = MapOptions(images=len(images), norm=norm, clamp=clamp, seed=seed, precision=precision)
    where = device or torch.device("cpu")
    measurement = Measurement(net, images, labels, options, device=where, batch=batch)
    while len(measurement.wrong) < len(measurement.distinct):
        measurement.advance()
    return measurement.errors()


@resumable
def map_cards(spec: MapCards, context: Context) -> Iterator[AnyEvent]:
    """Measure the maps of a job's cards on the first test images.

    What is measured of a map is kept in the cache every few seconds, so an interrupted job goes on from there.

    Raises:
        UserError: a card or the dataset is missing or damaged, or they do not belong together; or the options ask for
            an arithmetic that the device does not have.
    """
    require_gain(spec.options.precision, context.device)
    cards = load_cards(spec.cards, context)
    dataset = yield from dataset_of(cards, spec.data_path, context)
    pace = Pace(len(cards) * len(np.unique(first_cells(dataset.size))))
    for card in cards:
        yield PhaseStarted(text=f"sensitivity map of {card.content.recipe.title}")
        yield from _mapped(card, dataset, spec.options, context, pace)


def _mapped(
    card: LoadedCard, dataset: Dataset, options: MapOptions, context: Context, pace: Pace
) -> Iterator[AnyEvent]:
    images, labels = dataset.test.images[: options.images], dataset.test.labels[: options.images]
    measurement = Measurement(card.net, images, labels, options, device=context.device)
    partial = _partial(card, options, dataset, context)
    if partial.exists():
        measurement.wrong = read_array(partial)
        yield from pace.step(len(measurement.wrong), reused=True)
    kept_at = monotonic()
    while len(measurement.wrong) < len(measurement.distinct):
        yield from pace.step(measurement.advance())
        if monotonic() - kept_at > _KEEP_EVERY_S or len(measurement.wrong) == len(measurement.distinct):
            write_atomically(partial, array_bytes(measurement.wrong))
            kept_at = monotonic()
    errors = measurement.errors()
    precision = options.precision
    answers = probabilities(card.net, images, device=context.device, precision=precision).argmax(dim=1)
    yield MapMeasured(
        card=card.id,
        options=options,
        size=dataset.size,
        errors=ContentHash(keep_content(context.artifacts, array_bytes(errors))),
        clean_error=float((answers != labels).float().mean()),
        mean_error=float(errors.mean()),
        images=len(images),
    )


def _partial(card: LoadedCard, options: MapOptions, dataset: Dataset, context: Context) -> Path:
    content = json.dumps([card.id, identity_of(options), dataset.digest, context.device.type], sort_keys=True)
    return context.cache / "maps" / f"{hashlib.sha256(content.encode()).hexdigest()}.npy"
