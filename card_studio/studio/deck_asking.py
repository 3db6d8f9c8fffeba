"""Use cases of a dealt deck: its gate, its dealer, and what it says of images."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card
from card_studio.domain.deck import Deck
from card_studio.domain.gate import Gate, cell_name, reference_key, suit_label
from card_studio.domain.ids import CardId
from card_studio.domain.job import GateOptions, Job
from card_studio.domain.names import AnyCorruption
from card_studio.domain.prediction import Neighbours, Prediction
from card_studio.errors import NotFoundError, UserError
from card_studio.files import read_array
from card_studio.pictures import read_picture
from card_studio.settings import Settings
from card_studio.studio.dealing import DealerClient
from card_studio.studio.deck_table import DeckTable
from card_studio.studio.open_deck import OpenDeck

Picture = Path | bytes | NDArray[np.uint8]
_MOST_OPEN = 8


class DeckAsking(DeckTable):
    """Decks that answer, as a front end sees them."""

    def __init__(self, path: Path | str | None = None, *, settings: Settings | None = None) -> None:
        """Open the workspace at `path`, made if it is not there; by default the one in the settings.

        Raises:
            WorkspaceError: the folder cannot be written, or its database is foreign, newer, or on a network.
        """
        super().__init__(path, settings=settings)
        self._open_decks: dict[tuple[tuple[CardId, ...], GateOptions], OpenDeck] = {}
        self._dealer: DealerClient | None = None
        self._dealer_lock = threading.Lock()

    def gate(self, deck: Deck) -> Gate:
        """Return the deck's gate.

        Raises:
            UserError: the deck is empty, or reference spectra are missing.
        """
        return self._open(deck).gate

    def pictures(self, deck: Deck, sources: Sequence[Picture], *, names: Sequence[str] = ()) -> NDArray[np.uint8]:
        """Return images as the deck's networks see them, uint8 [N, 3, H, W].

        Args:
            deck: gives the size.
            sources: paths or bytes of image files, or uint8 arrays [3, H, W] of that size.
            names: what to call them in an error; by default their paths.

        Raises:
            PictureError: one of them is no image.
        """
        known = self._open_decks.get((deck.cards, deck.gate))
        size = (known.cards if known else self._cards_of(deck))[0].size
        named = [*names, *[""] * (len(sources) - len(names))]
        return np.stack([_picture(source, size, name) for source, name in zip(sources, named, strict=True)])

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
        return self._open(deck).predictions(deck, images, sources=sources, batch=batch or deck.batch)

    def neighbours(self, deck: Deck, image: NDArray[np.uint8], count: int) -> list[Neighbours]:
        """Return the reference images nearest to an image, for each suit in deck order.

        Args:
            deck: with references for all its suits.
            image: uint8 [3, H, W] of the deck's size.
            count: how many for each suit.
        """
        return self._open(deck).neighbours(image, count)

    def queue_reference_images(self, deck: Deck) -> list[Job]:
        """Queue the making of reference images that are not on this machine; return the jobs to wait for."""
        job = self._open(deck).lacking_images
        return [] if job is None else self._queue_once([job])

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
        return self.answer(deck, array, sources=sources, batch=batch)

    def answer(
        self, deck: Deck, images: NDArray[np.uint8], *, sources: Sequence[str] = (), batch: int | None = None
    ) -> list[Prediction]:
        """Return what a deck says of images, uint8 [N, 3, H, W], and why; waits for its dealer only.

        Raises:
            UserError: references or a card's file are missing, or the dealer ended.
        """
        answers = self.dealer().probabilities(self._card_files(deck), images)
        return self._open(deck).predictions(deck, images, answers, sources=sources, batch=batch or deck.batch)

    def warm(self, deck: Deck) -> None:
        """Have the dealer load the deck's networks, so that the first answer is quick; waits until that is done.

        Raises:
            UserError: a card's file is missing or damaged, or the dealer ended.
        """
        self.dealer().hold(self._card_files(deck))

    def dealer(self) -> DealerClient:
        """Return the warm child that holds networks, started now if it is not at hand or has ended."""
        with self._dealer_lock:
            if self._dealer is not None and self._dealer.ended:
                self._close_dealer()
            if self._dealer is None:
                self._dealer = DealerClient(self.path / "dealer.log")
            return self._dealer

    def samples(
        self, deck: Deck, corruption: AnyCorruption | None = None, severity: int = 0, *, count: int = 24
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

    def _open(self, deck: Deck) -> OpenDeck:
        key = (deck.cards, deck.gate)
        if key not in self._open_decks:
            cards = tuple(self._cards_of(deck))
            gate = Gate(self._references(cards, deck.gate), deck.gate)
            if len(self._open_decks) >= _MOST_OPEN:
                self._open_decks.clear()
            folder = self.path / "cache" / "references"
            self._open_decks[key] = OpenDeck(cards=cards, gate=gate, references=folder)
        return self._open_decks[key]

    def _references(self, cards: Sequence[Card], options: GateOptions) -> dict[str, NDArray[np.float32]]:
        references: dict[str, NDArray[np.float32]] = {}
        for card in cards:
            label = suit_label(card.recipe.augmentation)
            if label in references:
                continue
            found = self._library.reference(reference_key(card.data_digest, card.recipe.augmentation, options))
            if found is None:
                raise UserError(f"the gate's references for {label} are not built yet")
            references[label] = self._artifacts.array(found.spectra)
        return references

    def _close_dealer(self) -> None:
        if self._dealer is not None:
            self._dealer.close()
            self._dealer = None

    def _card_files(self, deck: Deck) -> list[Path]:
        return [self.card_file(each) for each in deck.cards]

    def _wait_for_references(self, deck: Deck) -> None:
        if (deck.cards, deck.gate) in self._open_decks:
            return
        for job in self.queue_references(deck):
            self.wait(job)


def _picture(source: Picture, size: int, name: str) -> NDArray[np.uint8]:
    if not isinstance(source, np.ndarray):
        return read_picture(source, size, name=name)
    if source.dtype != np.uint8 or source.shape != (3, size, size):
        raise UserError(f"an image array must be uint8 [3, {size}, {size}], not {source.dtype} {list(source.shape)}")
    return source
