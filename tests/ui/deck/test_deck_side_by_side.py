"""Someone works on two decks side by side: what differs is said, and cards go across by drag and by key."""

from collections import Counter

from PySide6.QtCore import Qt


def test_two_decks_side_by_side_are_compared_and_share_cards(full, play, drop):
    from card_studio.ui.deck_mime import Carried, cards_mime

    full.workspace.deal("one", full.cards[:3])
    full.workspace.deal("two", full.cards[2:5])
    played = play()
    page = played.page
    page.open_deck("one")
    page.show_beside(True)
    played.settle()
    assert page.beside.deck.name == "two"
    assert "Only in one: dense clean, 80 clean; only in two" in page.compare.words.text()
    assert "right less left: clean" in page.compare.words.text()
    mime = cards_mime(Carried(cards=(full.cards[0],), deck=int(page.pane.deck.id), indices=(0,)))
    table = page.beside.table
    assert drop(table.viewport(), mime, table.mapFromScene(table.flow().mark(1).center()))
    assert page.beside.deck.cards == (full.cards[2], full.cards[0], full.cards[3], full.cards[4])
    assert page.pane.deck.cards == tuple(full.cards[1:3])
    played.settle()
    page.show_beside(False)
    assert page.compare.isHidden()


def test_a_card_goes_across_by_key_and_comes_back_by_undo(full, play):
    full.workspace.deal("one", full.cards[:3])
    full.workspace.deal("two", full.cards[3:5])
    played = play()
    page = played.page
    page.open_deck("one")
    page.send_across()
    assert "side by side first" in page.status.text()
    page.show_beside(True)
    played.settle()
    table = page.pane.table
    table.setFocus()
    table.set_current(1)
    assert page._actions.action("deck.across").shortcut().toString() == "Alt+Return"
    page._actions.action("deck.across").trigger()
    assert page.pane.deck.cards == (full.cards[0], full.cards[2])
    assert page.beside.deck.cards == (full.cards[3], full.cards[4], full.cards[1])
    assert page.status.text() == "Moved 80 clean to two"
    page.undo()
    assert page.pane.deck.cards == tuple(full.cards[:3])
    page.beside.table.setFocus()
    played.qtbot.waitUntil(lambda: page.active is page.beside)
    page.undo()
    assert page.beside.deck.cards == tuple(full.cards[3:5])


def test_a_card_of_another_dataset_does_not_go_across(full, play):
    stranger = full.add_card(20, digest="e" * 64, name="stranger", file=False)
    full.workspace.deal("one", [stranger])
    full.workspace.deal("two", full.cards[:2])
    played = play()
    page = played.page
    page.open_deck("one")
    page.show_beside(True)
    played.settle()
    page.pane.table.setFocus()
    page.send_across()
    assert page.beside.deck.cards == tuple(full.cards[:2])
    assert any("one dataset" in text for text in played.said)


def test_a_card_that_lies_twice_is_told_from_one_that_lies_once(full, play, drop):
    full.workspace.deal("one", [full.cards[0], full.cards[2], full.cards[2]])
    full.workspace.deal("two", [full.cards[0], full.cards[2]])
    played = play()
    page = played.page
    page.open_deck("one")
    page.show_beside(True)
    played.settle()
    assert "Only in one: 80 gaussian" in page.compare.words.text()
    mime = played.mime_of_hand(played.row_of(2))
    assert drop(page.pane.table.viewport(), mime, played.gap(0))  # both copies move
    assert Counter(page.pane.deck.cards) == Counter({full.cards[2]: 2, full.cards[0]: 1})
    assert page.pane.deck.cards[:2] == (full.cards[2], full.cards[2])
    played.qtbot.keyClick(page.pane.table, Qt.Key.Key_Home)
    assert page.pane.table.current == 0
