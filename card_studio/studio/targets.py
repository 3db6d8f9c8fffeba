"""Names of card files: what can be imported, and where an exported card goes."""

from pathlib import Path

from card_studio.domain.card import Card
from card_studio.domain.job import DECK_SUFFIX
from card_studio.errors import CardFileError

CARD_SUFFIX = ".card"
IMPORTABLE = {CARD_SUFFIX: False, DECK_SUFFIX: False, ".pth": True, ".pt": True, ".safetensors": True}
"""What can be imported, by the end of its name; and whether it is foreign, so that a recipe may say how it was made."""


def card_target(card: Card, out: Path, mark: str = "") -> Path:
    """Return the file for a card: `out`, or one in it where that is a folder.

    Args:
        card: the card.
        out: the file or folder.
        mark: what the file's name in a folder says besides the card's id.

    Raises:
        CardFileError: the name does not end in .card, without which no import would take it.
    """
    target = out / f"{card.id[:12]}{mark}{CARD_SUFFIX}" if out.is_dir() else out
    if target.suffix != CARD_SUFFIX:
        raise CardFileError(
            f"{out}: not a folder that exists, and a card's file ends in {CARD_SUFFIX}: choose another name"
        )
    return target
