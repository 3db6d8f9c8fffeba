"""Files that come in and go out on the Cards page: dialogs, real drops, what is said of progress, ends and mistakes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow
from pytestqt.qtbot import QtBot

from card_studio.domain.job import ExportCard, ImportCards
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Advanced, CardExported, Outcome, PhaseStarted
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.cards_files import file_name
from card_studio.ui.cards_page import CardsPage
from card_studio.ui.cards_transfer import exported_in_words
from card_studio.ui.import_dialog import ImportDialog
from card_studio.ui.theme import Theme
from tests.ui.deck.playing import drag_over, drop

MIDDLE = QPoint(300, 300)


@pytest.fixture
def page(bridge: Bridge, theme: Theme, actions: ActionRegistry, window: QMainWindow, qtbot: QtBot) -> CardsPage:
    """The page in an active window, listening to the workspace."""
    made = CardsPage(bridge, theme, actions)
    window.setCentralWidget(made)
    bridge.changed.connect(made.refresh)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    made.refresh()
    qtbot.waitUntil(lambda: made._stack.currentIndex() > 0)
    return made


@pytest.fixture
def said(page: CardsPage, bridge: Bridge) -> list[str]:
    """What the user is told, in order."""
    heard: list[str] = []
    page.said.connect(heard.append)
    bridge.failed.connect(heard.append)
    return heard


def carrying(*files: Path) -> QMimeData:
    """A drag of files, as a file manager begins it."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return mime


def written(folder: Path, *names: str) -> list[Path]:
    """Files of these names."""
    for name in names:
        (folder / name).write_bytes(b"content")
    return [folder / name for name in names]


def imports(workspace: Any) -> list[ImportCards]:
    """The imports that are queued."""
    return [job.spec for job in workspace.jobs() if isinstance(job.spec, ImportCards)]


def confirm(page: CardsPage, qtbot: QtBot) -> None:
    """Confirm the question what is known of foreign networks."""
    dialog = page.findChild(ImportDialog)
    assert dialog is not None
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.findChild(ImportDialog) is None)


def test_dropped_cards_are_queued_at_once(page: CardsPage, workspace: Any, tmp_path: Path, qtbot: QtBot) -> None:
    files = written(tmp_path, "a.card", "b.card")
    assert drag_over(page, carrying(*files), MIDDLE)
    assert page.files.place.isVisible()
    assert page.files.place.geometry() == page.rect()
    assert "Import 2 files" in page.files.place.text
    assert drop(page, carrying(*files), MIDDLE)
    assert not page.files.place.isVisible()
    qtbot.waitUntil(lambda: {spec.path for spec in imports(workspace)} == set(files))
    qtbot.waitUntil(page.files.line.isVisible)


