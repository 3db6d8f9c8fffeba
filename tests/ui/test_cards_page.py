"""The Cards page on a real workspace: found, sorted, paged, described, measured, dealt; edits undone."""

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QInputDialog, QLineEdit, QMainWindow, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from card_studio.domain.card import Card
from card_studio.domain.job import EvaluateCards, MapCards
from card_studio.studio.replicates import group_cards
from card_studio.ui import cards_model
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_details import map_picture
from card_studio.ui.cards_filter import saved_views
from card_studio.ui.cards_page import CardsPage
from card_studio.ui.theme import SEQUENTIAL, Theme


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
def hand(filler: Any) -> list[Card]:
    """Two augmentations at two sparsities, two seeds of one of them."""
    return [
        filler.card("clean", 0.0),
        filler.card("clean", 0.8),
        filler.card("gaussian", 0.8, seed=0),
        filler.card("gaussian", 0.8, seed=1),
    ]


def names(page: CardsPage) -> list[str]:
    """What the first column says."""
    return [page.model.index(row, 0).data() for row in range(page.model.rowCount())]


def column(page: CardsPage, key: str) -> int:
    """A column's place."""
    return [each.key for each in page.model.columns].index(key)


def answer(page: CardsPage, text: str, qtbot: QtBot) -> None:
    """Type into the question that is open, and confirm it."""
    box = page.findChild(QInputDialog)
    assert box is not None
    box.setTextValue(text)
    button = box.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.findChild(QInputDialog) is None)
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)


def test_without_cards_it_offers_the_tour(page: CardsPage, workspace: Any, qtbot: QtBot) -> None:
    assert page.empty.isVisible()
    offer = next(b for b in page.empty.findChildren(QPushButton) if "tour" in b.text())
    with qtbot.waitSignal(page.open_page) as caught:
        qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert caught.args == ["queue"]
    qtbot.waitUntil(lambda: len(workspace.jobs()) == 2)


def test_a_finished_card_appears_by_itself(page: CardsPage, filler: Any, qtbot: QtBot) -> None:
    card = filler.card()
    qtbot.waitUntil(lambda: names(page) == [card.name], timeout=3000)
    assert not page.empty.isVisible()


def test_words_and_choices_narrow_the_table(hand: list[Card], page: CardsPage, qtbot: QtBot) -> None:
    assert len(names(page)) == 4
    qtbot.keyClick(page.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    page.actions_.refresh()
    page.actions_.action("cards.find").trigger()
    focused = QApplication.focusWidget()
    assert focused is page.filter.words
    qtbot.keyClicks(focused, "gaussian")
    qtbot.waitUntil(lambda: len(names(page)) == 2)
    page.filter.clear()
    qtbot.waitUntil(lambda: len(names(page)) == 4)
    page.filter.methods.ticks["dense"].trigger()
    qtbot.waitUntil(lambda: names(page) == [hand[0].name])
    qtbot.keyClicks(page.filter.words, "nothing like it")
    qtbot.waitUntil(lambda: page._tables.currentIndex() == 2)
    assert not page.empty.isVisible()


def test_the_database_sorts(hand: list[Card], page: CardsPage, qtbot: QtBot) -> None:
    page.table.sortByColumn(column(page, "sparsity"), Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: names(page)[0] == hand[0].name)
    page.table.sortByColumn(column(page, "sparsity"), Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: names(page)[-1] == hand[0].name)


def test_pages_are_fetched_as_one_scrolls(
    filler: Any, page: CardsPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards_model, "PAGE", 3)
    for seed in range(8):
        filler.card(seed=seed)
    page.model.set_query(page.model.query)
    qtbot.waitUntil(lambda: page.model.total == 8 and page.model.rowCount() >= 3)

    def all_are_there() -> bool:
        page.model.fetchMore(QModelIndex())
        return page.model.rowCount() == 8

    qtbot.waitUntil(all_are_there)
    assert not page.model.canFetchMore(QModelIndex())
    assert len({card.id for card in page.model.records}) == 8


def test_tags_are_set_undone_and_redone(hand: list[Card], page: CardsPage, workspace: Any, qtbot: QtBot) -> None:
    page.show_card(hand[1].id)
    page.actions_.refresh()
    page.actions_.action("cards.tags").trigger()
    answer(page, "good, for the paper", qtbot)
    qtbot.waitUntil(lambda: set(workspace.card(hand[1].id).tags) == {"good", "for the paper"})
    page.actions_.action("cards.undo").trigger()
    qtbot.waitUntil(lambda: workspace.card(hand[1].id).tags == ())
    page.actions_.action("cards.redo").trigger()
    qtbot.waitUntil(lambda: set(workspace.card(hand[1].id).tags) == {"good", "for the paper"})
    qtbot.waitUntil(lambda: "good" in page.model.index(page.model.row_of(hand[1].id), column(page, "tags")).data())


def test_a_card_is_renamed_and_noted(hand: list[Card], page: CardsPage, workspace: Any, qtbot: QtBot) -> None:
    page.show_card(hand[0].id)
    page.actions_.refresh()
    page.actions_.action("cards.rename").trigger()
    answer(page, "The dense one", qtbot)
    qtbot.waitUntil(lambda: page.details._title.text() == "The dense one")
    page.actions_.action("cards.notes").trigger()
    answer(page, "Level 0 of the tour", qtbot)
    qtbot.waitUntil(lambda: page.details._notes.text() == "Level 0 of the tour")
    assert workspace.card(hand[0].id).name == "The dense one"


def test_numbers_carry_their_definition(filler: Any, page: CardsPage, qtbot: QtBot) -> None:
    card = filler.card()
    filler.evaluate(card, clean=0.93, robust=0.6)
    filler.map(card)
    page.refresh()
    robust = column(page, "robust")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1 and page.model.index(0, robust).data() == "† 60.0")
    assert "not the standard 15" in page.model.index(0, robust).data(Qt.ItemDataRole.ToolTipRole)
    assert page._note.isVisible()
    qtbot.waitUntil(lambda: "mean error" in page.details._map_line.text())
    assert not page.details._picture.pixmap().isNull()


