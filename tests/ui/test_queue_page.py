"""The Queue page on a real workspace: what is listed, ordered, asked, and seen of a job as it runs."""

from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QMainWindow, QMessageBox, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from card_studio.domain.ids import JobId
from card_studio.domain.job import JobState, MakeCard
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Advanced, Outcome
from card_studio.ui import queue_model
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.queue_model import JOBS_MIME, QueueModel
from card_studio.ui.queue_page import QueuePage
from card_studio.ui.queue_rules import place_after_drop, place_after_step
from card_studio.ui.theme import Theme


@pytest.fixture
def page(bridge: Bridge, theme: Theme, actions: ActionRegistry, window: QMainWindow, qtbot: QtBot) -> QueuePage:
    """The page in a window that is shown and active, listening to the workspace."""
    made = QueuePage(bridge, theme, actions)
    window.setCentralWidget(made)
    bridge.changed.connect(made.refresh)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    made.refresh()
    qtbot.waitUntil(lambda: made._loaded)
    return made


def submit(workspace: Any, *seeds: int, priority: int = 0) -> list[JobId]:
    """Queue jobs that differ in their seed."""
    specs = [MakeCard(recipe=Recipe(seed=seed, name=f"job {seed}")) for seed in seeds]
    return [job.id for job in workspace.submit_all(specs, priority=priority)]


def listed(page: QueuePage) -> list[JobId]:
    """The ids on show, in order."""
    return [job.id for job in page.model.records]


def show(page: QueuePage, count: int, qtbot: QtBot) -> None:
    """Wait until so many jobs are on show."""
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == count)


def choose(page: QueuePage, *ids: JobId) -> None:
    """Select jobs."""
    page.table.clearSelection()
    flags = page.table.selectionModel().SelectionFlag
    for each in ids:
        row = page.model.row_of(each)
        assert row is not None
        page.table.selectionModel().select(page.model.index(row, 0), flags.Select | flags.Rows)
    page.table.setFocus()


def press(page: QueuePage, qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    """Press keys where the table is, in the active window."""
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    qtbot.keyClick(page.table, key, modifier)


def test_an_empty_queue_says_what_to_do_and_offers_the_tour(page: QueuePage, workspace: Any, qtbot: QtBot) -> None:
    assert page.empty.isVisible()
    offer = next(b for b in page.empty.findChildren(QPushButton) if "tour" in b.text())
    with qtbot.waitSignal(page.said):
        qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    assert page.table.isVisible()


def test_a_job_of_the_form_is_queued(page: QueuePage, workspace: Any, qtbot: QtBot) -> None:
    dialog = page.new_job()
    qtbot.mouseClick(dialog.submit, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    assert workspace.jobs()[0].spec.recipe == Recipe()


def test_keys_move_jobs_and_keep_the_selection(page: QueuePage, workspace: Any, qtbot: QtBot) -> None:
    a, b, c = submit(workspace, 1, 2, 3)
    show(page, 3, qtbot)
    choose(page, c)
    press(page, qtbot, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: listed(page) == [a, c, b])
    press(page, qtbot, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: listed(page) == [c, a, b])
    assert [job.id for job in page.selected()] == [c]
    press(page, qtbot, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: listed(page) == [a, c, b])
    assert [job.id for job in workspace.jobs()] == [a, c, b]


def test_several_jobs_are_dropped_together(page: QueuePage, workspace: Any, qtbot: QtBot) -> None:
    a, b, c, d = submit(workspace, 1, 2, 3, 4)
    show(page, 4, qtbot)
    data = page.model.mimeData([page.model.index(2, 0), page.model.index(3, 0)])
    assert page.model.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    qtbot.waitUntil(lambda: listed(page) == [c, d, a, b])


def test_foreign_drops_are_refused(page: QueuePage) -> None:
    data = QMimeData()
    data.setText("something else")
    assert not page.model.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())


def test_pause_resume_and_priority_of_many(page: QueuePage, workspace: Any, qtbot: QtBot) -> None:
    a, b = submit(workspace, 1, 2)
    show(page, 2, qtbot)
    choose(page, a, b)
    press(page, qtbot, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: {job.state for job in page.model.records} == {JobState.PAUSED})
    press(page, qtbot, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: {job.state for job in page.model.records} == {JobState.QUEUED})
    choose(page, b)
    press(page, qtbot, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: listed(page) == [b, a])
    assert workspace.job(b).priority == 1


def test_cancelling_asks_first(page: QueuePage, workspace: Any, qtbot: QtBot) -> None:
    (a,) = submit(workspace, 1)
    show(page, 1, qtbot)
    choose(page, a)
    for answer, state in (("Keep", JobState.QUEUED), ("Cancel it", JobState.CANCELLED)):
        press(page, qtbot, Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier)
        box = page.findChild(QMessageBox)
        assert box is not None
        assert box.isVisible()
        button = next(each for each in box.buttons() if each.text() == answer)
        with qtbot.waitSignal(box.destroyed):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda state=state: page.model.records[0].state is state)


def test_a_failure_is_read_on_the_row_and_can_be_retried(
    page: QueuePage, workspace: Any, filler: Any, qtbot: QtBot
) -> None:
    recipe = filler.recipe()
    workspace.submit_all([MakeCard(recipe=recipe)])
    filler.run(filler.training(recipe, steps=5), Outcome.FAILED, "no images in /data: choose another folder")
    show(page, 1, qtbot)
    qtbot.waitUntil(lambda: page.details._error.text() == "no images in /data: choose another folder")
    tip = page.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == f"{page.model.records[0].name}\nno images in /data: choose another folder"
    press(page, qtbot, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.model.records[0].state is JobState.QUEUED)
    press(page, qtbot, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)


