"""Someone looks at a picture through everything: a real warm child draws it; the window stays as it is meant to be."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from card_studio.domain.job import CorruptDataset
from card_studio.domain.names import EXTRA_CORRUPTIONS
from card_studio.domain.options import ShapesData
from card_studio.domain.prediction import centred_spectrum
from card_studio.pictures import encode_png, read_picture
from card_studio.studio.dealing import DealerClient
from card_studio.studio.examples import example_extension
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.colour_maps import DIVERGING
from card_studio.ui.gallery_page import GalleryPage
from card_studio.ui.gallery_pictures import Look, Original
from card_studio.ui.gallery_sheet import OURS, Sheet, change, errors_told
from card_studio.ui.theme import Theme

FIRST_CORRUPTION = 3
LINES, SECTIONS = OURS.lines, OURS.sections


@pytest.fixture(scope="module")
def child_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("child")


@pytest.fixture(scope="module")
def child(child_folder: Path) -> Iterator[DealerClient]:
    """A warm child that the tests share."""
    made = DealerClient(child_folder / "dealer.log")
    made.render(1)
    yield made
    made.close()


@pytest.fixture
def page(bridge: Bridge, theme: Theme, actions: ActionRegistry, window: QMainWindow) -> Iterator[GalleryPage]:
    """The page on an empty workspace, shown."""
    made = GalleryPage(bridge, theme, actions)
    window.setCentralWidget(made)
    window.show()
    actions.refresh()
    yield made
    made.let_go()


@pytest.fixture
def drawn(page: GalleryPage, workspace: Any, child: DealerClient, qtbot: QtBot) -> Iterator[GalleryPage]:
    """The page with its first picture drawn, by the shared child."""
    workspace._picture_dealer = child
    page.refresh()
    qtbot.waitUntil(lambda: page.settled, timeout=60_000)
    yield page
    workspace._picture_dealer = None


def pixel(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    colour = image.pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()


def noisy(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, 32, 32), np.uint8)


def test_the_wall_has_every_augmentation_and_corruption_by_family() -> None:
    assert [section.title for section in SECTIONS] == ["Augmentations", "Noise", "Blur", "Weather", "Digital", "Extra"]
    assert len(LINES) == 3 + 19
    assert LINES[0].title(1) == "Flip and crop, draw 2"
    assert [line.title(4) for line in LINES if line.key == "jpeg_compression"] == ["JPEG compression, severity 5"]


def test_it_says_that_the_child_warms_up_and_that_it_died_and_starts_another(
    page: GalleryPage, workspace: Any, qtbot: QtBot
) -> None:
    page.refresh()
    assert not page.settled
    qtbot.waitUntil(lambda: page.easel.warming, timeout=20_000)
    assert page._state.text() == "Warming up: a few seconds"
    qtbot.waitUntil(lambda: page.settled, timeout=60_000)
    sheet = page.easel.sheet
    assert sheet is not None
    assert sheet.name == "shapes: scene 1"
    assert set(sheet.made) == {line.key for line in LINES}
    assert not page._bar.isVisible()
    process = workspace.picture_dealer()._process
    process.kill()
    process.wait()
    sheet.made.clear()
    page.easel._draw_next()
    qtbot.waitUntil(page.empty.isVisible, timeout=20_000)
    assert "the dealer ended" in page.empty.accessibleDescription()
    page.easel.retry()
    qtbot.waitUntil(lambda: page.settled and page.grid_.isVisible(), timeout=60_000)
    assert page.easel.sheet is not None
    assert len(page.easel.sheet.made) == len(LINES)


def test_ones_own_hang_below_ours_as_soon_as_they_are_added(
    drawn: GalleryPage, workspace: Any, child_folder: Path, qtbot: QtBot
) -> None:
    before = drawn.easel.sheet
    assert before is not None
    loaded = set(sys.modules)
    workspace.add_extension(example_extension())
    shutil.copytree(workspace.path / "extensions", child_folder / "extensions")  # where the shared child looks
    drawn.refresh()
    qtbot.waitUntil(lambda: drawn.easel.sheet is not before and drawn.settled, timeout=20_000)
    sheet, grid = drawn.easel.sheet, drawn.grid_
    assert sheet is not None
    assert [section.title for section in grid.wall.sections][-2:] == ["Own augmentations", "Own corruptions"]
    assert all(sheet.made[line.key] is before.made[line.key] for line in LINES)  # not drawn again
    stripes, bars = (sheet.made[line.key] for line in grid.wall.lines[len(LINES) :])
    assert len({each.tobytes() for each in stripes}) == 5
    assert change(sheet.original, bars[4]).rms > change(sheet.original, bars[0]).rms > 0
    QTest.keyClick(grid, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert grid.accessibleDescription().startswith("Posterise bars, severity 5: ")
    assert drawn.panel._note.text() == "Vertical bars with fewer grey levels, from 32 at severity 1 to 2 at severity 5."
    assert not [name for name in set(sys.modules) - loaded if name.startswith("card_studio_own")]
    workspace.remove_extension("example.py")
    drawn.refresh()
    qtbot.waitUntil(lambda: len(grid.wall.lines) == len(LINES) and drawn.settled, timeout=20_000)
    assert (grid.line, grid.column) == (len(LINES) - 1, 4)


BREAKING = """
import os
from pathlib import Path
from card_studio.extend import corruption

