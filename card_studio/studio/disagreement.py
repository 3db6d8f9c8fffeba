"""The images on which some cards disagree, most of all first: generalised Jensen-Shannon divergence of their answers.

An image's divergence is the entropy of the cards' mean class probabilities less the mean of their entropies
(Lin 1991), as a share of the most that so many cards and classes allow: 0 where all say the same, 1 where each is
sure of another class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Cell
from card_studio.domain.ids import CardId
from card_studio.studio.robustness import Arrays, SuiteAnswers
from card_studio.studio.robustness_grid import card_title
from card_studio.studio.scoring import Answers
from card_studio.studio.sheet import Heading, Sheet, Value

MEASURE = "disagreement: generalised Jensen-Shannon divergence of the class probabilities, as a share of its maximum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which disagreements are sought."""

    cell: int | None = None
    """Of the suite's cells, the first being clean; None for every image at the cell where its divergence is largest."""
    right: CardId | None = None
    """Only images that this card answers rightly."""
    wrong: CardId | None = None
    """Only images that this card answers wrongly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    """What a card says of an image."""

    label: int
    """The class with the highest probability, the first of equals."""
    probability: float
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """An image of a cell, its true class, and each card's answer."""

    image: int
    cell: int
    truth: int
    divergence: float
    """0 to 1."""
    answers: tuple[CardAnswer, ...]
    """In the cards' order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disagreements:
    """All images that fit a question, in order; those to look at are read when they are asked for."""

    answers: SuiteAnswers
    cards: tuple[Card, ...]
    question: Question
    cells: tuple[Cell, ...]
    order: NDArray[np.int64]
    """[found, 2]: cell and image, the largest divergence first."""
    divergence: NDArray[np.float32]
    """[found]."""
    labels: NDArray[np.int64] = field(repr=False)
    _probabilities: tuple[Answers, ...] = field(repr=False)

    def __len__(self) -> int:
        """Return how many images fit."""
        return len(self.order)

    def part(self, start: int, count: int) -> list[Disagreement]:
        """Return `count` of them, or what is left, from `start` on."""
        return [self._one(at) for at in range(start, min(start + count, len(self)))]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.cards[0].classes

    def cell_words(self, cell: int) -> str:
        """Return a cell's name: `clean`, or `gaussian noise 3`."""
        return cell_words(self.cells[cell])

    @property
    def definition(self) -> str:
        """What is listed, and how it is ordered."""
        question, names = self.question, {card.id: card_title(card) for card in self.cards}
        where = "each at the cell where it is largest" if question.cell is None else self.cell_words(question.cell)
        said = f"{self.answers.definition()} · {where} · {MEASURE}"
        if question.right is not None:
            said += f" · {names[question.right]} is right"
        if question.wrong is not None:
            said += f" · {names[question.wrong]} is wrong"
        return f"{said} · {len(self):,} of {len(self.labels):,} images with unlike answers"

    def _one(self, at: int) -> Disagreement:
        cell, image = (int(each) for each in self.order[at])
        truth = int(self.labels[image])
        answers = [_answer(each[cell, image], truth) for each in self._probabilities]
        return Disagreement(
            image=image, cell=cell, truth=truth, divergence=float(self.divergence[at]), answers=tuple(answers)
        )


def find_disagreements(arrays: Arrays, answers: SuiteAnswers, question: Question) -> Disagreements:
    """Find the images that two of a suite's cards answer unlike, those that they disagree on most first.

    Args:
        arrays: where the stored answers are read.
        answers: the suite, with the cards to compare.
        question: which cell, and who is right or wrong.
    """
    own = [answers.evaluations[card.id] for card in answers.cards]
    probabilities = tuple(arrays.array(each.probabilities) for each in own)
    labels = np.asarray(arrays.array(own[0].labels), np.int64)
    cells = range(len(own[0].cells)) if question.cell is None else (question.cell,)
    ids = [card.id for card in answers.cards]
    best = np.full(len(labels), -1, np.float32)
    where = np.zeros(len(labels), np.int64)
    for cell in cells:
        found = _of_cell([each[cell] for each in probabilities], labels, ids, question)
        larger = found > best
        best[larger], where[larger] = found[larger], cell
    images = np.flatnonzero(best >= 0)
    images = images[np.argsort(-best[images], kind="stable")]
    return Disagreements(
        answers=answers,
        cards=answers.cards,
        question=question,
        cells=own[0].cells,
        order=np.stack([where[images], images], axis=1),
        divergence=best[images],
        labels=labels,
        _probabilities=probabilities,
    )


def divergence(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the generalised Jensen-Shannon divergence of some cards' answers, as a share of its maximum.

    Args:
        probabilities: [cards, N, classes], cards and classes at least 2; rows need not sum to 1 exactly.

    Returns:
        float32 [N], 0 to 1.
    """
    p = np.asarray(probabilities, np.float32)
    p = p / p.sum(axis=2, keepdims=True)
    most = np.log(min(p.shape[0], p.shape[2]))
    gained = (_entropy(p.mean(axis=0)) - _entropy(p).mean(axis=0)) / most
    return np.asarray(np.clip(gained, 0, 1), np.float32)


def cell_words(cell: Cell) -> str:
    """Return a cell's name: `clean`, or `gaussian noise 3`."""
    return "clean" if cell.corruption is None else f"{cell.corruption.replace('_', ' ')} {cell.severity}"


def disagreement_sheet(found: Disagreements, shown: Sequence[Disagreement]) -> Sheet:
    """Return images as a table: where, the truth, and each card's answer with its probability."""
    headings = [
        Heading(text="Image", digits=0),
        Heading(text="Cell"),
        Heading(text="True class"),
        Heading(text="Disagreement (%)", digits=1),
    ]
    groups = [("", len(headings))]
    for card in found.cards:
        groups.append((card_title(card), 2))
        headings += [Heading(text="answer"), Heading(text="(%)", digits=1)]
    rows, marked = [], set()
    for at, each in enumerate(shown):
        row: list[Value] = [each.image, found.cell_words(each.cell), found.classes[each.truth], 100 * each.divergence]
        for answer in each.answers:
            if answer.right:
                marked.add((at, len(row)))
            row += [found.classes[answer.label], 100 * answer.probability]
        rows.append(tuple(row))
    return Sheet(
        title="Images of most disagreement",
        headings=tuple(headings),
        rows=tuple(rows),
        note=f"{found.definition} · the first {len(shown):,} · right answers are marked",
        groups=tuple(groups),
        marked=frozenset(marked),
    )


def _of_cell(
    probabilities: Sequence[Answers], labels: NDArray[np.int64], ids: Sequence[CardId], question: Question
) -> NDArray[np.float32]:
    """Return each image's divergence in a cell; -1 where the answers are alike, or do not fit the question."""
    said = np.stack([each.argmax(axis=1) for each in probabilities])
    fits = (said != said[0]).any(axis=0)
    if question.right is not None:
        fits &= said[ids.index(question.right)] == labels
    if question.wrong is not None:
        fits &= said[ids.index(question.wrong)] != labels
    found = np.full(len(labels), -1, np.float32)
    if fits.any():
        found[fits] = divergence(np.stack([each[fits] for each in probabilities]))
    return found


def _entropy(p: NDArray[np.float32]) -> NDArray[np.float32]:
    logs = np.log(p, where=p > 0, out=np.zeros_like(p))
    return np.asarray(-(p * logs).sum(axis=-1), np.float32)


def _answer(probabilities: NDArray[np.float16], truth: int) -> CardAnswer:
    label = int(probabilities.argmax())
    return CardAnswer(label=label, probability=float(probabilities[label]), right=label == truth)
