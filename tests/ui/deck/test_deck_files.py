"""Decks out of the Deck page as one file, and files dropped on it: dialogs, drags, progress, ends and mistakes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMainWindow, QPushButton
from pytestqt.qtbot import QtBot

from card_studio.domain.deck import definition_of
from card_studio.domain.job import ExportDeck, ImportCards, PrepareGate
from card_studio.domain.run import DeckBrought, Outcome
from card_studio.studio.attempt import attempt_folder
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_mime import may_hold_pictures
from card_studio.ui.theme import Theme
from card_studio.ui.toasts import Toasts
from tests.ui.deck.filling import Dealt
from tests.ui.deck.playing import Played, drag_over, drop

MIDDLE = QPoint(40, 300)


def carrying(*files: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return mime


def choose(played: Played, file: Path) -> None:
    """Ask for the export by its action, and choose a file."""
    played.qtbot.waitUntil(lambda: played.page.pane.deck is not None)
    played.page._actions.refresh()
    played.page._actions.action("deck.export").trigger()
    dialog = played.page.findChild(QFileDialog)
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    dialog.fileSelected.emit(str(file))
    dialog.reject()


def finish(full: Dealt, *events: object) -> None:
    """End the job that waits first, as its worker would."""
    claim = full.ledger.claim("test")
    full.ledger.ingest(claim.run.id, list(events), offset=1)
    full.ledger.end(claim.run.id, Outcome.FINISHED)


def test_a_deck_is_written_where_one_chooses_and_its_folder_can_be_shown(
    full: Dealt, play: Callable[[], Played], tmp_path: Path, qtbot: QtBot
) -> None:
    full.workspace.deal("Mine", full.cards[:3])
    played, out = play(), tmp_path / "mine.onnx"
    wrote: list[tuple[str, Path]] = []
    played.page.wrote.connect(lambda text, file: wrote.append((text, file)))
    choose(played, out)
    qtbot.waitUntil(lambda: any(isinstance(job.spec, ExportDeck) for job in full.workspace.jobs()))
    (spec,) = [job.spec for job in full.workspace.jobs() if isinstance(job.spec, ExportDeck)]
    assert (spec.out, spec.deck.cards, len(spec.references)) == (out, played.deck().cards, 2)
    qtbot.waitUntil(lambda: "waits in the queue" in played.page.files.line.text)
    assert played.page.files.line.isVisible()
    out.write_bytes(b"x" * 2000)
    finish(full)
    qtbot.waitUntil(lambda: wrote == [("Exported the deck Mine to mine.onnx, 2.0 kB", out)])
    assert not played.page.files.line.isVisible()


def test_another_ending_is_refused_in_one_line(
    full: Dealt, play: Callable[[], Played], bridge: Bridge, tmp_path: Path, qtbot: QtBot
) -> None:
    full.workspace.deal("Mine", full.cards[:3])
    played, failed = play(), []
    bridge.failed.connect(failed.append)
    choose(played, tmp_path / "mine.zip")
    qtbot.waitUntil(lambda: len(failed) == 1)
    assert "not a file ending in .deck (for another workspace) or .onnx (for other programs)" in failed[0]
    assert not any(isinstance(job.spec, ExportDeck) for job in full.workspace.jobs())


def test_an_empty_table_has_nothing_to_export(
    dealt: Dealt, play: Callable[[], Played], bridge: Bridge, qtbot: QtBot
) -> None:
    played, failed = play(), []
    bridge.failed.connect(failed.append)
    assert played.page.files.ask_export() is None
    assert failed == ["There is no deck to export: put a card on the table first"]


def test_references_are_built_first_then_the_deck_is_written(
    dealt: Dealt, play: Callable[[], Played], tmp_path: Path, qtbot: QtBot
) -> None:
    dealt.workspace.deal("Bare", [dealt.add_card(0)])
    for job in dealt.workspace.jobs():
        dealt.workspace.cancel([job.id])
    played = play()
    choose(played, tmp_path / "bare.deck")
    qtbot.waitUntil(lambda: any(isinstance(job.spec, PrepareGate) and not job.state.ended
                                for job in dealt.workspace.jobs()))  # fmt: skip
    qtbot.waitUntil(lambda: "The gate's references are built first" in played.said)
    assert not any(isinstance(job.spec, ExportDeck) for job in dealt.workspace.jobs())
    dealt.prepare_gate()
    finish(dealt)
    qtbot.waitUntil(lambda: any(isinstance(job.spec, ExportDeck) for job in dealt.workspace.jobs()))


def test_a_dropped_deck_is_imported_and_laid_on_the_table(
    full: Dealt, play: Callable[[], Played], tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "theirs.deck"
    file.write_bytes(b"content")
    full.workspace.deal("Mine", full.cards[:3])
    played = play()
    assert not played.page.files.place.isVisible()
    assert drag_over(played.page.active.table, carrying(file), QPoint(20, 20))  # it falls through to the page
    assert played.page.files.place.isVisible()
    assert drop(played.page, carrying(file), MIDDLE)
    qtbot.waitUntil(lambda: any(isinstance(job.spec, ImportCards) for job in full.workspace.jobs()))
    definition = definition_of(played.deck()).model_copy(update={"batch": 9})
    job = next(job for job in full.workspace.jobs() if isinstance(job.spec, ImportCards))
    event = DeckBrought(at=1.0, name="Theirs", deck=definition)
    finish(full, event)
    log = attempt_folder(full.workspace.path, job.id, 1).events
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(event.model_dump_json() + "\n")
    qtbot.waitUntil(lambda: played.deck().name == "Theirs", timeout=15_000)
    assert "Imported the deck Theirs with 0 cards from theirs.deck" in played.said


def test_pictures_are_still_taken_as_pictures(full: Dealt, play: Callable[[], Played], tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"content")
    assert may_hold_pictures(carrying(picture))
    assert not may_hold_pictures(carrying(tmp_path / "a.deck"))
    assert not drag_over(play().page, carrying(picture), MIDDLE)


def test_a_toast_of_a_file_opens_its_folder(
    window: QMainWindow, theme: Theme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    toasts = Toasts(theme, window)
    toasts.say("Exported", file=tmp_path / "mine.deck")
    toasts.say("Nothing to open")
    with_file, without = toasts.shown()
    assert without.findChild(QPushButton) is None
    with_file.findChild(QPushButton).click()
    assert [url.toLocalFile() for url in opened] == [str(tmp_path)]
