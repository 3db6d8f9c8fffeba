"""Someone looks for a card among thousands: search, order, sizes, pages; and what an empty hand says."""

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from card_studio.ui.card_paint import CardSize, card_extent
from card_studio.ui.deck_hand_model import FACE_ROLE, PAGE


def test_an_empty_hand_says_what_to_do(dealt, play):
    played = play()
    hand = played.page.hand
    assert "no cards yet" in hand.view.empty_text
    assert not hand._make.isHidden()
    opened = []
    played.page.open_page.connect(opened.append)
    hand._make.click()
    assert opened == ["queue"]
    assert played.page.pane.table.empty_text.startswith("Make your first deck")
    assert "no deck" in played.page.pane.score._lacking.text()


def test_a_search_leaves_the_cards_that_match(full, play):
    played = play()
    hand = played.page.hand
    hand.search.setText("gaussian lrr")
    played.qtbot.waitUntil(lambda: hand.model.rowCount() == 1)
    played.settle()
    assert hand.model.face(0).id == full.cards[2]
    assert hand._count.text() == "1 card found"
    hand.search.setText("no such thing")
    played.qtbot.waitUntil(lambda: hand.model.rowCount() == 0)
    assert "No card matches" in hand.view.empty_text


def test_the_order_is_the_one_asked_for(full, play):
    played = play()
    hand = played.page.hand
    hand.order.setCurrentText("Robust")
    hand.order.activated.emit(hand.order.currentIndex())
    played.settle()
    robust = [hand.model.face(row).robust for row in range(6)]
    assert robust == sorted(robust, reverse=True)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_cards_come_in_three_sizes(full, play, index):
    played = play()
    hand = played.page.hand
    hand.card_size.setCurrentIndex(index)
    hand.card_size.activated.emit(index)
    played.qtbot.wait(50)
    size = list(CardSize)[index]
    shown = hand.view.visualRect(hand.model.index(0)).size()
    assert shown.width() >= card_extent(size).width()
    assert shown.height() >= card_extent(size).height()


def test_pages_are_fetched_as_they_come_into_view(dealt, play):
    for number in range(6, 6 + 2 * PAGE + 10):
        dealt.add_card(number, file=False)
    played = play()
    model = played.page.hand.model
    assert model.rowCount() == 2 * PAGE + 10
    last = model.rowCount() - 1
    assert last // PAGE not in model._pages
    played.page.hand.view.scrollToBottom()
    played.page.hand.view.grab()
    played.qtbot.waitUntil(lambda: model.index(last).data(FACE_ROLE) is not None)
    assert model.index(last).data(FACE_ROLE).id == dealt.cards[0]  # the newest first


def test_a_new_card_appears_without_losing_the_place(full, play):
    played = play()
    model = played.page.hand.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    resets = []
    model.modelReset.connect(lambda: resets.append(1))
    full.add_card(9, file=False, name="brand new")
    played.qtbot.waitUntil(lambda: model.rowCount() == 7, timeout=10_000)
    played.qtbot.waitUntil(lambda: model.face(0) is not None and model.face(0).name == "brand new")
    assert not resets
    assert full.cards[0] in [model.face(row).id for row in range(7)]


def test_cards_on_the_table_are_shown_paler(full, play):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    assert played.page.hand.view.delegate.on_table == frozenset(full.cards[:2])
    played.page.pane.document.take_out([0], title="a card")
    assert played.page.hand.view.delegate.on_table == frozenset(full.cards[1:2])
