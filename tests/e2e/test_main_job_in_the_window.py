"""A first user's path through the real window, with a real host and workers: form, curves, cards, deck, picture."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from card_studio.domain.job import JobState
from card_studio.pictures import encode_png
from card_studio.studio.workspace import Workspace
from card_studio.ui.app import keep_a_host, make_window
from card_studio.ui.cards_page import CardsPage
from card_studio.ui.deck_page import DeckPage
from card_studio.ui.main_window import MainWindow
from card_studio.ui.new_job_dialog import NewJobDialog
from card_studio.ui.queue_page import QueuePage
from tests.processes import end_processes_of
from tests.ui.deck.playing import drop

QUICK = """
name = "quick"
[data]
name = "shapes"
train_images = 512
held_out_images = 64
[network]
name = "resnet8"
width = 0.5
[augmentation]
name = "gaussian"
[training]
epochs = 2
batch_size = 32
[compression]
method = "lrr"
sparsity = 0.5
share_per_level = 0.5
also_keep = [0.0]
"""
PATIENCE_MS = 90_000


@pytest.fixture
def studio(qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("CARD_STUDIO_HOST_LINGER_S", "1")
    monkeypatch.setenv("CARD_STUDIO_WORKERS", "1")
    workspace = Workspace(tmp_path / "workspace")
    window = make_window(qapp, workspace, theme="light")
    qtbot.addWidget(window)
    keep_a_host(window)
    window.open_page("queue")
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    yield window
    window.close()
    workspace.close()
    end_processes_of(tmp_path)


def test_from_the_form_to_a_dropped_picture(studio: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    workspace = studio.bridge.workspace
    _queue_by_the_form(studio, qtbot)
    queue = studio.open_page("queue")
    assert isinstance(queue, QueuePage)
    qtbot.waitUntil(lambda: _points(queue) > 1, timeout=PATIENCE_MS)
    _wait_for_all(workspace, qtbot)
    _cards_are_there(studio, qtbot)
    _build_a_deck_by_key(studio, qtbot)
    _wait_for_all(workspace, qtbot)
    _drop_a_picture(studio, qtbot, tmp_path)


def _points(queue: QueuePage) -> int:
    """Return how many reports the loss curve of the selected job shows."""
    at, _ = queue.details.curves.lines["loss"].getData()
    return 0 if at is None else len(at)


def _queue_by_the_form(studio: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(studio, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = studio.findChild(NewJobDialog)
    assert dialog is not None
    dialog.tabs.setCurrentIndex(1)
    dialog.toml.setPlainText(QUICK)
    dialog.afterwards.map.setChecked(False)
    dialog.afterwards.evaluate.setChecked(False)
    assert dialog.submit.text() == "Queue 1 job"
    qtbot.mouseClick(dialog.submit, Qt.MouseButton.LeftButton)


def _wait_for_all(workspace: Workspace, qtbot: QtBot) -> None:
    def ended() -> bool:
        jobs = workspace.jobs()
        assert not [job.error for job in jobs if job.state is JobState.FAILED]
        return bool(jobs) and all(job.state.ended for job in jobs)

    qtbot.waitUntil(ended, timeout=PATIENCE_MS)


def _cards_are_there(studio: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(studio, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    cards = studio.open_page("cards")
    assert isinstance(cards, CardsPage)
    qtbot.waitUntil(lambda: cards.model.rowCount() == 2, timeout=PATIENCE_MS)


def _build_a_deck_by_key(studio: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(studio, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    page = studio.open_page("deck")
    assert isinstance(page, DeckPage)
    hand = page.hand
    qtbot.waitUntil(lambda: hand.model.rowCount() == 2 and hand.model.face(1) is not None, timeout=PATIENCE_MS)
    hand.view.setFocus()
    for row in range(2):
        hand.view.setCurrentIndex(hand.model.index(row))
        qtbot.keyClick(hand.view, Qt.Key.Key_Return)
        qtbot.waitUntil(_holds(page, row + 1), timeout=PATIENCE_MS)
    workspace = studio.bridge.workspace
    qtbot.waitUntil(lambda: len(workspace.decks()) == 1 and len(workspace.decks()[0].cards) == 2, timeout=PATIENCE_MS)
    workspace.queue_missing(workspace.decks()[0])


def _holds(page: DeckPage, count: int) -> Callable[[], bool]:
    return lambda: page.pane.deck is not None and len(page.pane.deck.cards) == count


def _drop_a_picture(studio: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    page = studio.open_page("deck")
    assert isinstance(page, DeckPage)
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(np.random.default_rng(0).integers(0, 256, (3, 40, 50), np.uint8)))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert drop(page.pane.table.viewport(), mime, QPoint(60, 60))
    qtbot.waitUntil(lambda: _answered(page), timeout=PATIENCE_MS)
    (one,) = page.oracle.predictions
    assert (one.source, one.chosen) == ("photo.png", "gaussian")
    assert one.probabilities is not None
    assert one.probabilities.sum() == pytest.approx(1, abs=1e-4)


def _answered(page: DeckPage) -> bool:
    return bool(page.oracle.predictions) and page.oracle.predictions[0].probabilities is not None
