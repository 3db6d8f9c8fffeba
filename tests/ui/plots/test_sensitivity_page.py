"""The Sensitivity page, by mouse and keys, on a workspace with stored maps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from card_studio.domain.job import MapOptions
from card_studio.ui.sensitivity_page import SensitivityPage


@pytest.fixture
def cards(measurer: Any) -> list[Any]:
    """A dense, a sparse and a Gaussian card, each with a map."""
    made = [measurer.card("clean", 0.0), measurer.card("clean", 0.8), measurer.card("gaussian", 0.8)]
    for card, height in zip(made, (0.8, 0.6, 0.2), strict=True):
        measurer.map(card, height)
    return made


@pytest.fixture
def page(open_page: Any, cards: list[Any]) -> SensitivityPage:
    """The page with three maps."""
    found = open_page(SensitivityPage)
    assert isinstance(found, SensitivityPage)
    return found


def press(page: SensitivityPage, qtbot: QtBot, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(page.wall, key)


def values(page: SensitivityPage) -> dict[str, tuple[Any, ...]]:
    """Return the pane's figures by card."""
    return {str(row[0]): row[1:] for row in page.pointer.values.model_.sheet.rows}


def test_an_empty_workspace_says_what_to_do_first(open_page: Any, qtbot: QtBot) -> None:
    page = open_page(SensitivityPage)
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.open_page) as asked:
        qtbot.keyClick(page.empty.focusProxy(), Qt.Key.Key_Space)
    assert asked.args == ["cards"]


def test_all_maps_hang_on_one_scale_with_their_definition(page: SensitivityPage) -> None:
    assert page.shown is not None
    assert len(page.shown.maps) == 3
    assert page.shown.scale[0] == 0
    assert 0.3 < page.shown.scale[1] <= 0.8
    assert "from 0 to" in page.scale.accessibleName()
    assert "norm 4" in page.definition.text()
    assert "n = 64 images" in page.definition.text()


def test_rows_are_suits_and_columns_sparsities(page: SensitivityPage, cards: list[Any]) -> None:
    at = {each.card.id: page.wall.picture_rect(n) for n, each in enumerate(page._hung().maps)}
    dense, sparse, gaussian = (at[card.id] for card in cards)
    assert dense.top() == sparse.top() != gaussian.top()
    assert sparse.left() == gaussian.left() > dense.left()
    assert dense.size() == gaussian.size()


def test_the_pointer_says_value_frequency_and_wave(page: SensitivityPage, qtbot: QtBot, cards: list[Any]) -> None:
    rect = page.wall.picture_rect(0)
    qtbot.mouseMove(page.wall, rect.center().toPoint() + QPoint(2, 2))
    assert page.wall.cursor_cell == (4, 4)
    assert "(0, 0), 0.0 cycles" in page.pointer.frequency.text()
    assert not page.pointer.basis.pixmap().isNull()
    found = [row[0] for row in values(page).values()]
    assert sorted(found) == pytest.approx([20, 60, 80], abs=1e-4)


def test_arrow_keys_move_one_cursor_over_all_maps(page: SensitivityPage, qtbot: QtBot) -> None:
    page.wall.setFocus()
    press(page, qtbot, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up)
    assert page.wall.cursor_cell == (3, 6)
    assert "(−1, 2), 2.2 cycles" in page.pointer.frequency.text()
    assert "(−1, 2)" in page.wall.accessibleDescription()
    press(page, qtbot, *[Qt.Key.Key_Right] * 9)
    assert page.wall.cursor_cell == (3, 7), "it stops at the edge"
    press(page, qtbot, Qt.Key.Key_Home)
    assert page.wall.cursor_cell == (4, 4)


def test_page_down_goes_from_map_to_map(page: SensitivityPage, qtbot: QtBot) -> None:
    page.wall.setFocus()
    chosen = []
    for _ in range(4):
        press(page, qtbot, Qt.Key.Key_PageDown)
        chosen.append(page.picker.current())
    assert len(set(chosen[:3])) == 3
    assert chosen[3] == chosen[0]
    assert page.profile.chosen == page.wall.chosen == chosen[3]


def test_a_click_on_a_map_chooses_its_card(page: SensitivityPage, qtbot: QtBot) -> None:
    third = page._hung().maps[2].card.id
    place = page.wall.picture_rect(2).center().toPoint()
    qtbot.mouseClick(page.wall, Qt.MouseButton.LeftButton, pos=place)
    assert page.picker.current() == page.profile.chosen == third


