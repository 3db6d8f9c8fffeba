"""The Robustness page, by mouse and keys, on a workspace with stored answers."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.ui.robustness_page import RobustnessPage

OTHER = Suite(corruptions=(CorruptionName.FOG,), severities=(2,), images=200)


@pytest.fixture
def cards(measurer: Any) -> list[Any]:
    """A dense card, a better sparse one, and two replicates of a Gaussian one."""
    made = [
        measurer.card("clean", 0.0),
        measurer.card("clean", 0.8),
        measurer.card("gaussian", 0.8, seed=0),
        measurer.card("gaussian", 0.8, seed=1),
    ]
    for card, clean, robust in zip(made, (0.9, 0.95, 0.93, 0.91), (0.5, 0.51, 0.8, 0.7), strict=True):
        measurer.evaluate(card, clean, robust)
    return made


@pytest.fixture
def page(open_page: Any, cards: list[Any]) -> RobustnessPage:
    """The page with four cards."""
    found = open_page(RobustnessPage)
    assert isinstance(found, RobustnessPage)
    return found


def compare_with(page: RobustnessPage, qtbot: QtBot, card: Any) -> None:
    """Choose a baseline in the box, with keys."""
    page.baseline_box.setFocus()
    wanted = page.baseline_box.findData(card.id)
    for _ in range(wanted - page.baseline_box.currentIndex()):
        qtbot.keyClick(page.baseline_box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.view is not None and page.view.grid.compares and not page.bridge.busy and page.settled)


def column_of(page: RobustnessPage, card: Any) -> int:
    """Return the first column of a card's matrix."""
    grid = page.matrix.model_.grid
    assert grid is not None
    return [result.card.id for result in grid.results].index(card.id) * page.matrix.model_.width_of_card


def row_of(page: RobustnessPage, title: str) -> int:
    """Return a row of the matrix."""
    grid = page.matrix.model_.grid
    assert grid is not None
    return [row.title for row in grid.rows].index(title)


def shown(page: RobustnessPage, row: int, column: int) -> Any:
    return page.matrix.model_.index(row, column).data()


def test_an_empty_workspace_says_what_to_do_first(open_page: Any, qtbot: QtBot) -> None:
    page = open_page(RobustnessPage)
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.open_page) as asked:
        qtbot.keyClick(page.empty.focusProxy(), Qt.Key.Key_Space)
    assert asked.args == ["cards"]


def test_every_number_stands_beside_its_suite(page: RobustnessPage) -> None:
    assert "2 corruptions x severities 1,3, not the standard 15" in page.definition.text()
    assert "n = 200" in page.definition.text()
    assert page.suite_box.currentText().endswith("†")
    assert all("n = 200" in panel._sheet().note for panel in page.panels)


def test_the_matrix_shows_each_card_by_family(page: RobustnessPage, cards: list[Any]) -> None:
    grid = page.matrix.model_.grid
    assert grid is not None
    titles = [row.title for row in grid.rows]
    assert titles == ["clean images", "noise", "gaussian noise", "digital", "contrast", "mean of all"]
    at = column_of(page, cards[2])
    assert shown(page, 0, at) == "93.0"
    assert [shown(page, row_of(page, "contrast"), at + k) for k in range(3)] == ["80.0"] * 3
    assert page.matrix.model_.index(0, at).data(Qt.ItemDataRole.AccessibleTextRole).startswith(cards[2].name)


def test_differences_are_marked_where_the_tests_say_so(page: RobustnessPage, qtbot: QtBot, cards: list[Any]) -> None:
    compare_with(page, qtbot, cards[0])
    row = row_of(page, "contrast")
    assert shown(page, row, column_of(page, cards[2])) == "+30.0"
    assert shown(page, row, column_of(page, cards[1])) == "+1.0"
    assert shown(page, row, column_of(page, cards[0])) == "50.0", "the baseline keeps its accuracies"
    model = page.matrix.model_
    better = model.cell(row, column_of(page, cards[2]))
    hardly = model.cell(row, column_of(page, cards[1]))
    assert better is not None
    assert hardly is not None
    assert (better.marked, hardly.marked) == (True, False)
    assert "p < 0.001 (McNemar, Holm)" in better.words
    assert model.low == -model.high, "centred on 0"


