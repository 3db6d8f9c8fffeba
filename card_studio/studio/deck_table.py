"""Use cases of the deck table: deal, edit and score decks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.deck import Deck, DeckMode, DeckScore, Selection
from card_studio.domain.gate import Floats, reference_key, suit_label, suite_key
from card_studio.domain.ids import CardId, DeckId, JobId
from card_studio.domain.job import EvaluateCards, GateOptions, Job, JobSpec, PrepareGate, Suite
from card_studio.errors import UserError
from card_studio.studio.collection import Collection
from card_studio.studio.queueing import Queueing
from card_studio.studio.scoring import score_deck


class DeckTable(Queueing, Collection):
    """Decks, as a front end sees them."""

    # --- editing ---------------------------------------------------------------------------------------------------

    def deal(
        self,
        name: str,
        cards: Sequence[str],
        *,
        mode: DeckMode = DeckMode.DOMAIN_ADAPTIVE,
        gate: GateOptions | None = None,
        batch: int = 1,
        temperature: float = 1.0,
        selection: Selection | None = None,
    ) -> Deck:
        """Save a new deck of these cards in order, and queue what its gate lacks.

        Args:
            name: not yet taken by another deck.
            cards: ids, or the first characters of them.
            mode: how the cards answer together.
            gate: how the gate sees images.
            batch: images that the gate decides on together (m), at least 1.
            temperature: of the soft mode.
            selection: how it was proposed, if it was.

        Raises:
            NotFoundError: there is no such card.
            UserError: the cards do not share one dataset, or the name is taken.
        """
        found = [self.card(each) for each in cards]
        require_one_dataset(found)
        now = datetime.now(UTC)
        deck = self._library.save_deck(
            Deck(
                id=DeckId(0),
                name=name,
                cards=tuple(card.id for card in found),
                mode=mode,
                gate=gate or GateOptions(),
                batch=batch,
                temperature=temperature,
                created_at=now,
                modified_at=now,
                selection=selection,
            )
        )
        self.queue_missing(deck)
        return deck

    def save_deck(self, deck: Deck) -> Deck:
        """Save an edited deck; the cards must share one dataset.

        Raises:
            UserError: the cards do not share one dataset, or the name is taken.
        """
        require_one_dataset([self.card(each) for each in deck.cards])
        return self._library.save_deck(replace(deck, modified_at=datetime.now(UTC)))

    def decks(self) -> list[Deck]:
        """Return all decks, the last modified first."""
        return self._library.decks()

    def deck(self, name: str | DeckId) -> Deck:
        """Return a deck by name or id.

        Raises:
            NotFoundError: there is none.
        """
        return self._library.deck(name)

    def rename_deck(self, deck: Deck, name: str) -> Deck:
        """Call a deck by another name."""
        return self._library.save_deck(replace(deck, name=name, modified_at=datetime.now(UTC)))

    def duplicate_deck(self, deck: Deck, name: str) -> Deck:
        """Save a copy of a deck under another name."""
        now = datetime.now(UTC)
        return self._library.save_deck(replace(deck, id=DeckId(0), name=name, created_at=now, modified_at=now))

    def delete_deck(self, deck: Deck) -> None:
        """Remove a deck; its cards stay."""
        self._library.delete_deck(deck.id)

    # --- scoring ---------------------------------------------------------------------------------------------------

    def suite_of(self, deck: Deck) -> Suite:
        """Return the test suite that a deck is scored on: the latest that most of its cards have answered."""
        evaluations = [each for each in self.evaluations(deck.cards) if each.suite.split == "test"]
        if not evaluations:
            return Suite()
        answered: dict[str, list[Evaluation]] = {}
        for each in evaluations:
            answered.setdefault(each.suite_key, []).append(each)
        return max(answered.values(), key=lambda each: (len(each), max(e.created_at for e in each)))[0].suite

    def missing(self, deck: Deck, suite: Suite | None = None) -> tuple[JobSpec, ...]:
        """Return the jobs without which the deck cannot be scored or asked; none where all is there."""
        cards = [self.card(each) for each in deck.cards]
        return self._lacking(cards, suite or self.suite_of(deck), deck.gate) if cards else ()

    def under_way(self, specs: Sequence[JobSpec]) -> tuple[list[Job], list[JobSpec]]:
        """Return the jobs, waiting or begun, that do some of this work; and the work that none of them does."""
        jobs: dict[JobId, Job] = {}
        left: list[JobSpec] = []
        pending = [job for job in self.jobs() if not job.state.ended]
        for spec in specs:
            sharing = [job for job in pending if _shared(job.spec, spec)]
            jobs |= {job.id: job for job in sharing}
            rest = _less(spec, [job.spec for job in sharing])
            left += [rest] if rest is not None else []
        return list(jobs.values()), left

    def queue_missing(self, deck: Deck, suite: Suite | None = None) -> list[Job]:
        """Queue what `missing` lists, unless the same work is waiting or under way; return the jobs to wait for."""
        return self._queue_once(self.missing(deck, suite))

    def queue_references(self, deck: Deck) -> list[Job]:
        """Queue what builds the references that the deck's gate lacks; return the jobs to wait for, none where none.

        A deck that came with its references can be asked where its dataset is not at hand.
        """
        cards = [self.card(each) for each in deck.cards]
        keys = {reference_key(card.data_digest, card.recipe.augmentation, deck.gate) for card in cards}
        if all(self._library.reference(key) is not None for key in keys):
            return []
        return self._queue_once([spec for spec in self.missing(deck) if isinstance(spec, PrepareGate)])

    def score(self, deck: Deck, suite: Suite | None = None) -> DeckScore:
        """Score a deck from stored answers and distances, without a forward pass.

        Raises:
            UserError: the deck is empty, or something is missing (`missing` says which jobs would make it).
        """
        cards = self._cards_of(deck)
        suite = suite or self.suite_of(deck)
        evaluations = self._evaluations_on(suite, cards)
        silent = [card.name for card in cards if card.id not in evaluations]
        if silent:
            raise UserError(f"not evaluated on this suite yet: {', '.join(silent)}")
        ordered = [evaluations[card.id] for card in cards]
        return score_deck(
            deck,
            cards,
            ordered,
            probabilities=[self._artifacts.array(each.probabilities) for each in ordered],
            labels=self._artifacts.array(ordered[0].labels),
            distances=list(self._distances(cards, suite, deck.gate).values()),
        )

    # --- within ----------------------------------------------------------------------------------------------------

    def _cards_of(self, deck: Deck) -> list[Card]:
        if not deck.cards:
            raise UserError(f"the deck {deck.name} is empty: put a card on the table first")
        return [self.card(each) for each in deck.cards]

    def _evaluations_on(self, suite: Suite, cards: Sequence[Card]) -> dict[CardId, Evaluation]:
        """Return the evaluations of those cards that have answered a suite; the cards share one dataset."""
        key = suite_key(suite, cards[0].data_digest)
        return {each.card_id: each for each in self.evaluations([c.id for c in cards]) if each.suite_key == key}

    def _distances(self, cards: Sequence[Card], suite: Suite, gate: GateOptions) -> dict[str, Floats]:
        """Return the stored distances of a suite's images to each suit of the cards, in the order of the cards.

        Raises:
            UserError: some were not measured yet.
        """
        key = suite_key(suite, cards[0].data_digest)
        found: dict[str, Floats] = {}
        for card in cards:
            suit = suit_label(card.recipe.augmentation)
            if suit in found:
                continue
            content = self._library.distances(reference_key(card.data_digest, card.recipe.augmentation, gate), key)
            if content is None:
                raise UserError(f"the gate's distances to {suit} are not measured yet")
            found[suit] = self._artifacts.array(content)
        return found

    def _lacking(self, cards: Sequence[Card], suite: Suite, gate: GateOptions | None) -> tuple[JobSpec, ...]:
        """Return the jobs that cards of one dataset lack on a suite; without gate only the evaluation."""
        answered = self._evaluations_on(suite, cards)
        silent = tuple(dict.fromkeys(card.id for card in cards if card.id not in answered))
        specs: list[JobSpec] = [EvaluateCards(cards=silent, suite=suite)] if silent else []
        if gate is None:
            return tuple(specs)
        digest = cards[0].data_digest
        key = suite_key(suite, digest)
        suits = {suit_label(card.recipe.augmentation): card.recipe.augmentation for card in cards}
        unready = tuple(a for a in suits.values() if not self._prepared(reference_key(digest, a, gate), key))
        if unready:
            data = cards[0].recipe.data
            specs.append(PrepareGate(data=data, augmentations=unready, options=gate, suites=(suite,)))
        return tuple(specs)

    def _prepared(self, reference: str, suite: str) -> bool:
        return self._library.reference(reference) is not None and self._library.distances(reference, suite) is not None

    def _queue_once(self, specs: Sequence[JobSpec]) -> list[Job]:
        """Queue work unless it is waiting or under way; return its jobs either way."""
        under_way, left = self.under_way(specs)
        return [*under_way, *(self.submit_all(left) if left else [])]


def _shared(pending: JobSpec, wanted: JobSpec) -> bool:
    """Return whether a pending job does this work, or a part of it."""
    if isinstance(pending, EvaluateCards) and isinstance(wanted, EvaluateCards):
        return pending.suite == wanted.suite and not set(pending.cards).isdisjoint(wanted.cards)
    if isinstance(pending, PrepareGate) and isinstance(wanted, PrepareGate):
        alike = pending.data == wanted.data and pending.options == wanted.options
        covers = set(wanted.suites) <= set(pending.suites)
        return alike and covers and any(each in pending.augmentations for each in wanted.augmentations)
    return pending == wanted


def _less(spec: JobSpec, pending: Sequence[JobSpec]) -> JobSpec | None:
    """Return what is left to do besides pending jobs that share work with it; None for nothing."""
    if isinstance(spec, EvaluateCards):
        cards = {card for each in pending if isinstance(each, EvaluateCards) for card in each.cards}
        silent = tuple(card for card in spec.cards if card not in cards)
        return spec.model_copy(update={"cards": silent}) if silent else None
    if isinstance(spec, PrepareGate):
        suits = [suit for each in pending if isinstance(each, PrepareGate) for suit in each.augmentations]
        unready = tuple(each for each in spec.augmentations if each not in suits)
        return spec.model_copy(update={"augmentations": unready}) if unready else None
    return None if pending else spec


def require_one_dataset(cards: Sequence[Card]) -> None:
    """Refuse cards that cannot lie in one deck.

    Raises:
        UserError: two were trained on different data.
    """
    for card in cards[1:]:
        if card.data_digest != cards[0].data_digest:
            raise UserError(
                f"{card.name} was trained on {card.data_label} ({card.data_digest[:8]}), {cards[0].name} on "
                f"{cards[0].data_label} ({cards[0].data_digest[:8]}): a deck needs cards of one dataset and split"
            )
