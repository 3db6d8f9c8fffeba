"""What the Compare page asks of the workspace, in a thread: what can be compared, results, disagreements, pictures."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card
from card_studio.domain.ids import CardId
from card_studio.domain.job import EvaluateCards, Job, JobSpec, JobState, MapCards, MapOptions, Suite
from card_studio.errors import UserError
from card_studio.studio.disagreement import Disagreement, Disagreements, Question, find_disagreements
from card_studio.studio.normalising import Normaliser
from card_studio.studio.robustness import SuiteAnswers
from card_studio.studio.robustness_grid import Grid, card_title, make_grid
from card_studio.studio.robustness_sheets import summary_sheet
from card_studio.studio.sheet import Sheet
from card_studio.studio.side_by_side import Sides, headline_sheet, read_sides
from card_studio.studio.suite_pictures import suite_pictures
from card_studio.ui.robustness_data import Results

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

_AT_WORK = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The cards, and the jobs that are about to measure one of them."""

    sides: Sides
    at_work: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Headline and matrices on one suite; no grid where no card answered any."""

    headline: Sheet
    data: Sheet
    """The same as plain numbers, a row for each card."""
    grid: Grid | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A disagreement with its picture."""

    found: Disagreement
    picture: NDArray[np.uint8] | None
    """[3, H, W]; None where it cannot be made here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some images to look at, and why they have no picture, if they have none."""

    images: tuple[Seen, ...]
    problem: str = ""


def read_compared(workspace: "Workspace", ids: Sequence[CardId]) -> Compared:
    """Return what is known of these cards."""
    own = set(ids)
    at_work = [job for job in workspace.jobs(_AT_WORK) if own & set(_measured_by(job))]
    return Compared(sides=read_sides(workspace, ids), at_work=tuple(at_work))


def read_numbers(
    workspace: "Workspace", known: Results, sides: Sides, answers: SuiteAnswers | None, baseline: CardId | None
) -> Numbers:
    """Return the numbers on a suite, against a baseline that has answered it too."""
    if answers is None:
        nothing = headline_sheet(sides, (), None, None)
        return Numbers(headline=nothing, data=nothing, grid=None)
    base = next((card for card in answers.cards if card.id == baseline), None)
    results = known.measured(workspace, answers, [card.id for card in answers.cards], base.id if base else None)
    by = None if base is None else Normaliser(title=card_title(base), evaluation=answers.evaluations[base.id])
    grid = make_grid(answers, results, by.title if by else "", by)
    headline = headline_sheet(sides, results, answers, by)
    return Numbers(headline=headline, data=summary_sheet(grid), grid=grid)


def read_disagreements(workspace: "Workspace", answers: SuiteAnswers, question: Question) -> Disagreements:
    """Return which images fit a question."""
    return find_disagreements(workspace, answers, question)


def read_part(workspace: "Workspace", found: Disagreements, start: int, count: int) -> Part:
    """Return some of the images with their pictures; without them, and why, where they cannot be made."""
    shown = found.part(start, count)
    card = found.cards[0]
    evaluation = found.answers.evaluations[card.id]
    try:
        pictures = suite_pictures(workspace, card, evaluation, [(each.cell, each.image) for each in shown])
    except UserError as error:
        return Part(images=tuple(Seen(found=each, picture=None) for each in shown), problem=str(error))
    return Part(images=tuple(Seen(found=each, picture=own) for each, own in zip(shown, pictures, strict=True)))


def queue_evaluations(workspace: "Workspace", cards: Sequence[Card], suite: Suite) -> list[Job]:
    """Queue the evaluation of cards, those of one dataset together."""
    return workspace.submit_all([EvaluateCards(cards=ids, suite=suite) for ids in _by_data(cards)])


def queue_maps(workspace: "Workspace", cards: Sequence[Card], options: MapOptions) -> list[Job]:
    """Queue the maps of cards, those of one dataset together."""
    return workspace.submit_all([MapCards(cards=ids, options=options) for ids in _by_data(cards)])


def evaluating(jobs: Sequence[Job], cards: Sequence[Card], suite: Suite) -> Job | None:
    """Return a job that is about to evaluate one of these cards on a suite."""
    return _about(jobs, cards, lambda spec: isinstance(spec, EvaluateCards) and spec.suite == suite)


def mapping(jobs: Sequence[Job], cards: Sequence[Card], options: MapOptions) -> Job | None:
    """Return a job that is about to map one of these cards in a way."""
    return _about(jobs, cards, lambda spec: isinstance(spec, MapCards) and spec.options == options)


def _about(jobs: Sequence[Job], cards: Sequence[Card], fits: Callable[[JobSpec], bool]) -> Job | None:
    own = {card.id for card in cards}
    return next((job for job in jobs if fits(job.spec) and own & set(_measured_by(job))), None)


def _measured_by(job: Job) -> tuple[CardId, ...]:
    return job.spec.cards if isinstance(job.spec, EvaluateCards | MapCards) else ()


def _by_data(cards: Sequence[Card]) -> list[tuple[CardId, ...]]:
    found: defaultdict[str, list[CardId]] = defaultdict(list)
    for card in cards:
        found[card.data_digest].append(card.id)
    return [tuple(ids) for ids in found.values()]