@corruption("ending")
def ending(image, severity, generator, options):
    if Path({marker!r}).exists():
        os._exit(3)
    return image

@corruption("raising")
def raising(image, severity, generator, options):
    if Path({marker!r}).exists():
        raise ValueError("no more")
    return image

@corruption("sound")
def sound(image, severity, generator, options):
    return 255 - image
"""


def test_what_fails_of_ones_own_costs_its_own_line_only(
    page: GalleryPage, workspace: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    code, marker = tmp_path / "breaking.py", tmp_path / "marker"
    code.write_text(BREAKING.format(marker=str(marker)), encoding="utf-8")
    workspace.add_extension(code)
    marker.touch()
    page.refresh()
    qtbot.waitUntil(lambda: page.settled, timeout=60_000)
    sheet = page.easel.sheet
    assert sheet is not None
    assert page.grid_.isVisible()
    assert list(sheet.made) == [*(line.key for line in LINES), "corruption own.sound"]
    assert (sheet.made["corruption own.sound"] == 255 - sheet.original).all()
    assert sheet.problems == {
        "corruption own.ending": "the dealer ended: see dealer.log in the workspace",
        "corruption own.raising": "the dealer could not answer: corruption own.raising: ValueError: no more (line 15)",
    }
    page.grid_.set_current(len(LINES) + 1, 0)
    assert page.panel._note.text() == sheet.problems["corruption own.raising"]
    assert page.grid_.accessibleDescription().endswith("ValueError: no more (line 15)")


def test_noise_grows_with_severity_and_samples_are_offered(drawn: GalleryPage) -> None:
    sheet = drawn.easel.sheet
    assert sheet is not None
    spread = [change(sheet.original, sheet.made["gaussian_noise"][column]).rms for column in range(5)]
    assert spread == sorted(spread)
    assert drawn.panel.list.count() == 24


def test_keys_move_through_the_wall_and_are_told(drawn: GalleryPage) -> None:
    grid = drawn.grid_
    grid.setFocus()
    assert (grid.line, grid.column) == (FIRST_CORRUPTION, 2)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert grid.accessibleDescription().startswith("Shot noise, severity 4: ")
    assert "grey levels of change" in grid.accessibleDescription()
    assert drawn.panel._title.text() == "Shot noise, severity 4"
    QTest.keyClick(grid, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert (grid.line, grid.column) == (len(LINES) - 1, 4)
    assert grid.verticalScrollBar().value() > 0
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert (grid.line, grid.column) == (len(LINES) - 1, 4)
    QTest.keyClick(grid, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert (grid.line, grid.column) == (0, 0)
    assert grid.verticalScrollBar().value() == 0


def test_a_click_chooses_what_is_under_the_pointer(drawn: GalleryPage, qtbot: QtBot) -> None:
    grid = drawn.grid_
    metrics = grid._metrics()
    point = QPoint(round(metrics.left(4) + 5), round(metrics.head + 1 * metrics.line + 5))
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert (grid.line, grid.column) == (1, 4)


def test_zoom_is_in_whole_pixels_and_fits_the_width_on_request(drawn: GalleryPage, actions: ActionRegistry) -> None:
    grid = drawn.grid_
    assert grid._metrics().width <= grid.viewport().width()
    fitting = grid._metrics().side
    actions.action("gallery.zoom_in").trigger()
    assert grid._metrics().side == fitting + 32
    assert grid.horizontalScrollBar().maximum() > 0
    for _ in range(50):
        grid.zoom_by(-1)
    assert grid._metrics().side >= 24
    actions.action("gallery.fit").trigger()
    assert grid._metrics().side == fitting


def test_looks_are_chosen_by_actions(drawn: GalleryPage, actions: ActionRegistry) -> None:
    both = len(drawn.grid_.images_of(LINES[5], 2) or [])
    actions.action("gallery.spectrum").trigger()
    assert drawn.grid_.look == Look(show="spectrum")
    assert (both, len(drawn.grid_.images_of(LINES[5], 2) or [])) == (2, 1)
    assert "log amplitude" in drawn._legend.text()
    actions.action("gallery.difference").trigger()
    assert drawn.grid_.look == Look(show="spectrum", difference=True)
    assert "up to 20 times" in drawn._legend.text()


def test_drawing_anew_changes_only_what_is_random(drawn: GalleryPage, actions: ActionRegistry, qtbot: QtBot) -> None:
    before = drawn.easel.sheet
    assert before is not None
    actions.action("gallery.anew").trigger()
    qtbot.waitUntil(lambda: drawn.settled, timeout=20_000)
    after = drawn.easel.sheet
    assert after is not None
    assert after.seed == before.seed + 1
    assert not np.array_equal(after.made["augmix"], before.made["augmix"])
    assert not np.array_equal(after.made["snow"], before.made["snow"])
    assert np.array_equal(after.made["contrast"], before.made["contrast"])


def drop(page: GalleryPage, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    page.dropEvent(event)


def test_a_picture_of_ones_own_is_dropped_or_pasted(drawn: GalleryPage, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(encode_png(np.repeat(np.repeat(noisy(), 3, axis=1), 4, axis=2)))
    drop(drawn, path)
    qtbot.waitUntil(lambda: drawn.settled, timeout=20_000)
    sheet = drawn.easel.sheet
    assert sheet is not None
    assert sheet.name == "mine.png"
    assert np.array_equal(sheet.original, read_picture(path, 32))
    assert len(sheet.made) == len(LINES)
    QGuiApplication.clipboard().setImage(QImage(str(path)))
    drawn.paste()
    qtbot.waitUntil(lambda: drawn.settled and drawn.easel.sheet is not sheet, timeout=20_000)
    pasted = drawn.easel.sheet
    assert pasted is not None
    assert pasted.name == "pasted image"
    assert np.array_equal(pasted.original, sheet.original)


def test_what_is_no_picture_is_refused_and_the_one_before_stays(
    drawn: GalleryPage, tmp_path: Path, qtbot: QtBot
) -> None:
    before = drawn.easel.sheet
    (tmp_path / "text.png").write_text("no picture")
    drop(drawn, tmp_path / "text.png")
    qtbot.waitUntil(drawn.panel._problem.isVisible, timeout=20_000)
    assert drawn.panel._problem.text().startswith("text.png: not an image file")
    assert drawn.easel.sheet is before
    assert drawn.settled


def test_the_wall_is_exported_pixel_by_pixel(drawn: GalleryPage, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(drawn.said) as said:
        drawn.export(tmp_path / "wall")
    assert said.args == [f"Written to {tmp_path / 'wall.png'}"]
    wall = QImage(str(tmp_path / "wall.png"))
    assert not wall.isNull()
    sheet = drawn.easel.sheet
    assert sheet is not None
    metrics = drawn.grid_._metrics()
    top = wall.height() - round(2 * metrics.height) + round(2 * metrics.head)
    scale = round(2 * metrics.side / 32)
    made = sheet.made[LINES[0].key][1]
    for x, y in ((0, 0), (7, 20), (31, 31)):
        found = pixel(wall, round(2 * metrics.left(1)) + x * scale + scale // 2, top + y * scale + scale // 2)
        assert found == tuple(int(value) for value in made[:, y, x])
    with qtbot.waitSignal(drawn.said) as said:
        drawn.export(tmp_path / "wall.png" / "inside.png")
    assert "cannot write" in said.args[0]


def test_differences_and_spectra_are_what_they_say() -> None:
    first, second = noisy(0), noisy(1)
    original = Original(first)
    changed = original.image(second, difference=True)
    for x, y in ((0, 0), (31, 4)):
        expected = tuple(int(np.clip(128 + int(second[c, y, x]) - int(first[c, y, x]), 0, 255)) for c in range(3))
        assert pixel(changed, x, y) == expected
    same = original.spectrum_image(first, difference=True)
    middle = {tuple(int(value) for value in DIVERGING[index]) for index in (127, 128)}
    assert {pixel(same, x, y) for x in range(32) for y in range(32)} <= middle
    louder = np.clip(first.astype(int) * 2, 0, 255).astype(np.uint8)
    y, x = np.unravel_index(np.argmax(centred_spectrum(louder) - centred_spectrum(first)), (32, 32))
    red, _, blue = pixel(original.spectrum_image(louder, difference=True), int(x), int(y))
    assert red > blue  # more amplitude is towards yellow


def test_change_is_measured_in_grey_levels() -> None:
    black = np.zeros((3, 4, 4), np.uint8)
    found = change(black, black + 10)
    assert (found.mean, found.rms) == (10, 10)
    assert found.psnr_db == pytest.approx(20 * np.log10(25.5))
    assert change(black, black).psnr_db == float("inf")
    assert Sheet(name="", original=black, seed=0).picture(LINES[0], 0) is None


def test_the_gallery_needs_no_torch() -> None:
    code = "import sys, card_studio.ui.gallery_page; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_corrupted_set_of_ones_own_is_queued_from_the_page(
    page: GalleryPage, workspace: Any, actions: ActionRegistry, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = page.ask_set()
    qtbot.addWidget(dialog)
    form = dialog.form
    form.field("folder").write("shapes-c")
    assert not dialog.accept_button.isEnabled()
    form.field("folder").write(str(tmp_path / "shapes-c"))
    form.field("corruptions").write("the 4 extras")
    form.field("images").write(7)
    assert dialog.accept_button.isEnabled()
    with qtbot.waitSignal(page.open_page) as opened, qtbot.waitSignal(page.said) as said:
        dialog.accept_button.click()
    assert opened.args == ["queue"]
    assert said.args == ["Corrupt shapes into shapes-c is queued"]
    (job,) = workspace.jobs()
    assert job.spec == CorruptDataset(
        data=ShapesData(), out=tmp_path / "shapes-c", corruptions=EXTRA_CORRUPTIONS, images=7
    )
    assert actions.action("gallery.write_set").isEnabled()


def test_a_dataset_that_needs_a_path_is_asked_for_it(page: GalleryPage, qtbot: QtBot) -> None:
    dialog = page.ask_set()
    qtbot.addWidget(dialog)
    plain = dialog.form.values()
    dialog.form.set_values(plain | {"data": {"name": "npz"}})
    dialog.form.edited.emit()
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_errors_are_told_for_every_severity(drawn: GalleryPage) -> None:
    sheet = drawn.easel.sheet
    assert sheet is not None
    contrast = next(line for line in LINES if line.key == "contrast")
    told = errors_told(sheet, contrast)
    found = [float(number) for number in told.removeprefix("mean squared error by severity: ").split(" · ")]
    assert len(found) == 5
    assert found == sorted(found)
    assert errors_told(sheet, LINES[0]).startswith("mean squared error by draw: ")
