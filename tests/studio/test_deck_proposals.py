"""Proposing from a workspace: what it lacks is said and queued once; what it proposes is dealt with its record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from card_studio.domain.deck import DeckMode
from card_studio.domain.job import SELECTION_SUITE, EvaluateCards, PrepareGate
from card_studio.errors import UserError
from card_studio.studio.deck_proposals import Answering
from tests.ui.deck.filling import Dealt, opened
from tests.ui.deck.selecting import answer_selection, measure_selection


@pytest.fixture
def dealt(tmp_path: Path) -> Iterator[Dealt]:
    with opened(tmp_path / "workspace", {}) as filled:
        for number in range(5):
            filled.add_card(number, file=False)
        filled.prepare_gate()
        yield filled


def test_what_is_missing_is_named_and_queued_once(dealt: Dealt) -> None:
    workspace = dealt.workspace
    answer_selection(dealt, dealt.cards[:1])
    with pytest.raises(UserError, match=r"not evaluated on the selection suite yet: .* and 1 more; the gate's"):
        workspace.propose()
    first = workspace.queue_for_proposal()
    again = workspace.queue_for_proposal(dealt.cards[:3])
    specs = [job.spec for job in workspace.jobs()]
    assert [type(each) for each in specs] == [EvaluateCards, PrepareGate]
    assert set(specs[0].cards) == set(dealt.cards[1:])
    assert {job.id for job in again} == {job.id for job in first}
    answer_selection(dealt, dealt.cards[1:])
    with pytest.raises(UserError, match=r"distances of its images are not measured yet: .*gaussian"):
        workspace.propose()


def test_averaging_needs_no_gate(dealt: Dealt) -> None:
    answer_selection(dealt, dealt.cards)
    found = dealt.workspace.propose(answering=Answering(mode=DeckMode.DOMAIN_AGNOSTIC))
    assert found.cards
    assert dealt.workspace.missing_for_proposal() != ()


def test_a_proposal_is_dealt_with_its_record_and_its_repeats(dealt: Dealt) -> None:
    answer_selection(dealt, dealt.cards)
    measure_selection(dealt)
    workspace = dealt.workspace
    found = workspace.propose(budget_bytes=10**9)
    deck = workspace.deal_proposal("best", found)
    stored = workspace.deck("best")
    assert stored.cards == found.cards
    assert stored.selection == found.selection
    assert stored.as_proposed
    assert stored.selection.suite == SELECTION_SUITE
    score = workspace.score(deck, SELECTION_SUITE)  # the deck answers as the proposal's weights say
    assert score.robust == pytest.approx(found.selection.accuracy)
    first = workspace.deal_proposal("first", found, step=0)
    assert first.cards == found.cards[:1]
    assert first.selection is not None
    assert first.selection.accuracy == found.steps[0].accuracy


def test_a_budget_or_a_hand_that_holds_nothing_is_refused(dealt: Dealt) -> None:
    answer_selection(dealt, dealt.cards)
    measure_selection(dealt)
    with pytest.raises(UserError, match="no card fits 10 bytes: the smallest of this hand takes"):
        dealt.workspace.propose(budget_bytes=10)
    dealt.add_card(9, digest="e" * 64, file=False)
    with pytest.raises(UserError, match="one dataset"):
        dealt.workspace.propose()
    assert dealt.workspace.propose([each[:40] + each[40:] for each in dealt.cards[:3]]).selection.hand == 3


def test_an_empty_workspace_has_no_hand(tmp_path: Path) -> None:
    with opened(tmp_path / "workspace", {}) as filled, pytest.raises(UserError, match="there is no card"):
        filled.workspace.propose()
