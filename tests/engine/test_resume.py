"""Tasks made of kept stages: what was reported before a checkpoint is not reported again, and progress is honest."""

from collections.abc import Iterator

import pytest

from card_studio.domain.ids import CardId
from card_studio.domain.job import MapCards
from card_studio.domain.run import AnyEvent, CellEvaluated, CheckpointSaved, Logged
from card_studio.engine import resume
from card_studio.engine.context import Command, Context
from card_studio.engine.resume import Pace, resumable

SPEC = MapCards(cards=(CardId("a"),))


def cell(severity: int) -> CellEvaluated:
    return CellEvaluated(card=CardId("a"), corruption=None, severity=severity, accuracy=1, images=1)


@resumable
def three_cells(spec: MapCards, context: Context) -> Iterator[AnyEvent]:
    """Report three cells with a word before each."""
    for severity in range(3):
        yield Logged(text=str(severity))
        yield cell(severity)


@pytest.mark.parametrize("saved_after", range(1, 7))
def test_results_are_reported_once_and_words_again(context: Context, saved_after: int) -> None:
    task = three_cells(SPEC, context)
    before = [next(task) for _ in range(saved_after)]
    assert isinstance(task.send(Command.SAVE), CheckpointSaved)
    assert isinstance(task.send(Command.SAVE), CheckpointSaved)  # asked twice, saved twice
    task.close()
    after = list(three_cells(SPEC, context))
    assert [e for e in before + after if isinstance(e, CellEvaluated)] == [cell(0), cell(1), cell(2)]
    assert [e.text for e in after if isinstance(e, Logged)] == ["0", "1", "2"]


def test_what_follows_a_checkpoint_in_the_same_run_is_told(context: Context) -> None:
    task = three_cells(SPEC, context)
    next(task)
    task.send(Command.SAVE)
    assert [e for e in task if isinstance(e, CellEvaluated)] == [cell(0), cell(1), cell(2)]


def test_the_pace_counts_only_work_that_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(resume, "monotonic", lambda: now[0])
    pace = Pace(10)
    now[0] = 0.6
    (event,) = pace.step(5, reused=True)
    assert (event.progress, event.eta_s) == (0.5, None)
    now[0] = 1.0
    assert list(pace.step(1)) == []  # too soon after the last
    now[0] = 4.0
    (event,) = pace.step(1)
    assert event.progress == 0.7
    assert event.eta_s == pytest.approx(3 * 4.0 / 2)  # two units took 4 s, three are left
    (event,) = pace.step(3)
    assert (event.progress, event.eta_s) == (1.0, 0.0)
