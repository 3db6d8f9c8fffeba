"""Someone builds a deck by dragging: from the hand to the table, to another place, back off the table."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDragLeaveEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from card_studio.ui import deck_mime
from card_studio.ui.deck_mime import carried_cards


def test_the_first_drop_makes_a_deck(full, play, drop):
    played = play()
    assert played.page.pane.document is None
    assert drop(played.page.pane.table.viewport(), played.mime_of_hand(played.row_of(2)), QPoint(100, 100))
    played.settle()
    assert played.deck().cards == (full.cards[2],)
    assert played.stored().cards == (full.cards[2],)


def test_a_card_goes_where_the_mark_is(full, play, drag_over, drop):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    table = played.page.pane.table
    mime = played.mime_of_hand(played.row_of(4))
    assert drag_over(table.viewport(), mime, played.gap(1))
    assert table.gap == 1
    assert drop(table.viewport(), mime, played.gap(1))
    assert table.gap is None
    assert played.deck().cards == (full.cards[0], full.cards[4], full.cards[1])
    assert "Add 80 augmix" in played.page.status.text()
    played.settle()
    assert played.stored().cards == played.deck().cards


def test_cards_are_put_in_another_order(full, play, drop):
    full.workspace.deal("mine", full.cards[:4])
    played = play()
    table = played.page.pane.table
    table.setFocus()
    table.set_current(0)
    mime = _mime_of_table(played, 0)
    assert drop(table.viewport(), mime, played.gap(3))
    assert played.deck().cards == tuple(full.cards[index] for index in (1, 2, 0, 3))
    assert table.current == 2


def test_a_card_dragged_away_is_taken_out(full, play, drop):
    full.workspace.deal("mine", full.cards[:3])
    played = play()
    hand = played.page.hand.view
    assert drop(hand.viewport(), _mime_of_table(played, 1), QPoint(50, 50))
    assert played.deck().cards == (full.cards[0], full.cards[2])
    assert drop(played.page, _mime_of_table(played, 0), QPoint(5, 5))
    assert played.deck().cards == (full.cards[2],)


def test_a_card_of_the_hand_dropped_elsewhere_does_nothing(full, play, drag_over):
    played = play()
    mime = played.mime_of_hand(0)
    assert not drag_over(played.page.hand.view.viewport(), mime, QPoint(50, 50))
    assert not drag_over(played.page, mime, QPoint(5, 5))


def test_escape_or_leaving_forgets_the_drag(full, play, drag_over):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    table = played.page.pane.table
    drag_over(table.viewport(), played.mime_of_hand(played.row_of(5)), played.gap(1))
    QApplication.sendEvent(table.viewport(), QDragLeaveEvent())
    assert table.gap is None
    assert played.deck().cards == tuple(full.cards[:2])


def test_a_card_of_another_dataset_is_refused_with_the_reason(full, play, drag_over):
    stranger = full.add_card(20, digest="e" * 64, name="stranger", file=False)
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    table = played.page.pane.table
    mime = played.mime_of_hand(played.page.hand.model.row_of(stranger))
    assert not drag_over(table.viewport(), mime, played.gap(1))
    assert "stranger was trained on photos" in table.notice
    played.page.add_cards([stranger])
    assert played.deck().cards == tuple(full.cards[:2])
    assert any("one dataset" in text for text in played.said)


def test_the_table_scrolls_while_a_drag_is_near_its_edge(full, play, drag_over):
    for number in range(6, 40):
        full.add_card(number, file=False)
    full.workspace.deal("long", full.cards)
    played = play()
    table = played.page.pane.table
    bar = table.verticalScrollBar()
    assert bar.maximum() > 0
    bottom = QPoint(100, table.viewport().height() - 5)
    drag_over(table.viewport(), played.mime_of_hand(0), bottom)
    played.qtbot.waitUntil(lambda: bar.value() > 50)
    QApplication.sendEvent(table.viewport(), QDragLeaveEvent())


def test_moving_the_mouse_starts_the_drag(full, play, monkeypatch):
    full.workspace.deal("mine", full.cards[:3])
    played = play()
    carried = []
    monkeypatch.setattr(deck_mime, "carry", lambda _source, mime, _picture, _spot: carried.append(carried_cards(mime)))
    table = played.page.pane.table
    start = table.mapFromScene(table.flow().place(1) + QPointF(40, 40))
    for kind, point in (
        (QEvent.Type.MouseButtonPress, start),
        (QEvent.Type.MouseMove, start + QPoint(2, 0)),
        (QEvent.Type.MouseMove, start + QPoint(30, 10)),
    ):
        _mouse(table.viewport(), kind, point)
    (only,) = carried
    assert only.cards == (full.cards[1],)
    assert only.indices == (1,)


def test_several_cards_are_carried_together(full, play, drop):
    full.workspace.deal("mine", full.cards[:1])
    played = play()
    rows = [played.row_of(number) for number in (2, 3, 4)]
    assert drop(played.page.pane.table.viewport(), played.mime_of_hand(*rows), played.gap(0))
    assert set(played.deck().cards[:3]) == set(full.cards[2:5])
    assert played.deck().cards[3] == full.cards[0]
    assert "3 cards" in played.page.status.text()


@pytest.mark.parametrize("data", [b"", b"[]", b'{"cards": 3}', b'{"cards": ["a"], "deck": "x", "indices": []}'])
def test_a_foreign_drag_under_our_name_is_ignored(full, play, drag_over, data):
    from PySide6.QtCore import QByteArray, QMimeData

    played = play()
    mime = QMimeData()
    mime.setData(deck_mime.CARDS_MIME, QByteArray(data))
    assert not drag_over(played.page.pane.table.viewport(), mime, QPoint(50, 50))


def _mime_of_table(played, index):
    deck = played.deck()
    return deck_mime.cards_mime(deck_mime.Carried(cards=(deck.cards[index],), deck=int(deck.id), indices=(index,)))


def _mouse(widget, kind, point):
    button = Qt.MouseButton.LeftButton
    pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    at = QPointF(point)
    event = QMouseEvent(kind, at, widget.mapToGlobal(at), pressed, button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)
