"""Someone changes their mind: every edit is undone and redone, and a deck is saved by itself."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from card_studio.domain.deck import DeckMode


def test_every_edit_is_undone_and_redone(full, play):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    page, start = played.page, played.deck()
    document = page.pane.document
    page.add_cards([full.cards[4]])
    page.pane.table.setFocus()
    page.pane.table.set_current(2)
    page.shift(-2)
    page.take_out()
    document.set_mode(DeckMode.SOFT)
    document.set_temperature(0.5)
    document.set_temperature(0.7)
    document.set_batch(32)
    page.pane.rename("other")
    end = played.deck()
    assert (end.name, end.mode, end.temperature, end.batch) == ("other", DeckMode.SOFT, 0.7, 32)
    for _ in range(7):  # the two temperatures are one edit
        assert document.stack.canUndo()
        page.undo()
    assert not document.stack.canUndo()
    assert played.deck() == start
    assert page.status.text().startswith("Undone: Add")
    for _ in range(7):
        page.redo()
    assert played.deck() == end
    played.settle()
    stored = played.stored()
    assert (stored.name, stored.cards, stored.batch) == (end.name, end.cards, end.batch)


def test_undo_is_offered_only_when_there_is_something_to_undo(full, play):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    undo, redo = (played.page._actions.action(f"deck.{name}") for name in ("undo", "redo"))
    assert not undo.isEnabled()
    played.page.add_cards([full.cards[3]])
    assert undo.isEnabled()
    assert not redo.isEnabled()
    undo.trigger()
    assert redo.isEnabled()
    assert played.deck().cards == tuple(full.cards[:2])


def test_closing_at_once_loses_no_edit(full, play):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    for card in full.cards[2:]:
        played.page.add_cards([card])
    played.bridge.close()
    assert played.stored().cards == tuple(full.cards)


def test_another_processs_edit_is_taken_over(full, play):
    from dataclasses import replace

    full.workspace.deal("mine", full.cards[:2])
    played = play()
    full.workspace.save_deck(replace(played.deck(), cards=tuple(full.cards[3:5])))
    played.page.refresh()
    played.qtbot.waitUntil(lambda: played.deck().cards == tuple(full.cards[3:5]))
    assert not played.page.pane.document.stack.canUndo()


def test_decks_are_made_renamed_duplicated_and_deleted(full, play):
    full.workspace.deal("mine", full.cards[:2])
    played = play()
    page, bar = played.page, played.page.pane.bar
    page.duplicate_deck()
    played.settle()
    assert played.deck().name == "mine copy"
    assert played.deck().cards == tuple(full.cards[:2])
    page.start_renaming()
    bar.name.setText("mine")
    bar.name.returnPressed.emit()
    assert played.deck().name == "mine copy"
    assert any("already" in text for text in played.said)
    bar.name.setText("yours")
    bar.name.returnPressed.emit()
    played.settle()
    assert played.stored().name == "yours"
    assert bar.decks.currentText() == "yours"
    _answer(played, "Keep")
    played.settle()
    assert {deck.name for deck in full.workspace.decks()} == {"mine", "yours"}
    _answer(played, "Delete it")
    played.settle()
    assert {deck.name for deck in full.workspace.decks()} == {"mine"}
    assert played.deck().name == "mine"
    page.shelf.make()
    played.settle()
    assert played.deck().cards == ()


def _answer(played, said):
    """Ask for the deck's deletion, and answer the question with the button of these words."""
    played.page.delete_deck()
    box = played.page.findChild(QMessageBox)
    button = next(each for each in box.buttons() if each.text() == said)
    with played.qtbot.waitSignal(box.destroyed):
        played.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_each_deck_keeps_its_own_history(full, play):
    full.workspace.deal("one", full.cards[:2])
    full.workspace.deal("two", full.cards[2:4])
    played = play()
    assert played.page.open_deck("one")
    played.page.add_cards([full.cards[5]])
    played.page.open_deck("two")
    assert not played.page.pane.document.stack.canUndo()
    played.page.open_deck("one")
    played.page.undo()
    assert played.deck().cards == tuple(full.cards[:2])
    assert not played.page.open_deck("three")
