"""Someone lets the studio deal: a hand, a budget, the curve, each card's gain, and the deck on the table."""

import pytest
from PySide6.QtCore import Qt

from card_studio.domain.deck import DeckMode
from card_studio.domain.job import SELECTION_SUITE, EvaluateCards, PrepareGate
from card_studio.ui.deck_deal_plot import BUDGET, STEP
from tests.ui.deck.selecting import answer_selection, measure_selection


@pytest.fixture
def asked(full, play):
    """Give a function that opens the dialog on a hand that has answered, and waits for its curve."""
    answer_selection(full, full.cards)
    measure_selection(full)

    def ask(deck=None):
        if deck is not None:
            full.workspace.deal("mine", deck)
        played = play()
        dialog = played.page.ask_deal()
        played.qtbot.waitUntil(lambda: dialog.prepared is not None and len(dialog._tried) == _budgets(dialog))
        played.qtbot.waitUntil(lambda: dialog.chosen is not None)
        return played, dialog

    return ask


def test_the_proposed_deck_is_dealt_undone_and_redone(full, asked):
    played, dialog = asked()
    proposal = full.workspace.propose()
    assert dialog.chosen == proposal.selection
    assert dialog.budget.bytes >= sum(full.workspace.card(each).file_bytes for each in full.cards)
    played.qtbot.mouseClick(dialog.deal, Qt.MouseButton.LeftButton)
    played.qtbot.waitUntil(lambda: played.page.pane.deck is not None and bool(played.deck().cards))
    assert played.deck().cards == proposal.cards
    assert played.deck().name.startswith("Proposed for")
    played.settle()
    stored = played.stored()
    assert stored.selection == proposal.selection
    assert stored.as_proposed
    played.page.undo()
    assert played.deck().cards == ()
    assert played.deck().selection is None
    played.page.redo()
    assert played.deck().cards == proposal.cards


def test_the_score_says_that_a_deck_was_proposed_and_on_what(full, asked):
    played, dialog = asked()
    assert len(dialog.chosen.cards) > 1
    dialog.deal.click()
    played.qtbot.waitUntil(lambda: played.page.pane.deck is not None and bool(played.deck().cards))
    played.settle()
    origin = played.page.pane.score._origin
    assert not origin.isHidden()
    assert "4 corruptions" in origin.text()
    assert "validation images" in origin.text()
    assert "never on the images that it is scored on here" in origin.text()
    assert played.page.pane.judgement.score.suite.split == "test"
    played.page.pane.document.take_out([0], title="a card")
    played.settle()
    assert origin.text().startswith("Edited since it was proposed.")


def test_the_proposal_keeps_to_the_budget_and_follows_it(full, asked):
    played, dialog = asked()
    sizes = {card.id: card.file_bytes for card in full.workspace.cards()}
    dialog.budget.number.setValue(240.0)
    played.qtbot.waitUntil(lambda: dialog.chosen is not None and dialog.chosen.budget_bytes == 240_000)
    assert sum(sizes[card] for card in set(dialog.chosen.cards)) <= 240_000
    dialog.budget.slider.setFocus()
    played.qtbot.keyClick(dialog.budget.slider, Qt.Key.Key_Home)
    least = min(sizes.values())
    played.qtbot.waitUntil(lambda: dialog.chosen is not None and dialog.chosen.budget_bytes < 1.01 * least)
    assert set(dialog.chosen.cards) == {min(sizes, key=sizes.get)} or len(set(dialog.chosen.cards)) == 1
    played.qtbot.keyClick(dialog.budget.slider, Qt.Key.Key_End)
    played.qtbot.waitUntil(lambda: dialog.chosen is not None and dialog.chosen.budget_bytes >= sum(sizes.values()))


def test_steps_are_reached_by_key_and_say_what_they_gained(full, asked):
    played, dialog = asked()
    plot, proposal = dialog.plot, dialog.proposal
    assert len(proposal.cards) > 1
    plot.setFocus()
    words = set()
    for _ in plot.points:
        played.qtbot.keyClick(plot, Qt.Key.Key_Right)
        words.add(plot.accessibleDescription())
    assert len(words) == len(plot.points) == len(proposal.steps) + len(dialog.front)
    assert any(each.startswith("Step 2: ") and "points (" in each for each in words)
    assert any(each.startswith("Best deck found for") for each in words)
    dialog.table.selectRow(0)
    assert plot.chosen[0] == BUDGET or plot.chosen == (STEP, 0)


