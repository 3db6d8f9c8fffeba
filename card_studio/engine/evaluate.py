"""Evaluates cards on a suite: every card's class probabilities for every image of every cell (METHODS 4, Scores).

A corrupted image is made once for all cards. Each card's answers to a cell are a file of their own in the cache, so a
job that was interrupted, or another that asks the same, goes on from the cells that are there.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from card_studio.domain.ids import ContentHash
from card_studio.domain.job import EvaluateCards
from card_studio.domain.run import Advanced, AnyEvent, CardEvaluated, CellEvaluated, PhaseStarted
from card_studio.engine.arithmetic import require_gain
from card_studio.engine.context import Context
from card_studio.engine.data.suites import CellName, Pixels, SuiteImages
from card_studio.engine.loading import LoadedCard, dataset_of, load_cards
from card_studio.engine.predict import each_batch
from card_studio.engine.resume import Pace, resumable
from card_studio.files import array_bytes, keep_content, read_array, write_atomically

Answers = NDArray[np.float16]
_BINS = 15
_MAKING_WEIGHT = 2.0
"""What making a corrupted image costs, in forward passes of one: only the progress shown depends on it."""


@resumable
def evaluate_cards(spec: EvaluateCards, context: Context) -> Iterator[AnyEvent]:
    """Evaluate the cards of a job, yielding an event for each card and cell, and at last one for each card.

    Accuracy is that of the stored float16 probabilities, the first of equals being the answer, so that whoever scores
    them again finds the same figures.

    Raises:
        UserError: a card or the dataset is missing or damaged, or they do not belong together; or the suite asks for an
            arithmetic that the device does not have.
    """
    require_gain(spec.suite.precision, context.device)
    cards = load_cards(spec.cards, context)
    dataset = yield from dataset_of(cards, spec.data_path, context)
    yield from Evaluating(cards, SuiteImages(spec.suite, dataset, context.cache, context.data_folder), context).run()


class Evaluating:
    """Some cards' answers to one suite."""

    def __init__(self, cards: Sequence[LoadedCard], suite: SuiteImages, context: Context) -> None:
        self.cards = cards
        self.suite = suite
        self.context = context
        self.forward_s = dict.fromkeys((card.id for card in cards), 0.0)
        self.results: dict[str, list[CellEvaluated]] = {card.id: [] for card in cards}
        self.pace = Pace(len(suite.cells) * (len(cards) + _MAKING_WEIGHT))

    def run(self) -> Iterator[AnyEvent]:
        """Yield what happens, cell by cell, then the cards' results."""
        for cell in self.suite.cells:
            name, severity = cell
            yield PhaseStarted(text=f"{name}, severity {severity}" if name else "clean images")
            yield from self._cell(cell)
        for card in self.cards:
            yield self._result(card)

    def _cell(self, cell: CellName) -> Iterator[AnyEvent]:
        if all(self._path(card, cell).exists() for card in self.cards):
            yield from self.pace.step(_MAKING_WEIGHT, reused=True)
        else:
            yield from self._made(cell)
        for card in self.cards:
            path = self._path(card, cell)
            if path.exists():
                yield from self.pace.step(1, reused=True)
            else:
                yield from self._answer(card, self.suite.images(cell), path)
            yield self._measured(card, cell, read_array(path))

    def _made(self, cell: CellName) -> Iterator[Advanced]:
        done = 0.0
        for share in self.suite.make(cell):
            yield from self.pace.step((share - done) * _MAKING_WEIGHT)
            done = share
        yield from self.pace.step((1 - done) * _MAKING_WEIGHT, reused=True)

    def _answer(self, card: LoadedCard, images: Pixels, path: Path) -> Iterator[Advanced]:
        pixels = torch.from_numpy(np.array(images))  # a copy: a file that is mapped for reading cannot be a tensor
        parts: list[Answers] = []
        began = perf_counter()
        precision = self.suite.suite.precision
        for part in each_batch(card.net, pixels, device=self.context.device, precision=precision):
            parts.append(part.numpy().astype(np.float16))
            self.forward_s[card.id] += perf_counter() - began
            yield from self.pace.step(len(part) / len(pixels))
            began = perf_counter()
        write_atomically(path, array_bytes(np.concatenate(parts)))

    def _measured(self, card: LoadedCard, cell: CellName, answers: NDArray[np.generic]) -> CellEvaluated:
        name, severity = cell
        accuracy = float((answers.argmax(axis=1) == self.suite.labels).mean())
        images = len(self.suite.labels)
        event = CellEvaluated(card=card.id, corruption=name, severity=severity, accuracy=accuracy, images=images)
        self.results[card.id].append(event)
        return event

    def _result(self, card: LoadedCard) -> CardEvaluated:
        answers = np.stack([read_array(self._path(card, cell)) for cell in self.suite.cells])
        return CardEvaluated(
            card=card.id,
            suite=self.suite.suite,
            suite_key=self.suite.key,
            data_digest=self.suite.digest,
            cells=tuple(self.results[card.id]),
            calibration_error=calibration_error(answers[0].astype(np.float32), self.suite.labels),
            probabilities=ContentHash(keep_content(self.context.artifacts, array_bytes(answers))),
            labels=ContentHash(keep_content(self.context.artifacts, array_bytes(self.suite.labels))),
            images=len(self.suite.labels),
            forward_s=self.forward_s[card.id],
            corruption_s=self.suite.making_s,
        )

    def _path(self, card: LoadedCard, cell: CellName) -> Path:
        name, severity = cell
        precision = self.suite.suite.precision
        folder = self.suite.cache_key if precision == "float32" else f"{self.suite.cache_key}-{precision}"
        return self.context.cache / "answers" / folder / card.id / f"{name or 'clean'}-{severity}.npy"


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = _BINS) -> float:
    """Return the expected calibration error (Guo et al. 2017) of answers to clean images, in fifteen equal bins.

    Args:
        probabilities: float [N, C], rows summing to 1.
        labels: int64 [N].
        bins: of the highest probability, equally wide, each open on the left.

    Returns:
        The mean over images of |accuracy - confidence| of each image's bin, 0 to 1.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    found = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(found, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
