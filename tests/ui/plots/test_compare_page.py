"""The Compare page, by mouse and keys, on a workspace with stored answers, maps and cached images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from card_studio.domain.gate import cell_name
from card_studio.domain.job import EvaluateCards, MapCards, Suite
from card_studio.domain.names import CorruptionName
from card_studio.files import array_bytes, write_atomically
from card_studio.ui.compare_page import ComparePage
from card_studio.ui.robustness_page import RobustnessPage
from tests.ui.plots.conftest import IMAGES, SMALL

OTHER = Suite(corruptions=(CorruptionName.FOG,), severities=(2,), images=IMAGES)
OVERVIEW, MATRICES, MAPS, PICTURES = range(4)


@pytest.fixture
def cards(measurer: Any) -> list[Any]:
    """A dense card, a better sparse one, and a Gaussian one that is right on more corrupted images."""
    made = [measurer.card("clean", 0.0), measurer.card("clean", 0.8), measurer.card("gaussian", 0.8)]
    for card, clean, robust in zip(made, (0.9, 0.95, 0.93), (0.5, 0.51, 0.8), strict=True):
        measurer.evaluate(card, clean, robust)
        measurer.map(card, robust)
    return made


@pytest.fixture
def pictures(bridge: Any, cards: list[Any]) -> np.ndarray:
    """The suite's images in the cache: image k is grey of brightness k."""
    images = np.zeros((IMAGES, 3, 8, 8), np.uint8) + np.arange(IMAGES, dtype=np.uint8)[:, None, None, None]
    places = [(None, 0), *((name, at) for name in SMALL.corruptions for at in SMALL.severities)]
    for name, severity in places:
        name_of_cell = cell_name(SMALL, cards[0].data_digest, name, severity)
        write_atomically(bridge.workspace.path / "cache" / "suites" / name_of_cell, array_bytes(images))
    return images


@pytest.fixture
def page(open_page: Any) -> ComparePage:
    """The page, with nothing to compare yet."""
    found = open_page(ComparePage)
    assert isinstance(found, ComparePage)
    return found


def compare(page: ComparePage, qtbot: QtBot, cards: list[Any]) -> None:
    page.compare([card.id for card in cards])
    settle(page, qtbot)


def settle(page: ComparePage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.is_loaded and not page.bridge.busy)


def choose(page: ComparePage, qtbot: QtBot, box: Any, data: object) -> None:
    """Choose in a box, with keys."""
    box.setFocus()
    steps = box.findData(data) - box.currentIndex()
    for _ in range(abs(steps)):
        qtbot.keyClick(box, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    settle(page, qtbot)


def said(view: Any) -> dict[str, list[str]]:
    """Return a table's rows by their first cell."""
    model = view.model_
    texts = [[model.index(row, at).data() for at in range(model.columnCount())] for row in range(model.rowCount())]
    return {text[0]: text[1:] for text in texts}


def test_without_cards_it_says_what_to_do(page: ComparePage, qtbot: QtBot) -> None:
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.open_page) as asked:
        qtbot.keyClick(page.empty.focusProxy(), Qt.Key.Key_Space)
    assert asked.args == ["cards"]


def test_headline_and_recipes_stand_in_a_column_for_each_card(
    page: ComparePage, qtbot: QtBot, cards: list[Any]
) -> None:
    compare(page, qtbot, cards)
    numbers = said(page.overview.numbers)
    assert [text.split(" ")[0] for text in numbers["Clean (%)"]] == ["90.0", "95.0", "93.0"]
    assert numbers["Δ robust (points)"][0] == "baseline"
    assert numbers["Δ robust (points)"][2].startswith("+30.0 [+")
    assert numbers["Δ robust (points)"][2].endswith("*")
    recipes = said(page.overview.recipes)
    assert recipes["augmentation.name"] == ["clean", "clean", "gaussian"]
    assert "network.name" not in recipes
    qtbot.keyClick(page.overview.equal, Qt.Key.Key_Space)
    assert said(page.overview.recipes)["network.name"] == ["resnet8"] * 3


def test_another_baseline_is_chosen_for_all_views(page: ComparePage, qtbot: QtBot, cards: list[Any]) -> None:
    compare(page, qtbot, cards)
    choose(page, qtbot, page.baseline_box, cards[2].id)
    assert said(page.overview.numbers)["Δ robust (points)"][2] == "baseline"
    grid = page.matrices.matrix.model_.grid
    assert grid is not None
    assert grid.compares
    assert "error less that of" in page.maps.scale.accessibleName()
    choose(page, qtbot, page.baseline_box, "")
    assert "Δ robust (points)" not in said(page.overview.numbers)
    assert "error rate (%)" in page.maps.scale.accessibleName()


def test_images_come_in_order_with_every_cards_answer(
    page: ComparePage, qtbot: QtBot, cards: list[Any], pictures: np.ndarray
) -> None:
    compare(page, qtbot, cards)
    page.tabs.setCurrentIndex(PICTURES)
    settle(page, qtbot)
    choose(page, qtbot, page.images.where_box, "contrast")
    choose(page, qtbot, page.images.severity_box, 3)
    model = page.images.list.model_
    shown = [item.seen.found.image for item in model.items]
    assert sorted(shown) == list(range(100, 148)), "the first 48 of the 60 that only some get right"
    first = model.items[0]
    assert first.image is not None
    assert first.image.pixelColor(3, 3).red() == first.seen.found.image == pictures[100, 0, 0, 0]
    words = model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "contrast 3" in words
    assert "gaussian LRR 80 %: class 0 100 %, right" in words
    assert "60 of 200 images are answered unlike" in page.images.panel.caption.text()
    page.images.list.setFocus()
    page.images.list.scrollToBottom()
    qtbot.waitUntil(lambda: model.rowCount() == 60)