def test_differences_are_centred_on_zero(page: SensitivityPage, qtbot: QtBot, cards: list[Any]) -> None:
    page.baseline_box.setFocus()
    wanted = page.baseline_box.findData(cards[0].id)
    for _ in range(wanted):
        qtbot.keyClick(page.baseline_box, Qt.Key.Key_Down)
    low, high = page._hung().scale
    assert low == -high
    own = next(n for n, each in enumerate(page._hung().maps) if each.card.id == cards[0].id)
    assert not page._hung().values[own].any()
    page.wall.point_at(4, 4)
    gaussian = next(row for name, row in values(page).items() if cards[2].name in name)
    assert gaussian == pytest.approx((20, -60), abs=1e-4)


def test_maps_measured_differently_never_share_a_wall(
    page: SensitivityPage, qtbot: QtBot, cards: list[Any], measurer: Any
) -> None:
    measurer.map(cards[0], 0.5, MapOptions(images=64, clamp=True))
    page.refresh()
    qtbot.waitUntil(lambda: page.kind_box.count() == 2 and not page.bridge.busy and page.settled)
    assert len(page._hung().maps) == 3
    page.kind_box.setFocus()
    qtbot.keyClick(page.kind_box, Qt.Key.Key_Down)
    assert len(page._hung().maps) == 1
    assert "clamped to [0, 1]" in page.definition.text()


def test_the_whole_range_and_a_free_flow_can_be_chosen(page: SensitivityPage, qtbot: QtBot) -> None:
    for box in (page.scale_box, page.order_box):
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert page._hung().scale == (0, 1)
    tops = {page.wall.picture_rect(n).top() for n in range(3)}
    assert len(tops) == 1, "three maps fit in one row"


def test_lines_are_named_beneath_the_plot_and_not_over_it(page: SensitivityPage, cards: list[Any]) -> None:
    profile = page.profile
    assert len(profile.legend.texts) == len(cards)
    assert profile.legend.geometry().top() >= profile.getPlotItem().getViewBox().geometry().bottom()
    assert profile.sceneRect().contains(profile.legend.mapRectToScene(profile.legend.rect()))


def test_the_profile_is_the_mean_over_rings(page: SensitivityPage, cards: list[Any]) -> None:
    sheet = page.profile.sheet()
    assert [row[0] for row in sheet.rows[:3]] == [0, 1, 2]
    assert sorted(sheet.rows[0][1:]) == pytest.approx([20, 60, 80], abs=1e-4)
    ring = 0.8 * np.exp([-0.5] * 4 + [-(2**0.5) / 2] * 4).mean()
    assert max(sheet.rows[1][1:]) == pytest.approx(100 * ring, abs=1e-3)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".tex"])
def test_both_panels_export(page: SensitivityPage, tmp_path: Path, suffix: str) -> None:
    for number, panel in enumerate(page.panels):
        path = tmp_path / f"{number}{suffix}"
        panel.export(path)
        if suffix == ".png":
            assert QImage(str(path)).size() == 2 * panel.picture().size
        else:
            assert b"n = 64" in path.read_bytes()
    if suffix == ".csv":
        lines = [line for line in (tmp_path / "0.csv").read_text().splitlines() if not line.startswith("#")]
        assert len(lines) == 1 + 3 * 8 * 8


def test_ticks_choose_what_hangs(page: SensitivityPage, qtbot: QtBot) -> None:
    page.picker.view.setFocus()
    page.picker.view.setCurrentIndex(page.picker.model.index(0))
    qtbot.keyClick(page.picker.view, Qt.Key.Key_Space)
    assert len(page._hung().maps) == 2
    page.picker.model.clear_ticks()
    assert page._hung().maps == []
    page.panels[0].read_as_table(True)
    assert page.panels[0].table.model_.rowCount() == 0


def test_a_refresh_without_news_keeps_cursor_and_wall(page: SensitivityPage, qtbot: QtBot) -> None:
    page.wall.point_at(1, 2)
    before = page.shown
    page.refresh()
    qtbot.waitUntil(lambda: not page.bridge.busy and page.settled)
    qtbot.wait(50)
    assert page.shown is before
    assert page.wall.cursor_cell == (1, 2)


def test_everything_has_a_name(page: SensitivityPage) -> None:
    boxes = (page.kind_box, page.baseline_box, page.order_box, page.scale_box)
    for widget in (page, page.wall, page.profile, page.pointer, page.pointer.values, page.scale, *boxes):
        assert widget.accessibleName()
