"""Use cases of decks that travel: out of the studio as one file, and into it."""

import math
from importlib.util import find_spec
from pathlib import Path

from card_studio.domain.card import Card
from card_studio.domain.deck import Deck, definition_of, numbered
from card_studio.domain.gate import reference_key, suit_label
from card_studio.domain.job import DECK_SUFFIX, ONNX_NEEDS, ONNX_SUFFIX, CardLabels, ExportDeck, Job, StoredReference
from card_studio.domain.run import DeckBrought
from card_studio.errors import NotFoundError, UserError
from card_studio.studio.deck_table import DeckTable

_ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")


class DeckSharing(DeckTable):
    """Decks that travel, as a front end sees them."""

    def export_deck(self, deck: Deck, out: Path) -> Job:
        """Queue the writing of a deck to one file; `queue_references` before it makes what its gate lacks.

        Args:
            deck: with references for all its suits.
            out: a .deck, which another workspace can import; or a .onnx, which other programs can run, with the gate
                inside.

        Raises:
            UserError: the deck is empty, references are missing, the file's name has another ending, or packages that
                write ONNX are not installed.
        """
        target = deck_target(out)
        cards = self._cards_of(deck)
        labels = {card.id: _labels(card) for card in cards}
        references = self._stored_references(deck, cards)
        spec = ExportDeck(name=deck.name, deck=definition_of(deck), references=references, labels=labels, out=target)
        return self.submit_all([spec])[0]

    def deck_brought_by(self, job: Job) -> Deck | None:
        """Return the deck that an import has brought, or that was there already; None for an import of cards.

        Raises:
            NotFoundError: it has been deleted or changed since.
        """
        for event in self._said_by(job):
            if isinstance(event, DeckBrought):
                names = {numbered(event.name, number) for number in range(1, len(self.decks()) + 2)}
                same = [each for each in self.decks() if each.name in names and definition_of(each) == event.deck]
                if not same:
                    raise NotFoundError(f"{job.name}: its deck was deleted or changed since")
                return min(same, key=lambda each: len(each.name))
        return None

    def _stored_references(self, deck: Deck, cards: list[Card]) -> tuple[StoredReference, ...]:
        found: dict[str, StoredReference] = {}
        for card in cards:
            augmentation, label = card.recipe.augmentation, suit_label(card.recipe.augmentation)
            if label in found:
                continue
            reference = self._library.reference(reference_key(card.data_digest, augmentation, deck.gate))
            if reference is None:
                raise UserError(f"the gate's references for {label} are not built yet")
            found[label] = StoredReference(augmentation=augmentation, spectra=reference.spectra)
        return tuple(found.values())


def deck_target(out: Path) -> Path:
    """Return where a deck is written, from the root of the disk.

    Raises:
        UserError: the file's name has another ending, it is a folder, or packages that write ONNX are not installed.
    """
    target = out.expanduser().resolve()
    if target.suffix not in (DECK_SUFFIX, ONNX_SUFFIX) or target.is_dir():
        raise UserError(
            f"{out}: not a file ending in {DECK_SUFFIX} (for another workspace) or {ONNX_SUFFIX} (for other programs): "
            "choose another name"
        )
    if target.suffix == ONNX_SUFFIX and any(find_spec(package) is None for package in _ONNX_PACKAGES):
        raise UserError(ONNX_NEEDS)
    return target


def _labels(card: Card) -> CardLabels:
    accuracy = card.validation_accuracy
    known = None if math.isnan(accuracy) else accuracy
    return CardLabels(name=card.name, notes=card.notes, validation_accuracy=known)
