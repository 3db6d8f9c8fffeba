"""Use cases of the gallery: sample images, and a warm child that corrupts and augments pictures."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, CardQuery, Evaluation
from card_studio.domain.gate import cell_name
from card_studio.files import read_array
from card_studio.settings import Settings
from card_studio.studio.dealing import DealerClient
from card_studio.studio.deck_asking import DeckAsking

SAMPLES = 24
_LOOKED_THROUGH = 500
"""The newest cards, whose datasets are offered."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Some test images of a dataset."""

    label: str
    """What the dataset is called."""
    images: NDArray[np.uint8]
    """[N, 3, H, W]."""
    names: tuple[str, ...]
    """What to call each image: its class, where that is known."""


class Gallery(DeckAsking):
    """Pictures, as a front end sees them."""

    def __init__(self, path: Path | str | None = None, *, settings: Settings | None = None) -> None:
        """Open the workspace at `path`, made if it is not there; by default the one in the settings.

        Raises:
            WorkspaceError: the folder cannot be written, or its database is foreign, newer, or on a network.
        """
        super().__init__(path, settings=settings)
        self._picture_dealer: DealerClient | None = None
        self._picture_lock = threading.Lock()

    def picture_dealer(self) -> DealerClient:
        """Return the warm child without cards, which makes pictures; started now if it is not at hand or ended."""
        with self._picture_lock:
            if self._picture_dealer is not None and self._picture_dealer.ended:
                self._close_picture_dealer()
            if self._picture_dealer is None:
                self._picture_dealer = DealerClient(self.path / "dealer.log")
            return self._picture_dealer

    def sample_datasets(self) -> list[Samples]:
        """Return test images of each dataset whose images were made on this machine, the newest card's first."""
        newest: dict[str, list[Card]] = {}
        for card in self.cards(CardQuery(limit=_LOOKED_THROUGH)):
            newest.setdefault(card.data_digest, []).append(card)
        found = (self._samples_of(cards) for cards in newest.values())
        return [each for each in found if each is not None]

    def rendered_samples(self) -> Samples:
        """Return test images of the embedded dataset, rendered by the picture dealer; waits until that is warm.

        Raises:
            UserError: the dealer ended.
        """
        images = self.picture_dealer().render(SAMPLES)
        return Samples(label="shapes", images=images, names=tuple(f"scene {k + 1}" for k in range(SAMPLES)))

    def close(self) -> None:
        """End what this workspace started for itself; jobs and their host go on."""
        super().close()
        with self._picture_lock:
            self._close_picture_dealer()

    def _close_picture_dealer(self) -> None:
        if self._picture_dealer is not None:
            self._picture_dealer.close()
            self._picture_dealer = None

    def _samples_of(self, cards: list[Card]) -> Samples | None:
        by_id = {card.id: card for card in cards}
        for evaluation in self.evaluations(tuple(by_id)):
            path = self.path / "cache" / "suites" / cell_name(evaluation.suite, evaluation.data_digest, None, 0)
            if path.exists():
                card = by_id[evaluation.card_id]
                images = np.array(read_array(path, mapped=True)[:SAMPLES])
                names = self._class_names(card, evaluation, len(images))
                return Samples(label=card.data_label, images=images, names=names)
        return None

    def _class_names(self, card: Card, evaluation: Evaluation, count: int) -> tuple[str, ...]:
        labels = self.array(evaluation.labels)[:count]
        return tuple(card.classes[int(label)] for label in labels)
