"""Use cases of the deck table: deal, edit and score decks, and ask them about images."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Evaluation
from card_studio.domain.deck import Deck, DeckMode, DeckScore, card_weights, combine, suits_of
from card_studio.domain.gate import Gate, cell_name, choose, reference_key, suit_label, suite_key
from card_studio.domain.ids import CardId, DeckId
from card_studio.domain.job import EvaluateCards, GateOptions, Job, JobSpec, PrepareGate, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.prediction import Prediction, centred_spectrum
from card_studio.errors import NotFoundError, UserError
from card_studio.files import read_array
from card_studio.pictures import read_picture
from card_studio.studio.collection import Collection
from card_studio.studio.dealing import DealerClient
from card_studio.studio.queueing import Queueing
from card_studio.studio.scoring import score_deck

Picture = Path | bytes | NDArray[np.uint8]


class DeckTable(Queueing, Collection):
    """Decks, as a front end sees them."""

    _dealer: DealerClient | None = None
    _dealer_cards: tuple[CardId, ...] = ()
    _dealer_lock = threading.Lock()

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
    ) -> Deck:
        """Save a new deck of these cards in order, and queue what its gate lacks.

        Args:
            name: not yet taken by another deck.
            cards: ids, or the first characters of them.
            mode: how the cards answer together.
            gate: how the gate sees images.
            batch: images that the gate decides on together (m), at least 1.
            temperature: of the soft mode.

        Raises:
            NotFoundError: there is no such card.
            UserError: the cards do not share one dataset, or the name is taken.
        """
        found = [self.card(each) for each in cards]
        _require_one_dataset(found)
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
            )
        )
        self.queue_missing(deck)
        return deck

    def save_deck(self, deck: Deck) -> Deck:
        """Save an edited deck; the cards must share one dataset.

        Raises:
            UserError: the cards do not share one dataset, or the name is taken.
        """
        _require_one_dataset([self.card(each) for each in deck.cards])
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
        if not cards:
            return ()
        suite = suite or self.suite_of(deck)
        digest = cards[0].data_digest
        key = suite_key(suite, digest)
        answered = {each.card_id for each in self.evaluations(deck.cards) if each.suite_key == key}
        silent = tuple(dict.fromkeys(card.id for card in cards if card.id not in answered))
        unready = {
            suit_label(card.recipe.augmentation): card.recipe.augmentation
            for card in cards
            if not self._prepared(reference_key(digest, card.recipe.augmentation, deck.gate), key)
        }
        specs: list[JobSpec] = []
        if silent:
            specs.append(EvaluateCards(cards=silent, suite=suite))
        if unready:
            data, wanted = cards[0].recipe.data, tuple(unready.values())
            specs.append(PrepareGate(data=data, augmentations=wanted, options=deck.gate, suites=(suite,)))
        return tuple(specs)

    def queue_missing(self, deck: Deck, suite: Suite | None = None) -> list[Job]:
        """Queue what `missing` lists, unless the same work is waiting or under way; return the jobs to wait for."""
        return self._queue_once(self.missing(deck, suite))

    def score(self, deck: Deck, suite: Suite | None = None) -> DeckScore:
        """Score a deck from stored answers and distances, without a forward pass.

        Raises:
            UserError: the deck is empty, or something is missing (`missing` says which jobs would make it).
        """
        cards = self._cards_of(deck)
        suite = suite or self.suite_of(deck)
        digest = cards[0].data_digest
        key = suite_key(suite, digest)
        evaluations = {each.card_id: each for each in self.evaluations(deck.cards) if each.suite_key == key}
        silent = [card.name for card in cards if card.id not in evaluations]
        if silent:
            raise UserError(f"not evaluated on this suite yet: {', '.join(silent)}")
        ordered = [evaluations[card.id] for card in cards]
        labels = [suit_label(card.recipe.augmentation) for card in cards]
        suits, _ = suits_of(labels)
        distances = []
        for suit in suits:
            owner = cards[labels.index(suit)]
            content = self._library.distances(reference_key(digest, owner.recipe.augmentation, deck.gate), key)
            if content is None:
                raise UserError(f"the gate's distances to {suit} are not measured yet")
            distances.append(self._artifacts.array(content))
        return score_deck(
            deck,
            cards,
            ordered,
            probabilities=[self._artifacts.array(each.probabilities) for each in ordered],
            labels=self._artifacts.array(ordered[0].labels),
            distances=distances,
        )

    # --- asking ----------------------------------------------------------------------------------------------------

    def gate(self, deck: Deck) -> Gate:
        """Return the deck's gate.

        Raises:
            UserError: the deck is empty, or reference spectra are missing.
        """
        references = {}
        for card in self._cards_of(deck):
            label = suit_label(card.recipe.augmentation)
            found = self._library.reference(reference_key(card.data_digest, card.recipe.augmentation, deck.gate))
            if found is None:
                raise UserError(f"the gate's references for {label} are not built yet")
            references[label] = self._artifacts.array(found.spectra)
        return Gate(references, deck.gate)

    def pictures(self, deck: Deck, sources: Sequence[Picture]) -> NDArray[np.uint8]:
        """Return images as the deck's networks see them, uint8 [N, 3, H, W].

        Args:
            deck: gives the size.
            sources: paths or bytes of image files, or uint8 arrays [3, H, W] of that size.

        Raises:
            PictureError: one of them is no image.
        """
        size = self._cards_of(deck)[0].size
        return np.stack([_picture(source, size) for source in sources])

    def explain(
        self, deck: Deck, images: NDArray[np.uint8], *, sources: Sequence[str] = (), batch: int | None = None
    ) -> list[Prediction]:
        """Return the gate's reasons for each image, without the cards' answers: quick, and needs no network.

        Args:
            deck: with references for all its suits.
            images: uint8 [N, 3, H, W] of the deck's size.
            sources: what to call the images.
            batch: the gate's m, in place of the deck's.
        """
        return self._predictions(deck, images, None, sources, batch or deck.batch)

    def predict(
        self,
        deck: Deck,
        images: NDArray[np.uint8] | Sequence[Picture],
        *,
        sources: Sequence[str] = (),
        batch: int | None = None,
    ) -> list[Prediction]:
        """Ask a deck about images; waits for its references and for its dealer.

        Raises:
            UserError: the deck is empty, an image cannot be read, or a job that it needs failed.
        """
        array = images if isinstance(images, np.ndarray) else self.pictures(deck, images)
        self._wait_for_references(deck)
        answers = self.dealer(deck).probabilities(array)
        return self._predictions(deck, array, answers, sources, batch or deck.batch)

    def dealer(self, deck: Deck) -> DealerClient:
        """Return the warm child with the deck's networks, started now if it is not at hand; one deck at a time."""
        with self._dealer_lock:
            if self._dealer is None or self._dealer_cards != deck.cards:
                self._close_dealer()
                files = [self.card_file(each) for each in deck.cards]
                size = self._cards_of(deck)[0].size
                self._dealer = DealerClient(files, size, self.path / "dealer.log")
                self._dealer_cards = deck.cards
            return self._dealer

    def samples(
        self, deck: Deck, corruption: CorruptionName | None = None, severity: int = 0, *, count: int = 24
    ) -> NDArray[np.uint8]:
        """Return the first images of the suite that the deck is scored on, uint8 [count, 3, H, W].

        Args:
            deck: with at least one card evaluated here.
            corruption: None for the clean images.
            severity: 1 to 5 with a corruption.
            count: at most so many.

        Raises:
            NotFoundError: these images were not made on this machine yet.
        """
        digest = self._cards_of(deck)[0].data_digest
        path = self.path / "cache" / "suites" / cell_name(self.suite_of(deck), digest, corruption, severity)
        if not path.exists():
            raise NotFoundError("there are no sample images yet: evaluate a card of this deck first")
        return np.array(read_array(path, mapped=True)[:count])

    def close(self) -> None:
        """End what this workspace started for itself; jobs and their host go on."""
        with self._dealer_lock:
            self._close_dealer()

    # --- within ----------------------------------------------------------------------------------------------------

    def _close_dealer(self) -> None:
        if self._dealer is not None:
            self._dealer.close()
            self._dealer = None

    def _cards_of(self, deck: Deck) -> list[Card]:
        if not deck.cards:
            raise UserError(f"the deck {deck.name} is empty: put a card on the table first")
        return [self.card(each) for each in deck.cards]

    def _prepared(self, reference: str, suite: str) -> bool:
        return self._library.reference(reference) is not None and self._library.distances(reference, suite) is not None

    def _queue_once(self, specs: Sequence[JobSpec]) -> list[Job]:
        """Queue work unless it is waiting or under way; return its jobs either way."""
        pending = [job for job in self.jobs() if not job.state.ended and job.spec in specs]
        under_way = [job.spec for job in pending]
        fresh = [spec for spec in specs if spec not in under_way]
        return pending + (self.submit_all(fresh) if fresh else [])

    def _wait_for_references(self, deck: Deck) -> None:
        for job in self._queue_once([spec for spec in self.missing(deck) if isinstance(spec, PrepareGate)]):
            self.wait(job)

    def _predictions(
        self,
        deck: Deck,
        images: NDArray[np.uint8],
        answers: NDArray[np.float32] | None,
        sources: Sequence[str],
        batch: int,
    ) -> list[Prediction]:
        cards = self._cards_of(deck)
        gate = self.gate(deck)
        suits, owners = suits_of([suit_label(card.recipe.augmentation) for card in cards])
        distances = gate.distances(images)
        weights = card_weights(distances, owners, deck.mode, m=batch, temperature=deck.temperature)
        combined = None if answers is None else combine(answers, weights)
        predictions = []
        for index in range(len(images)):
            first = index - index % batch
            choice = choose(distances[first : first + batch])
            predictions.append(
                Prediction(
                    source=sources[index] if index < len(sources) else f"image {index + 1}",
                    image=images[index],
                    spectrum=centred_spectrum(images[index]),
                    suits=suits,
                    distances=tuple(float(each) for each in choice.distances),
                    chosen=suits[choice.chosen],
                    margin=choice.margin,
                    batch=batch,
                    cards=deck.cards,
                    chosen_cards=tuple(
                        card.id for card, owner in zip(cards, owners, strict=True) if owner == choice.chosen
                    ),
                    classes=cards[0].classes,
                    card_probabilities=None if answers is None else answers[:, index],
                    probabilities=None if combined is None else combined[index],
                )
            )
        return predictions


def _require_one_dataset(cards: Sequence[Card]) -> None:
    for card in cards[1:]:
        if card.data_digest != cards[0].data_digest:
            raise UserError(
                f"{card.name} was trained on {card.data_label} ({card.data_digest[:8]}), {cards[0].name} on "
                f"{cards[0].data_label} ({cards[0].data_digest[:8]}): a deck needs cards of one dataset and split"
            )


def _picture(source: Picture, size: int) -> NDArray[np.uint8]:
    if not isinstance(source, np.ndarray):
        return read_picture(source, size)
    if source.dtype != np.uint8 or source.shape != (3, size, size):
        raise UserError(f"an image array must be uint8 [3, {size}, {size}], not {source.dtype} {list(source.shape)}")
    return source