def test_filters_ask_who_is_right_and_who_is_wrong(
    page: ComparePage, qtbot: QtBot, cards: list[Any], pictures: np.ndarray
) -> None:
    compare(page, qtbot, cards)
    page.tabs.setCurrentIndex(PICTURES)
    settle(page, qtbot)
    choose(page, qtbot, page.images.where_box, "contrast")
    choose(page, qtbot, page.images.right_box, cards[1].id)
    choose(page, qtbot, page.images.wrong_box, cards[0].id)
    assert [item.seen.found.image for item in page.images.list.model_.items] == [100, 101]
    choose(page, qtbot, page.images.wrong_box, cards[2].id)
    assert page.images.list.model_.rowCount() == 0
    assert "No image is answered unlike here" in page.images.panel.caption.text()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".tex"])
def test_images_and_numbers_can_be_exported(
    page: ComparePage, qtbot: QtBot, cards: list[Any], pictures: np.ndarray, tmp_path: Path, suffix: str
) -> None:
    compare(page, qtbot, cards)
    page.tabs.setCurrentIndex(PICTURES)
    settle(page, qtbot)
    path = tmp_path / f"images{suffix}"
    page.images.panel.export(path)
    if suffix == ".png":
        assert QImage(str(path)).width() > 1000
    else:
        assert "gaussian" in path.read_text(encoding="utf-8")
    page.overview.panels[0].export(tmp_path / f"numbers{suffix}")
    assert (tmp_path / f"numbers{suffix}").stat().st_size > 500


def test_a_card_that_lacks_the_suite_is_flagged_and_one_click_queues_it(
    page: ComparePage, qtbot: QtBot, cards: list[Any], measurer: Any
) -> None:
    lacking = measurer.card("augmix", 0.8)
    measurer.evaluate(lacking, 0.9, 0.6, OTHER, "o")
    compare(page, qtbot, [*cards, lacking])
    assert "left out of its numbers" in page.notice.words.text()
    assert lacking.name in page.notice.words.text()
    assert said(page.overview.numbers)["Robust (%)"][3] == "–"
    qtbot.keyClick(page.notice.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "evaluates" in page.notice.words.text())
    assert not page.notice.button.isVisible()
    spec = page.bridge.workspace.jobs()[0].spec
    assert isinstance(spec, EvaluateCards)
    assert (spec.cards, spec.suite) == ((lacking.id,), SMALL)
    page.tabs.setCurrentIndex(MAPS)
    assert "No map measured like these" in page.maps.notice.words.text()
    qtbot.keyClick(page.maps.notice.button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "maps: 0 %" in page.maps.notice.words.text())
    assert any(
        isinstance(job.spec, MapCards) and job.spec.cards == (lacking.id,) for job in page.bridge.workspace.jobs()
    )


def test_nothing_measured_yet_is_queued_with_one_click(page: ComparePage, qtbot: QtBot, measurer: Any) -> None:
    made = [measurer.card("clean", 0.8), measurer.card("gaussian", 0.8)]
    compare(page, qtbot, made)
    assert "None of these cards was evaluated" in page.notice.words.text()
    page.tabs.setCurrentIndex(PICTURES)
    assert page.images.empty.isVisible()
    page.tabs.setCurrentIndex(MATRICES)
    assert page.matrices.empty.isVisible()
    qtbot.keyClick(page.matrices.empty.focusProxy(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "evaluates them" in page.notice.words.text())
    page.tabs.setCurrentIndex(MAPS)
    qtbot.keyClick(page.maps.map_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.bridge.workspace.jobs()) >= 4 and not page.maps.map_button.isEnabled())


def test_maps_share_a_scale_and_a_cursor(page: ComparePage, qtbot: QtBot, cards: list[Any]) -> None:
    compare(page, qtbot, cards)
    page.tabs.setCurrentIndex(MAPS)
    page.maps.wall.setFocus()
    qtbot.keyClick(page.maps.wall, Qt.Key.Key_Home)
    assert "error:" in page.maps.words.text()
    assert f"{cards[2].name}: 80.0 %" in page.maps.words.text()


def test_the_ticked_cards_of_a_page_of_results_are_compared(open_page: Any, qtbot: QtBot, cards: list[Any]) -> None:
    page = open_page(RobustnessPage)
    qtbot.waitUntil(lambda: page.settled)
    page.actions_.refresh()
    with qtbot.waitSignal(page.compare_cards) as asked:
        page.actions_.action("robustness.compare").trigger()
    assert asked.args == [page.picker.ticked()]
    page.picker.model.clear_ticks()
    assert not page.actions_.action("robustness.compare").isEnabled()


def test_back_leads_where_one_came_from(page: ComparePage, qtbot: QtBot, cards: list[Any]) -> None:
    page.compare([card.id for card in cards], "robustness")
    settle(page, qtbot)
    with qtbot.waitSignal(page.open_page) as asked:
        page.actions_.action("compare.back").trigger()
    assert asked.args == ["robustness"]