def test_a_smaller_deck_of_the_way_is_dealt_from_its_row(full, asked):
    played, dialog = asked(full.cards[:2])
    dialog.table.setFocus()
    dialog.table.selectRow(0)
    assert dialog.plot.chosen == (STEP, 0)
    assert dialog.chosen.cards == dialog.proposal.cards[:1]
    first = dialog.chosen
    dialog.replace.click()
    assert played.deck().cards == first.cards
    assert played.deck().name == "mine"
    assert played.deck().selection == first
    played.page.undo()
    assert played.deck().cards == tuple(full.cards[:2])


def test_the_curve_is_a_table_too(full, asked):
    _, dialog = asked()
    dialog.panel.read_as_table(True)
    sheet = dialog.panel.table.model_.sheet
    assert len(sheet.rows) == len(dialog.proposal.steps)
    assert sheet.rows[1][1] == pytest.approx(100 * dialog.proposal.steps[1].gain)
    assert "validation images" in sheet.note


def test_another_way_of_answering_is_proposed_for_anew(full, asked):
    played, dialog = asked()
    dialog.mode.setCurrentIndex(dialog.mode.findData(DeckMode.DOMAIN_AGNOSTIC))
    dialog.mode.activated.emit(dialog.mode.currentIndex())
    played.qtbot.waitUntil(lambda: dialog.chosen is not None and dialog.chosen.mode is DeckMode.DOMAIN_AGNOSTIC)
    dialog.deal.click()
    played.qtbot.waitUntil(lambda: played.page.pane.deck is not None and bool(played.deck().cards))
    assert played.deck().mode is DeckMode.DOMAIN_AGNOSTIC


def test_what_is_missing_is_queued_by_one_click_and_its_progress_shown(full, play):
    full.workspace.cancel([job.id for job in full.workspace.jobs()])
    answer_selection(full, full.cards[:4])
    played = play()
    dialog = played.page.ask_deal()
    waiting = dialog.waiting
    played.qtbot.waitUntil(lambda: "2 cards are not evaluated on the selection images yet" in waiting.words.text())
    assert not dialog.deal.isEnabled()
    played.qtbot.mouseClick(waiting.queue, Qt.MouseButton.LeftButton)
    played.qtbot.waitUntil(lambda: waiting.queue.isHidden() and len(dialog.prepared.under_way) == 2)
    specs = [job.spec for job in full.workspace.jobs() if not job.state.ended]
    evaluate = next(each for each in specs if isinstance(each, EvaluateCards))
    assert set(evaluate.cards) == set(full.cards[4:])
    assert evaluate.suite == SELECTION_SUITE
    assert any(isinstance(each, PrepareGate) and each.suites == (SELECTION_SUITE,) for each in specs)
    answer_selection(full, full.cards[4:])
    measure_selection(full)
    played.qtbot.waitUntil(lambda: dialog.chosen is not None, timeout=10_000)
    assert dialog.deal.isEnabled()
    dialog.reject()


def test_the_hand_is_what_is_marked_or_found(full, play):
    answer_selection(full, full.cards)
    measure_selection(full)
    played = play()
    hand = played.page.hand
    hand.search.setText("gaussian")
    played.qtbot.waitUntil(lambda: hand.model.rowCount() == 2)
    played.settle()
    dialog = played.page.ask_deal()
    assert [dialog.hand.itemText(at) for at in range(dialog.hand.count())] == [
        "Cards found by “gaussian”",
        "All cards",
    ]
    played.qtbot.waitUntil(lambda: dialog.chosen is not None)
    assert dialog.chosen.hand == 2
    assert set(dialog.chosen.cards) <= {full.cards[2], full.cards[3]}
    dialog.reject()
    hand.view.selectAll()
    again = played.page.ask_deal()
    assert again.hand.itemText(0) == "The 2 marked cards"
    again.reject()


def test_an_empty_hand_says_so(dealt, play):
    played = play()
    dialog = played.page.ask_deal()
    played.qtbot.waitUntil(lambda: "no card" in dialog.refused.text())
    assert not dialog.deal.isEnabled()
    played.qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_cards_of_other_data_are_left_out(full, play):
    full.add_card(30, digest="e" * 64, file=False)
    answer_selection(full, full.cards[:6])
    measure_selection(full)
    played = play()
    dialog = played.page.ask_deal()
    played.qtbot.waitUntil(lambda: dialog.chosen is not None)
    assert dialog.note.text() == "6 cards of shapes; 1 of other data left out"
    dialog.reject()


def test_it_has_a_key_and_a_button(full, play):
    played = play()
    action = played.page._actions.action("deck.propose")
    assert action.shortcut().toString() == "Ctrl+Shift+D"
    names = [each.accessibleName() for each in played.page.pane.bar.findChildren(type(played.page.pane.bar.new))]
    assert "Deal for me" in names


def _budgets(dialog):
    return len(dialog.prepared.proposer.budgets()) if dialog.prepared.proposer else -1
