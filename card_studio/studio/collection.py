"""Use cases of the collection: find cards, describe them, read what was measured of them, take them out."""

import shutil
from collections.abc import Collection as Several
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from card_studio.domain.card import Card, CardQuery, Evaluation, SensitivityMap
from card_studio.domain.ids import CardId, ContentHash, JobId
from card_studio.domain.run import Environment
from card_studio.errors import CardFileError
from card_studio.files import replacing
from card_studio.studio.core import Core
from card_studio.studio.targets import card_target


class Collection(Core):
    """The cards, as a front end sees them."""

    def cards(self, query: CardQuery | None = None) -> list[Card]:
        """Return the cards that a query asks for, newest first by default."""
        return self._library.cards(query or CardQuery())

    def count_cards(self, query: CardQuery | None = None) -> int:
        """Return how many cards a query finds, whatever its page."""
        return self._library.count(query or CardQuery())

    def card(self, card_id: str) -> Card:
        """Return one card by its id, or by the first characters of it.

        Raises:
            NotFoundError: no card, or more than one, begins like that.
        """
        return self._library.card(card_id)

    def set_tags(self, cards: Sequence[CardId], tags: Sequence[str]) -> None:
        """Give cards these tags in place of those they have."""
        self._library.set_tags(cards, tags)

    def set_notes(self, card: CardId, notes: str) -> None:
        """Write down what is worth remembering of a card."""
        self._library.set_notes(card, notes)

    def rename(self, card: CardId, name: str) -> None:
        """Call a card by another name; its identity stays."""
        self._library.rename(card, name)

    def evaluations(self, cards: Several[CardId] | None = None) -> list[Evaluation]:
        """Return the latest evaluation of each card on each suite, of these cards or of all."""
        return self._library.evaluations(cards)

    def maps(self, cards: Several[CardId] | None = None) -> list[SensitivityMap]:
        """Return the sensitivity maps of these cards or of all, newest first."""
        return self._library.maps(cards)

    def environments(self, jobs: Several[JobId]) -> dict[JobId, Environment]:
        """Return what each of these jobs last ran on, as far as it was recorded: their results depend on it."""
        return self._ledger.environments(jobs)

    def array(self, content: ContentHash) -> NDArray[Any]:
        """Return a stored array, memory-mapped.

        Raises:
            WorkspaceError: it is missing or damaged.
        """
        return self._artifacts.array(content)

    def card_file(self, card_id: CardId) -> Path:
        """Return where a card's file lies.

        Raises:
            CardFileError: it is not there.
        """
        path = self.path / "cards" / f"{card_id}.card"
        if not path.exists():
            raise CardFileError(f"{path}: the card's file is missing from the workspace; make the card again")
        return path

    def export_card(self, card_id: str, out: Path) -> Path:
        """Copy a card's file to `out`, or into it where it is a folder; return where it went.

        Raises:
            NotFoundError: there is no such card.
            CardFileError: its file is not there, or the name does not end in .card.
            WorkspaceError: it cannot be written there.
        """
        card = self.card(card_id)
        target = card_target(card, out)
        with replacing(target) as temporary:
            shutil.copyfile(self.card_file(card.id), temporary)
        return target
