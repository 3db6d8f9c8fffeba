"""Use cases of dealing for the user: what a proposal lacks, and the proposal of a deck within a byte budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from card_studio.domain.card import Card, CardQuery
from card_studio.domain.deck import Deck, DeckMode
from card_studio.domain.ids import CardId
from card_studio.domain.job import SELECTION_SUITE, EvaluateCards, GateOptions, Job, JobSpec, PrepareGate
from card_studio.errors import UserError
from card_studio.studio.deck_table import DeckTable, require_one_dataset
from card_studio.studio.proposing import STEPS, Proposal, Proposer

MOST_CARDS = 500
"""A hand that a deck is proposed from holds so many cards at most: with 2,000 images in 21 cells of ten classes that is
some seconds of work and 0.4 GB of answers to read."""
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How the cards of a proposed deck are to answer together."""

    mode: DeckMode = DeckMode.DOMAIN_ADAPTIVE
    gate: GateOptions = field(default_factory=GateOptions)
    batch: int = 1
    temperature: float = 1.0


class DeckProposals(DeckTable):
    """Decks that are proposed, as a front end sees them. Nothing is selected on what is reported."""

    def propose(
        self,
        cards: Sequence[str] = (),
        budget_bytes: int | None = None,
        *,
        answering: Answering | None = None,
        steps: int = STEPS,
    ) -> Proposal:
        """Propose the best deck of a hand within a budget, from what the cards answered on the selection suite.

        Args:
            cards: the hand, by id or the first characters of it; all cards without.
            budget_bytes: what the files of the deck's distinct cards may take in all; no limit without.
            answering: how the deck's cards answer together.
            steps: cards at most, repeats included.

        Raises:
            UserError: there is no card, the cards do not share one dataset, none fits the budget, or answers on the
                selection suite are missing (`missing_for_proposal` says which jobs would bring them).
        """
        proposer = self.proposer(cards, answering)
        budget = proposer.whole_bytes if budget_bytes is None else budget_bytes
        found = proposer.propose(budget, steps=steps)
        if not found.cards:
            least = min(card.file_bytes for card in proposer.cards)
            raise UserError(f"no card fits {budget:,} bytes: the smallest of this hand takes {least:,}")
        return found

    def proposer(self, cards: Sequence[str] = (), answering: Answering | None = None) -> Proposer:
        """Return what proposes decks of a hand for any budget.

        Raises:
            UserError: as `propose`, but for the budget.
        """
        rules = answering or Answering()
        hand = self._hand(cards)
        specs = self._lacking(hand, SELECTION_SUITE, _gate_of(rules))
        if specs:
            raise UserError(_lacks(hand, specs))
        evaluations = self._evaluations_on(SELECTION_SUITE, hand)
        ordered = [evaluations[card.id] for card in hand]
        gate = _gate_of(rules)
        return Proposer(
            hand,
            ordered,
            probabilities=[self._artifacts.array(each.probabilities) for each in ordered],
            labels=self._artifacts.array(ordered[0].labels),
            distances=self._distances(hand, SELECTION_SUITE, gate) if gate else {},
            mode=rules.mode,
            m=rules.batch,
            temperature=rules.temperature,
        )

    def missing_for_proposal(
        self, cards: Sequence[str] = (), answering: Answering | None = None
    ) -> tuple[JobSpec, ...]:
        """Return the jobs without which no deck of this hand can be proposed; none where all is there.

        Raises:
            UserError: there is no card, or the cards do not share one dataset.
        """
        return self._lacking(self._hand(cards), SELECTION_SUITE, _gate_of(answering or Answering()))

    def queue_for_proposal(self, cards: Sequence[str] = (), answering: Answering | None = None) -> list[Job]:
        """Queue what `missing_for_proposal` lists, unless it is waiting or under way; return the jobs to wait for."""
        return self._queue_once(self.missing_for_proposal(cards, answering))

    def deal_proposal(
        self, name: str, proposal: Proposal, *, gate: GateOptions | None = None, step: int | None = None
    ) -> Deck:
        """Save a proposal as a new deck, with the record of how it was chosen.

        Args:
            name: not yet taken by another deck.
            proposal: what `propose` returned.
            gate: how the gate sees images, as it was proposed with.
            step: up to which step, counted from 0; by default the most accurate one.
        """
        chosen = proposal.selection if step is None else proposal.selection_at(step)
        return self.deal(
            name,
            chosen.cards,
            mode=chosen.mode,
            gate=gate,
            batch=chosen.batch,
            temperature=chosen.temperature,
            selection=chosen,
        )

    def _hand(self, cards: Sequence[str]) -> list[Card]:
        asked = tuple(dict.fromkeys(CardId(each) for each in cards))
        count = len(asked) or self.count_cards()
        if count > MOST_CARDS:  # known before any is read
            raise UserError(f"{count:,} cards are too many to propose a deck from: choose {MOST_CARDS} at most")
        known = {card.id: card for card in self.cards(CardQuery(ids=asked))}
        found = [known.get(each) or self.card(each) for each in asked] if asked else list(known.values())
        if not found:
            raise UserError("there is no card to propose a deck from: make one first")
        require_one_dataset(found)
        return found


def _gate_of(rules: Answering) -> GateOptions | None:
    """Return the gate that a mode asks; averaging asks none."""
    return None if rules.mode is DeckMode.DOMAIN_AGNOSTIC else rules.gate


def _lacks(hand: Sequence[Card], specs: Sequence[JobSpec]) -> str:
    names = {card.id: card.name for card in hand}
    parts = []
    for spec in specs:
        if isinstance(spec, EvaluateCards):
            shown = ", ".join(names[each] for each in spec.cards[:_MOST_NAMED])
            more = f" and {len(spec.cards) - _MOST_NAMED} more" if len(spec.cards) > _MOST_NAMED else ""
            parts.append(f"not evaluated on the selection suite yet: {shown}{more}")
        elif isinstance(spec, PrepareGate):
            suits = ", ".join(str(each.name) for each in spec.augmentations)
            parts.append(f"the gate's distances of its images are not measured yet: {suits}")
    return "; ".join(parts)