def test_ended_jobs_are_taken_off_after_a_question(page: QueuePage, filler: Any, qtbot: QtBot) -> None:
    filler.card()
    show(page, 1, qtbot)
    press(page, qtbot, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    box = page.findChild(QMessageBox)
    assert box is not None
    yes = next(each for each in box.buttons() if each.text() == "Take off")
    with qtbot.waitSignal(box.destroyed):
        qtbot.mouseClick(yes, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.empty.isVisible)


def test_curves_and_log_follow_a_running_job_without_losing_the_selection(
    page: QueuePage, workspace: Any, filler: Any, qtbot: QtBot
) -> None:
    recipe = filler.recipe()
    workspace.submit_all([MakeCard(recipe=recipe)])
    other = submit(workspace, 9)[0]
    events = filler.training(recipe, steps=60)
    claim = filler.ledger.claim("testing")
    assert filler.ledger.ingest(claim.run.id, [*events[:40], Advanced(progress=0.4, eta_s=90)], offset=1)
    show(page, 2, qtbot)
    choose(page, claim.job.id)
    page.table.selectRow(0)
    loss = page.details.curves.lines["loss"]
    qtbot.waitUntil(lambda: loss.xData is not None and len(loss.xData) > 20)
    before = len(loss.xData)
    assert filler.ledger.ingest(claim.run.id, [*events[40:], Advanced(progress=0.7, eta_s=40)], offset=2)
    qtbot.waitUntil(lambda: len(loss.xData) > before)
    assert list(loss.xData) == sorted(set(loss.xData))
    step = page.details.curves.lines["sparsity"]
    assert len(step.xData) < 10  # a corner where it changes, and the ends
    assert step.yData.max() == pytest.approx(100 * (1 - 0.585))
    page.details.tabs.setCurrentWidget(page.details.log)
    qtbot.waitUntil(lambda: "Level 1" in page.details.log.toPlainText())
    assert "epoch 5: validation loss" in page.details.log.toPlainText()
    page.details.tabs.setCurrentWidget(page.details.attempts)
    qtbot.waitUntil(lambda: "Attempt 1: started" in page.details.attempts.toPlainText())
    page.details.tabs.setCurrentWidget(page.details.curves)
    assert page.details.curves.lines["validation accuracy"].yData.max() <= 100
    assert [job.id for job in page.selected()] == [claim.job.id]
    page.table.selectRow(1)
    qtbot.waitUntil(lambda: page.details._title.text() == workspace.job(other).name)
    qtbot.waitUntil(lambda: loss.xData is None or len(loss.xData) == 0)


def test_a_long_list_is_read_as_one_scrolls(
    page: QueuePage, workspace: Any, filler: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_model, "PAGE", 3)
    page.model.wanted = 3
    ids = submit(workspace, *range(8))
    show(page, 3, qtbot)
    assert listed(page) == ids[:3]
    assert page._count.text() == "8 to do"
    choose(page, ids[2])
    press(page, qtbot, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)  # past what is read: stays where it is
    page.model.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: page.model.rowCount() == 6)
    assert [job.id for job in workspace.jobs()] == ids
    page.model.fetchMore(QModelIndex())
    qtbot.waitUntil(lambda: listed(page) == ids)
    assert not page.model.canFetchMore(QModelIndex())
    page.model.fetchMore(QModelIndex())
    assert page.model.wanted == 9


def test_the_model_keeps_qts_promises(workspace: Any, filler: Any, qtmodeltester: ModelTester) -> None:
    model = QueueModel()
    strict = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    ids = submit(workspace, 1, 2, 3, 4)
    model.set_records(workspace.jobs())
    workspace.reorder([ids[3]], ids[0])
    workspace.cancel([ids[1]])
    model.set_records(workspace.jobs())
    workspace.submit_all([MakeCard(recipe=Recipe(seed=7))], priority=3)
    workspace.forget([ids[1]])
    model.set_records(workspace.jobs())
    assert [job.id for job in model.records] == [job.id for job in workspace.jobs()]
    qtmodeltester.check(model)
    strict.deleteLater()
    model.deleteLater()


def test_only_what_is_queued_can_be_dragged(workspace: Any, filler: Any, qtbot: QtBot) -> None:
    model = QueueModel()
    filler.card()
    submit(workspace, 1)
    model.set_records(workspace.jobs())
    drags = [bool(model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsDragEnabled) for row in range(2)]
    assert drags == [True, False]
    assert model.mimeData([model.index(0, 0), model.index(1, 0)]).data(JOBS_MIME).toStdString().count(",") == 0
    model.deleteLater()


def test_where_moved_jobs_go(workspace: Any) -> None:
    a, b, c, d = submit(workspace, 1, 2, 3, 4)
    jobs = workspace.jobs()
    up = place_after_step(jobs, [c, d], -1)
    assert up is not None
    assert up.before == b
    down = place_after_step(jobs, [b], 1)
    assert down is not None
    assert down.before == d
    last = place_after_step(jobs, [c], 1)
    assert last is not None
    assert last.before is None
    assert place_after_step(jobs, [a], -1) is None
    assert place_after_step(jobs, [d], 1) is None
    assert place_after_step(jobs, [a, b, c, d], 1) is None
    assert place_after_drop(jobs, 2) == c
    assert place_after_drop(jobs, 4) is None
