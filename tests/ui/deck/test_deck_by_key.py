"""Someone builds a deck without a mouse: every drag has a key, and every edit is said."""

from PySide6.QtCore import Qt


def _on(played, widget, key, modifiers=Qt.KeyboardModifier.NoModifier):
    played.qtbot.keyClick(widget, key, modifiers)


def test_enter_and_insert_put_the_focused_card_on_the_table(full, play):
    full.workspace.deal("mine", [])
    played = play()
    hand = played.page.hand.view
    hand.setFocus()
    hand.setCurrentIndex(played.page.hand.model.index(played.row_of(1)))
    _on(played, hand, Qt.Key.Key_Return)
    assert played.deck().cards == (full.cards[1],)
    assert played.page.status.text() == "Add 80 clean"
    hand.setCurrentIndex(played.page.hand.model.index(played.row_of(3)))
    _on(played, hand, Qt.Key.Key_Insert)
    assert played.deck().cards == (full.cards[1], full.cards[3])
    _on(played, hand, Qt.Key.Key_Return)
    assert "on the table already" in played.page.status.text()
    assert len(played.deck().cards) == 2


def test_enter_without_a_deck_makes_one(full, play):
    played = play()
    hand = played.page.hand.view
    hand.setFocus()
    hand.setCurrentIndex(played.page.hand.model.index(0))
    _on(played, hand, Qt.Key.Key_Return)
    played.settle()
    assert len(played.deck().cards) == 1
    assert played.stored().name == "Deck"


def test_arrows_move_the_mark_and_alt_arrows_the_card(full, play):
    full.workspace.deal("mine", full.cards[:4])
    played = play()
    table = played.page.pane.table
    table.setFocus()
    assert table.current == 0
    assert "Card 1:" in table.accessibleDescription()
    _on(played, table, Qt.Key.Key_Right)
    assert table.current == 1
    played.page._actions.action("deck.right").trigger()
    assert played.deck().cards == tuple(full.cards[index] for index in (0, 2, 1, 3))
    assert table.current == 2
    played.page._actions.action("deck.left").trigger()
    played.page._actions.action("deck.left").trigger()
    assert played.deck().cards == tuple(full.cards[index] for index in (1, 0, 2, 3))
    played.page._actions.action("deck.left").trigger()  # at the start already
    assert table.current == 0
    _on(played, table, Qt.Key.Key_End)
    assert table.current == 3


def test_the_keys_are_bound(full, play):
    played = play()
    keys = {
        name: played.page._actions.action(f"deck.{name}").shortcut().toString()
        for name in ("add", "take_out", "left", "right", "undo", "redo", "paste")
    }
    assert keys == {
        "add": "Ins",
        "take_out": "Del",
        "left": "Alt+Left",
        "right": "Alt+Right",
        "undo": "Ctrl+Z",
        "redo": "Ctrl+Shift+Z",
        "paste": "Ctrl+V",
    }


def test_delete_takes_the_marked_cards_out(full, play):
    full.workspace.deal("mine", full.cards[:4])
    played = play()
    table = played.page.pane.table
    table.setFocus()
    _on(played, table, Qt.Key.Key_Space)
    _on(played, table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert table.marked() == [0, 1, 2, 3]
    _on(played, table, Qt.Key.Key_Right)
    assert table.marked() == [1]
    played.page.take_out()
    assert played.deck().cards == (full.cards[0], full.cards[2], full.cards[3])
    assert played.page.status.text() == "Take out 80 clean"


def test_delete_in_the_hand_takes_that_card_off_the_table(full, play):
    full.workspace.deal("mine", full.cards[:3])
    played = play()
    hand = played.page.hand.view
    hand.setFocus()
    hand.setCurrentIndex(played.page.hand.model.index(played.row_of(2)))
    played.page.take_out()
    assert played.deck().cards == tuple(full.cards[:2])


def test_everything_that_takes_the_keyboard_has_a_name(full, play):
    from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QSlider

    full.workspace.deal("mine", full.cards[:3])
    played = play()
    kinds = (QAbstractButton, QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    for kind in kinds:
        for widget in played.page.findChildren(kind):
            own = not widget.objectName().startswith("qt_") and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            inside = (
                isinstance(widget.parent(), QAbstractSpinBox | QComboBox) or widget.window() is not played.page.window()
            )
            if own and not inside:
                text = widget.text() if isinstance(widget, QAbstractButton) else ""
                assert widget.accessibleName() or text, widget
