"""A deck opened for asking: its cards and its gate read once, since the database takes longer than the arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card
from card_studio.domain.deck import Deck, card_weights, combine, suits_of
from card_studio.domain.gate import Gate, choose, reference_images_name, reference_key, suit_label
from card_studio.domain.job import PrepareGate
from card_studio.domain.prediction import Neighbours, Prediction, centred_spectrum
from card_studio.files import read_array


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDeck:
    """What answering needs of decks with these cards and this gate."""

    cards: tuple[Card, ...]
    gate: Gate
    references: Path
    """Folder in which the images of reference sets are cached."""

    def predictions(
        self,
        deck: Deck,
        images: NDArray[np.uint8],
        answers: NDArray[np.float32] | None = None,
        *,
        sources: Sequence[str] = (),
        batch: int,
    ) -> list[Prediction]:
        """Return the gate's reasons for each image, and the deck's answer where the cards have spoken.

        Args:
            deck: says how its cards answer together.
            images: uint8 [N, 3, H, W] of the deck's size.
            answers: float32 [cards, N, classes]; None without them.
            sources: what to call the images.
            batch: the gate's m.
        """
        suits, owners = self.suits
        distances = self.gate.distances(images)
        weights = card_weights(distances, owners, deck.mode, m=batch, temperature=deck.temperature)
        combined = None if answers is None else combine(answers, weights)
        choices = [choose(distances[first : first + batch]) for first in range(0, len(images), batch)]
        return [
            Prediction(
                source=sources[index] if index < len(sources) else f"image {index + 1}",
                image=image,
                spectrum=centred_spectrum(image),
                suits=suits,
                distances=tuple(float(each) for each in choice.distances),
                chosen=suits[choice.chosen],
                margin=choice.margin,
                batch=batch,
                mode=deck.mode,
                cards=deck.cards,
                weights=tuple(float(each) for each in weights[index]),
                chosen_cards=tuple(
                    card.id for card, own in zip(self.cards, owners, strict=True) if own == choice.chosen
                ),
                classes=self.cards[0].classes,
                card_probabilities=None if answers is None else answers[:, index],
                probabilities=None if combined is None else combined[index],
            )
            for index, (image, choice) in enumerate((image, choices[k // batch]) for k, image in enumerate(images))
        ]

    def neighbours(self, image: NDArray[np.uint8], count: int) -> list[Neighbours]:
        """Return, for each suit in deck order, the `count` reference images nearest to an image, uint8 [3, H, W]."""
        return [
            Neighbours(
                suit=suit,
                distances=tuple(float(each) for each in distances),
                indices=tuple(int(each) for each in indices),
                references=len(self.gate.references[suit]),
                images=self._reference_images(suit, indices),
            )
            for suit, (distances, indices) in self.gate.nearest_references(image, count).items()
        ]

    @property
    def suits(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """The suits in deck order, and each card's place among them."""
        return suits_of([suit_label(card.recipe.augmentation) for card in self.cards])

    @property
    def lacking_images(self) -> PrepareGate | None:
        """The job that would make the reference images that are not on this machine; None where all are."""
        lacking = [self._owner(suit) for suit in self.suits[0] if not self._images_path(suit).exists()]
        if not lacking:
            return None
        augmentations = tuple(card.recipe.augmentation for card in lacking)
        return PrepareGate(data=lacking[0].recipe.data, augmentations=augmentations, options=self.gate.options)

    def _reference_images(self, suit: str, indices: NDArray[np.int64]) -> NDArray[np.uint8] | None:
        path = self._images_path(suit)
        if not path.exists():
            return None
        images = read_array(path, mapped=True)
        return np.array(images[indices]) if len(images) == len(self.gate.references[suit]) else None

    def _images_path(self, suit: str) -> Path:
        card = self._owner(suit)
        key = reference_key(card.data_digest, card.recipe.augmentation, self.gate.options)
        return self.references / reference_images_name(key)

    def _owner(self, suit: str) -> Card:
        return next(card for card in self.cards if suit_label(card.recipe.augmentation) == suit)