def test_file_size_and_reference_size_are_both_shown(filler: Any, page: CardsPage, qtbot: QtBot) -> None:
    card = filler.card()
    qtbot.waitUntil(lambda: page.details._title.text() == card.name)
    shown = {name.text(): (figure.text(), meaning.text()) for name, figure, meaning in page.details._lines}
    kept = round(78_042 * 0.2)
    figure, meaning = shown["File size"]
    assert figure == f"{(4 * kept + 12_000) / 1000:.1f} kB"
    assert f"{(4 * kept + 9_000) / 1000:.1f} kB" in meaning
    assert f"+{100 * ((4 * kept + 12_000) / (4 * kept + 9_000) - 1):.1f} %" in meaning


def test_cards_are_measured_with_chosen_options(
    hand: list[Card], page: CardsPage, workspace: Any, qtbot: QtBot
) -> None:
    page.table.selectAll()
    page.actions_.refresh()
    dialog = page.ask_evaluation()
    images = dialog.form.field("images").focus
    assert isinstance(images, QLineEdit)
    images.setText("-1")
    assert not dialog.accept_button.isEnabled()
    images.setText("200")
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(isinstance(job.spec, EvaluateCards) for job in workspace.jobs()))
    spec = next(job.spec for job in workspace.jobs() if isinstance(job.spec, EvaluateCards))
    assert set(spec.cards) == {card.id for card in hand}
    assert spec.suite.images == 200
    qtbot.mouseClick(page.ask_map().accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(isinstance(job.spec, MapCards) for job in workspace.jobs()))


def test_a_deck_is_dealt_from_the_selection(hand: list[Card], page: CardsPage, workspace: Any, qtbot: QtBot) -> None:
    page.table.selectAll()
    page.actions_.refresh()
    page.actions_.action("cards.deal").trigger()
    with qtbot.waitSignal(page.show_deck) as caught:
        answer(page, "All of them", qtbot)
    assert caught.args == ["All of them"]
    assert set(workspace.deck("All of them").cards) == {card.id for card in hand}


def test_views_are_saved_and_shown_again(hand: list[Card], page: CardsPage, qtbot: QtBot) -> None:
    page.filter.augmentations.ticks["gaussian"].trigger()
    qtbot.waitUntil(lambda: len(names(page)) == 2)
    page.filter.save_view("Noise")
    page.filter.clear()
    qtbot.waitUntil(lambda: len(names(page)) == 4)
    page.filter.show_view(saved_views()["Noise"])
    qtbot.waitUntil(lambda: len(names(page)) == 2)


def test_columns_are_chosen_and_remembered(
    page: CardsPage, bridge: Bridge, theme: Theme, actions: ActionRegistry, window: QMainWindow
) -> None:
    seed = column(page, "seed")
    assert page.table.isColumnHidden(seed)
    next(action for action in page.columns.menu().actions() if action.text() == "Seed").trigger()
    assert not page.table.isColumnHidden(seed)
    other = CardsPage(bridge, theme, ActionRegistry(window, theme), window)
    assert not other.table.isColumnHidden(seed)


def test_seeds_are_grouped_with_mean_and_spread(hand: list[Card], filler: Any, page: CardsPage, qtbot: QtBot) -> None:
    filler.evaluate(hand[2], clean=0.90)
    filler.evaluate(hand[3], clean=0.94)
    qtbot.mouseClick(page.grouped, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.groups.rowCount() == 3)
    clean = [page.groups.index(row, 3).data() for row in range(3)]
    assert "92.0 ± 2.8" in clean  # the sample's deviation of 90 and 94
    page.group_table.selectRow(clean.index("92.0 ± 2.8"))
    assert {card.id for card in page.selected()} == {hand[2].id, hand[3].id}


def test_unlike_suites_never_meet_in_one_mean(hand: list[Card], filler: Any, workspace: Any) -> None:
    filler.evaluate(hand[2], clean=0.90)
    groups = group_cards(workspace.cards())
    assert sorted(len(group.cards) for group in groups) == [1, 1, 1, 1]


def test_a_card_is_shown_by_its_id_whatever_the_filter(hand: list[Card], page: CardsPage, qtbot: QtBot) -> None:
    page.filter.methods.ticks["dense"].trigger()
    qtbot.waitUntil(lambda: len(names(page)) == 1)
    page.show_card(hand[3].id)
    qtbot.waitUntil(lambda: [card.id for card in page.selected()] == [hand[3].id])


def test_the_model_keeps_qts_promises(hand: list[Card], page: CardsPage, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page.model)


def test_a_map_keeps_its_values_in_the_picture(qapp: QApplication) -> None:
    errors = np.zeros((3, 3), np.float32)
    errors[0, 2], errors[2, 0] = 1.0, 0.5
    picture = map_picture(errors)
    corner = picture.pixelColor(2, 0)
    assert (corner.red(), corner.green(), corner.blue()) == tuple(map(int, SEQUENTIAL[255]))
    assert picture.pixelColor(0, 0).getRgb()[:3] == tuple(map(int, SEQUENTIAL[0]))
    assert picture.pixelColor(0, 2).getRgb()[:3] == tuple(map(int, SEQUENTIAL[128]))
