"""Use cases of a dealt deck: its gate, its dealer, and what it says of images."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.deck import Deck, card_weights, combine, suits_of
from card_studio.domain.gate import Gate, cell_name, choose, reference_key, suit_label
from card_studio.domain.ids import CardId
from card_studio.domain.job import PrepareGate
from card_studio.domain.names import CorruptionName
from card_studio.domain.prediction import Prediction, centred_spectrum
from card_studio.errors import NotFoundError, UserError
from card_studio.files import read_array
from card_studio.pictures import read_picture
from card_studio.settings import Settings
from card_studio.studio.dealing import DealerClient
from card_studio.studio.deck_table import DeckTable

Picture = Path | bytes | NDArray[np.uint8]


class DeckAsking(DeckTable):
    """Decks that answer, as a front end sees them."""

    def __init__(self, path: Path | str | None = None, *, settings: Settings | None = None) -> None:
        """Open the workspace at `path`, made if it is not there; by default the one in the settings.

        Raises:
            WorkspaceError: the folder cannot be written, or its database is foreign, newer, or on a network.
        """
        super().__init__(path, settings=settings)
        self._dealer: DealerClient | None = None
        self._dealer_cards: tuple[CardId, ...] = ()
        self._dealer_lock = threading.Lock()

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

    def _close_dealer(self) -> None:
        if self._dealer is not None:
            self._dealer.close()
            self._dealer = None

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


def _picture(source: Picture, size: int) -> NDArray[np.uint8]:
    if not isinstance(source, np.ndarray):
        return read_picture(source, size)
    if source.dtype != np.uint8 or source.shape != (3, size, size):
        raise UserError(f"an image array must be uint8 [3, {size}, {size}], not {source.dtype} {list(source.shape)}")
    return source