def test_a_drop_finds_the_page_wherever_it_falls(page: CardsPage, filler: Any, tmp_path: Path, qtbot: QtBot) -> None:
    filler.card()
    page.refresh()
    qtbot.waitUntil(page.table.isVisible)
    under = QApplication.widgetAt(page.table.viewport().mapToGlobal(QPoint(40, 40)))
    while not under.acceptDrops():
        under = under.parentWidget()
    assert under is page


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors", ".PTH"])
def test_foreign_networks_are_asked_after_and_get_their_recipe(
    suffix: str, page: CardsPage, workspace: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    (net,) = written(tmp_path, f"net{suffix}")
    recipe = tmp_path / "known.toml"
    recipe.write_text("seed = 7\n")
    assert drop(page, carrying(net), MIDDLE)
    page.findChild(ImportDialog).choose_file(str(recipe))
    confirm(page, qtbot)
    qtbot.waitUntil(lambda: len(imports(workspace)) == 1)
    assert imports(workspace)[0].recipe == Recipe(seed=7)


def test_of_a_foreign_network_nothing_need_be_known(
    page: CardsPage, workspace: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    assert drop(page, carrying(*written(tmp_path, "net.pth", "b.card")), MIDDLE)
    confirm(page, qtbot)
    qtbot.waitUntil(lambda: len(imports(workspace)) == 2)
    assert [spec.recipe for spec in imports(workspace)] == [None, None]


def test_other_files_are_refused_with_the_reason(
    page: CardsPage, workspace: Any, said: list[str], tmp_path: Path, qtbot: QtBot
) -> None:
    (words,) = written(tmp_path, "notes.txt")
    folder = tmp_path / "looks-like-one.card"
    folder.mkdir()
    for wrong in (words, folder):
        assert not drop(page, carrying(wrong), MIDDLE)
        assert page.files.place.isVisible()
        assert f"{wrong.name}: not a card, deck or state dict" in page.files.place.text
    assert ".pth, .pt or .safetensors can be imported" in page.files.place.text
    text = QMimeData()
    text.setText("some words")
    assert not drag_over(page, text, MIDDLE)
    card, _ = written(tmp_path, "good.card", "picture.png")
    assert drop(page, carrying(card, tmp_path / "picture.png"), MIDDLE)
    qtbot.waitUntil(lambda: [spec.path for spec in imports(workspace)] == [card])
    assert any(line.startswith("picture.png: not a card") for line in said)


def test_the_dialog_takes_several_files(page: CardsPage, workspace: Any, tmp_path: Path, qtbot: QtBot) -> None:
    files = written(tmp_path, "a.card", "b.card")
    page.actions_.refresh()
    page.actions_.action("cards.import").trigger()
    dialog = page.findChild(QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFiles
    assert "*.safetensors" in dialog.nameFilters()[0]
    dialog.filesSelected.emit([str(file) for file in files])
    dialog.reject()
    qtbot.waitUntil(lambda: len(imports(workspace)) == 2)


def test_a_missing_file_is_one_line(page: CardsPage, said: list[str], tmp_path: Path, qtbot: QtBot) -> None:
    page.files.bring([tmp_path / "gone.card"])
    qtbot.waitUntil(lambda: said == [f"{tmp_path / 'gone.card'}: no such file"])


def test_progress_is_seen_and_the_end_is_told_once(
    page: CardsPage, filler: Any, said: list[str], tmp_path: Path, qtbot: QtBot
) -> None:
    page.files.bring(written(tmp_path, "mine.card"))
    qtbot.waitUntil(lambda: "waits in the queue" in page.files.line.text)
    job = filler.run([PhaseStarted(text="reading mine.card"), Advanced(progress=0.4)], outcome=None)
    qtbot.waitUntil(lambda: page.files.line.text == "Import mine.card: reading mine.card")
    assert page.files.line.bar.value() == 40
    (run,) = filler.workspace.runs(job.id)
    filler.ledger.end(run.id, Outcome.FAILED, "mine.card: damaged: its checksum does not fit")
    qtbot.waitUntil(lambda: said == ["mine.card: damaged: its checksum does not fit"])
    assert not page.files.line.isVisible()
    page.files.transfers.look()
    filler.card()
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    assert len(said) == 1


def test_a_card_is_copied_or_rounded_by_a_job(
    page: CardsPage, filler: Any, workspace: Any, said: list[str], tmp_path: Path, qtbot: QtBot
) -> None:
    card = filler.card()
    (workspace.path / "cards").mkdir(exist_ok=True)
    (workspace.path / "cards" / f"{card.id}.card").write_bytes(b"as it is")
    page.refresh()
    qtbot.waitUntil(lambda: [each.id for each in page.selected()] == [card.id])
    page.actions_.refresh()
    assert page.actions_.action("cards.export").isEnabled()
    for values, name in (("float32", "copied.card"), ("int8", "small.card")):
        dialog = page.files.ask_export()
        dialog.form.set_values({"values": values})
        dialog._on_edited()
        qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
        files = page.findChild(QFileDialog)
        assert files.acceptMode() == QFileDialog.AcceptMode.AcceptSave
        files.fileSelected.emit(str(tmp_path / name))
        files.reject()
        qtbot.waitUntil(lambda: page.findChild(QFileDialog) is None)
    qtbot.waitUntil(lambda: said == [f"Exported to {tmp_path / 'copied.card'}"])
    assert (tmp_path / "copied.card").read_bytes() == b"as it is"
    qtbot.waitUntil(lambda: any(isinstance(job.spec, ExportCard) for job in workspace.jobs()))
    spec = next(job.spec for job in workspace.jobs() if isinstance(job.spec, ExportCard))
    assert (spec.card, spec.out, spec.values) == (card.id, tmp_path / "small.card", "int8")


def test_what_rounding_changed_is_said_in_points(tmp_path: Path) -> None:
    exported = CardExported(
        card="c" * 64,
        path=tmp_path / "small.card",
        values="int8",
        file_bytes=12_345,
        reference_bytes=12_000,
        exact_accuracy=0.925,
        stored_accuracy=0.9125,
    )
    line = "Exported small.card, 12.3 kB as int8: validation accuracy 92.50 → 91.25 % (-1.25 points)"
    assert exported_in_words(exported) == line
    unknown = exported.model_copy(update={"exact_accuracy": None, "stored_accuracy": None})
    assert "is not known: the card's images are not here" in exported_in_words(unknown)


def test_a_file_is_named_after_its_card(filler: Any) -> None:
    card = filler.card()
    assert file_name(replace(card, name="LRR · 80 % / clean")) == "LRR-80-clean.card"
    assert file_name(replace(card, name="·")) == f"{card.id[:12]}.card"