def test_arrow_keys_say_the_cell_and_choose_its_card(page: RobustnessPage, qtbot: QtBot, cards: list[Any]) -> None:
    page.matrix.setFocus()
    page.matrix.setCurrentIndex(page.matrix.model_.index(2, 0))
    for _ in range(page.matrix.model_.width_of_card):
        qtbot.keyClick(page.matrix, Qt.Key.Key_Right)
    second = page.matrix.model_.grid.results[1].card  # type: ignore[union-attr]  # there is a grid
    assert page.picker.current() == second.id
    assert page.trade_off.chosen == page.sparsity.chosen == second.id
    assert "gaussian noise, severity 1" in page.cell_words.text()
    assert "Wilson" in page.cell_words.text()


def test_a_click_on_a_point_chooses_its_card_everywhere(page: RobustnessPage, qtbot: QtBot, cards: list[Any]) -> None:
    point = next(point for point in page.trade_off.points if point.key == cards[2].id)
    qtbot.waitExposed(page.window())
    box = page.trade_off.getPlotItem().getViewBox()
    place = page.trade_off.mapFromScene(box.mapViewToScene(QPointF(point.x, point.y)))
    qtbot.mouseClick(page.trade_off.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.picker.current() == cards[2].id
    assert page.matrix.header.selected == cards[2].id
    assert "robust 80.0 %" in page.trade_off.accessibleDescription()


def test_arrow_keys_go_through_the_points(page: RobustnessPage, qtbot: QtBot, cards: list[Any]) -> None:
    page.trade_off.setFocus()
    page.trade_off.choose(None)
    visited = []
    for _ in cards:
        qtbot.keyClick(page.trade_off, Qt.Key.Key_Right)
        visited.append(page.trade_off.chosen)
    assert visited == [cards[0].id, cards[3].id, cards[2].id, cards[1].id], "by rising clean accuracy"
    assert page.picker.current() == cards[1].id


def test_replicates_are_one_point_with_their_spread(page: RobustnessPage) -> None:
    sheet = page.sparsity.sheet()
    rows = {(row[0], row[1]): row for row in sheet.rows}
    gaussian = next(row for key, row in rows.items() if key[0] == "lrr · gaussian")
    assert gaussian[2] == 2
    assert gaussian[3] == pytest.approx(75.0)
    assert gaussian[4] == pytest.approx(100 * 0.1 / 2**0.5)
    assert gaussian[7] == "t interval"
    dense = next(row for key, row in rows.items() if key[0] == "dense · clean")
    assert dense[4:] == (None, None, None, "one run")


def test_a_mean_does_not_change_with_what_is_ticked(page: RobustnessPage, qtbot: QtBot, cards: list[Any]) -> None:
    before = page.sparsity.sheet().rows
    view = page.picker.view
    view.setFocus()
    page.picker.select(cards[3].id)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.view is not None and len(page.view.grid.results) == 3)
    assert cards[3].id not in page.picker.ticked()
    assert page.sparsity.sheet().rows == before


def test_unlike_suites_are_never_mixed(page: RobustnessPage, qtbot: QtBot, cards: list[Any], measurer: Any) -> None:
    measurer.evaluate(cards[0], 0.9, 0.2, OTHER, "t")
    page.refresh()
    qtbot.waitUntil(lambda: page.suite_box.count() == 2 and not page.bridge.busy and page.settled)
    assert len(page.trade_off.points) == 4
    page.suite_box.setFocus()
    qtbot.keyClick(page.suite_box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: len(page.trade_off.points) == 1 and not page.bridge.busy and page.settled)
    assert page.picker.model.rowCount() == 1
    assert "1 corruptions x severities 2" in page.definition.text()


