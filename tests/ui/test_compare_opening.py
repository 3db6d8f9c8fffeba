"""From the Cards page to the comparison and back: by keys, for two to six cards."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from card_studio.ui.bridge import Bridge
from card_studio.ui.main_window import MainWindow
from card_studio.ui.theme import Theme


@pytest.fixture
def studio(bridge: Bridge, theme: Theme, qtbot: QtBot, filler: Any) -> Iterator[MainWindow]:
    """The whole window on three cards, on the Cards page."""
    for seed in range(3):
        filler.card(seed=seed)
    made = MainWindow(bridge, theme)
    qtbot.addWidget(made)
    page = made.open_page("cards")
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3 and not bridge.busy)
    yield made
    made.close()


def test_selected_cards_are_compared_and_back_leads_to_them(studio: MainWindow, qtbot: QtBot) -> None:
    cards = studio.pages["cards"]
    action = studio.actions_.action("cards.compare")
    assert not action.isEnabled(), "one card is not compared"
    cards.table.setFocus()
    qtbot.keyClick(cards.table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert action.isEnabled()
    qtbot.keyClick(studio, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert studio.page_key == "compare"
    page = studio.pages["compare"]
    qtbot.waitUntil(lambda: page.is_loaded and page.compared is not None)
    assert [card.id for card in page.compared.sides.cards] == [card.id for card in cards.selected()]
    qtbot.keyClick(studio, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert studio.page_key == "cards"


def test_the_next_start_shows_the_cards_not_an_empty_comparison(studio: MainWindow, qtbot: QtBot) -> None:
    studio.show_comparison([card.id for card in studio.bridge.workspace.cards()])
    qtbot.waitUntil(lambda: studio.pages["compare"].is_loaded)
    studio.close()
    assert QSettings().value("window/page") == "cards"