def test_published_figures_are_off_until_ticked_and_say_what_they_are(page: RobustnessPage, qtbot: QtBot) -> None:
    assert page.published.figures() == ()
    page.published.ticks["RobustNets LRR"].trigger()
    page.published.ticks["RobustBench, cards and decks at 95 %"].trigger()
    qtbot.waitUntil(lambda: page.settled)
    assert len(page.trade_off.points) == 4 + 15 + 4
    assert "published, not this suite" in page.definition.text()
    assert "ResNet-18" in page.trade_off.sheet().note
    assert [row[-1] for row in page.trade_off.sheet().rows].count("RobustNets") == 15
    assert all(len(result.evaluation.cells) == 5 for result in page.grid.results)
    page.published.clear()
    qtbot.waitUntil(lambda: page.settled)
    assert len(page.trade_off.points) == 4


def test_published_columns_stand_framed_beside_the_matrix(
    page: RobustnessPage, qtbot: QtBot, cards: list[Any], tmp_path: Path
) -> None:
    model = page.matrix.model_
    before = model.columnCount()
    page.published.ticks["RobustBench by corruption, beside the matrix"].trigger()
    qtbot.waitUntil(lambda: page.settled)
    assert model.columnCount() == before + 2
    assert [shown(page, row_of(page, "contrast"), before + k) for k in range(2)] == ["93.3", "91.3"]
    assert [shown(page, row_of(page, "mean of all"), before + k) for k in range(2)] == ["90.9", "92.8"]
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.headerData(before, Qt.Orientation.Horizontal, role) == "Published, RobustBench: LRR AugMix: mean"
    assert "published, not this suite" in page.definition.text()
    assert "framed: published" in page.panels[2].caption.text()
    page.choose_card(cards[1].id)
    page.matrix.setCurrentIndex(model.index(row_of(page, "contrast"), before))
    assert page.cell_words.text().startswith("Published, RobustBench: LRR AugMix: contrast")
    assert page.picker.current() == cards[1].id, "a published column is no card"
    compare_with(page, qtbot, cards[0])
    assert shown(page, row_of(page, "contrast"), before) == "93.3", "differences to it would be of unlike definitions"
    page.panels[2].export(tmp_path / "matrix.tex")
    assert "Published: RobustBench LRR AugMix" in (tmp_path / "matrix.tex").read_text()
    page.panels[2].export(tmp_path / "matrix.csv")
    assert (tmp_path / "matrix.csv").read_text().count("\npublished,") == 2 * 16


def test_mce_is_shown_once_a_card_is_chosen_that_normalises_it(
    page: RobustnessPage, qtbot: QtBot, cards: list[Any]
) -> None:
    assert not any("mCE" in heading.text for heading in page.summary.model_.sheet.headings)
    page.tabs.setCurrentIndex(1)
    page.normaliser_box.setFocus()
    for _ in range(page.normaliser_box.findData(cards[0].id)):
        qtbot.keyClick(page.normaliser_box, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.grid.normaliser is not None and not page.bridge.busy and page.settled)
    sheet = page.summary.model_.sheet
    assert "mCE" in sheet.headings[-1].text
    by_card = dict(zip([result.card.id for result in page.grid.results], [row[-1] for row in sheet.rows], strict=True))
    assert by_card[cards[0].id] == pytest.approx(100)
    assert by_card[cards[2].id] == pytest.approx(40)
    assert cards[0].name in sheet.headings[-1].text
    assert "errors summed over severities" in page.panels[3].caption.text()


def test_finding_narrows_the_list_and_keeps_ticks(page: RobustnessPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.picker.search, "gaussian 80")
    assert page.picker.model.rowCount() == 2
    assert len(page.picker.ticked()) == 4


def test_ticks_stop_at_the_limit_with_a_word(measurer: Any, open_page: Any, qtbot: QtBot) -> None:
    for seed in range(9):
        measurer.evaluate(measurer.card(seed=seed), 0.9, 0.5 + 0.01 * seed)
    page = open_page(RobustnessPage)
    assert len(page.picker.ticked()) == 8
    page.picker.view.setFocus()
    page.picker.view.setCurrentIndex(page.picker.model.index(8))
    qtbot.keyClick(page.picker.view, Qt.Key.Key_Space)
    assert len(page.picker.ticked()) == 8
    assert "untick one first" in page.picker.count.text()


def test_no_tick_leaves_a_word_and_no_crash(page: RobustnessPage, qtbot: QtBot) -> None:
    page.picker.model.clear_ticks()
    qtbot.waitUntil(lambda: page.view is not None and not page.view.grid.results)
    assert "Tick cards" in page.panels[2].caption.text()
    assert page.matrix.model_.columnCount() == 0


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".tex"])
def test_each_panel_exports(page: RobustnessPage, qtbot: QtBot, tmp_path: Path, cards: list[Any], suffix: str) -> None:
    compare_with(page, qtbot, cards[0])
    for number, panel in enumerate(page.panels):
        path = tmp_path / f"{number}{suffix}"
        panel.export(path)
        content = path.read_bytes()
        if suffix == ".png":
            image = QImage(str(path))
            assert image.size() == 2 * panel.picture().size
        else:
            assert b"n = 200" in content
    if suffix == ".tex":
        matrix = (tmp_path / "2.tex").read_text()
        assert r"\textbf{+30.0}" in matrix
        assert r"\multicolumn{3}{c}{" in matrix
    if suffix == ".csv":
        lines = (tmp_path / "2.csv").read_text().splitlines()
        assert len([line for line in lines if not line.startswith("#")]) == 1 + 4 * 5


def test_an_export_of_another_kind_is_refused_in_one_line(page: RobustnessPage, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.bridge.failed) as told:
        page.panels[0].export(tmp_path / "plot.docx")
    assert told.args[0] == "plot.docx: end the name in .png, .svg, .csv, .tex"
    assert not list(tmp_path.glob("plot*"))


def test_actions_work_on_the_panel_with_the_focus(page: RobustnessPage, qtbot: QtBot) -> None:
    page.sparsity.setFocus()
    page.actions_.action("robustness.table").trigger()
    assert page.panels[1].reads_as_table
    assert page.panels[1].table.isVisible()
    page.actions_.action("robustness.copy_table").trigger()
    assert "Robust (%), mean" in QGuiApplication.clipboard().text()
    page.actions_.action("robustness.copy").trigger()
    assert not QGuiApplication.clipboard().image().isNull()
    page.actions_.action("robustness.table").trigger()
    assert not page.panels[1].reads_as_table


def test_what_did_not_change_is_not_worked_out_again(page: RobustnessPage, qtbot: QtBot) -> None:
    before = page.view
    page.refresh()
    qtbot.waitUntil(lambda: not page.bridge.busy and page.settled)
    qtbot.wait(50)
    assert page.view is before


def test_a_new_evaluation_appears(page: RobustnessPage, qtbot: QtBot, measurer: Any) -> None:
    card = measurer.card("clean", 0.9)
    measurer.evaluate(card, 0.97, 0.6)
    page.refresh()
    qtbot.waitUntil(lambda: card.id in page.picker.ticked() and not page.bridge.busy and page.settled)
    qtbot.waitUntil(lambda: card.id in [point.key for point in page.trade_off.points])


def test_everything_has_a_name(page: RobustnessPage) -> None:
    for widget in (page, page.picker.search, page.picker.view, page.suite_box, page.baseline_box, page.published):
        assert widget.accessibleName()
    for panel in page.panels:
        assert panel.accessibleName()
        assert panel.plot.accessibleName()
        assert panel.menu_button.accessibleName()


def test_the_theme_changes_while_it_is_open(page: RobustnessPage, qtbot: QtBot, qapp: Any) -> None:
    before = page.grab().toImage().pixelColor(5, 5)
    page.theme.apply(qapp, "dark")
    assert page.grab().toImage().pixelColor(5, 5).lightness() < before.lightness()
