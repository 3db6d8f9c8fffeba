"""The .deck file: a deck's card files byte for byte, its gate's reference spectra, and how they answer together.

It is a container like a card file (card_container.py): its `deck` section is the header below, its tensors are
`reference.0`, `reference.1` ... (float32 [M, F], in order of the suits) and then `card.<id>` (the bytes of each card
file), one after the other without gaps. It is written and read in pieces: memory is bounded by the largest card.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from card_studio.domain.gate import Floats
from card_studio.domain.ids import CardId
from card_studio.domain.job import CardLabels, DeckDefinition
from card_studio.domain.options import AugmentationOptions
from card_studio.engine.card_container import (
    Head,
    Kind,
    identity_begun,
    new_head,
    opened,
    parsed,
    read_head,
    require_whole,
    sealed,
)
from card_studio.engine.data.progress import Work
from card_studio.errors import CardFileError
from card_studio.files import replacing

DECK = Kind(section="deck", max_bytes=1 << 35)
_CHUNK_BYTES = 1 << 20
_MOST_NAME = 200
_ID = re.compile("[0-9a-f]{64}")


class DeckHeader(BaseModel):
    """The `deck` part of the file's metadata."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deck: DeckDefinition
    augmentations: tuple[AugmentationOptions, ...] = Field(min_length=1, max_length=1_000)
    """One for each suit, in deck order."""
    classes: tuple[str, ...] = Field(min_length=1)
    size: int = Field(ge=1, le=1 << 14)
    data_label: str
    data_digest: str
    packages: dict[str, str]

    @property
    def cards(self) -> tuple[CardId, ...]:
        """The deck's cards, each once."""
        return tuple(dict.fromkeys(self.deck.cards))

    @property
    def features(self) -> int:
        """The length F of a spectrum of the deck's images."""
        return self.size * (self.size // 2 + 1) * (3 if self.deck.gate.colour == "rgb" else 1)


class DeckExtras(BaseModel):
    """What people call the deck and its cards: no part of the identity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    labels: dict[CardId, CardLabels]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckFile:
    """A file that was found whole."""

    path: Path
    header: DeckHeader
    extras: DeckExtras
    places: Mapping[str, Sequence[int]]
    """Where each tensor's bytes begin and end in the file."""
    shapes: Mapping[str, Sequence[int]]

    def spectra(self, suit: int) -> Floats:
        """Return the reference spectra of a suit, float32 [M, F].

        Raises:
            CardFileError: they are not finite, or the file has shrunk.
        """
        name = reference_name(suit)
        content = b"".join(self._bytes(name))
        found: NDArray[np.float32] = np.frombuffer(content, "<f4").reshape(self.shapes[name]).astype(np.float32)
        if not np.isfinite(found).all():
            raise CardFileError(f"{self.path}: the reference spectra of suit {suit + 1} are not finite")
        return found

    def copying(self, card: CardId, target: Path) -> Work[None]:
        """Write a card's own file, yielding the share that is done.

        Raises:
            CardFileError: the file has shrunk.
            WorkspaceError: the disk is full or read-only.
        """
        (size,), done = self.shapes[card_name(card)], 0
        with replacing(target) as temporary, temporary.open("wb") as out:
            for piece in self._bytes(card_name(card)):
                out.write(piece)
                done += len(piece)
                yield done / size

    def _bytes(self, name: str) -> Iterator[bytes]:
        begin, end = self.places[name]
        with opened(self.path, DECK) as file:
            file.seek(begin)
            yield from _pieces(file, end - begin, self.path)


def reference_name(suit: int) -> str:
    """Return the name of a suit's spectra in the file."""
    return f"reference.{suit}"


def card_name(card: str) -> str:
    """Return the name of a card in the file."""
    return f"card.{card}"


def writing_deck(
    path: Path, header: DeckHeader, extras: DeckExtras, spectra: Sequence[Floats], cards: Mapping[CardId, Path]
) -> Work[None]:
    """Write a deck file, yielding the share that is done; until the last of it there is no file of that name.

    Args:
        path: the file.
        header: what the deck is.
        extras: what it and its cards are called.
        spectra: of each of the header's augmentations, float32 [M, F].
        cards: the file of each of the header's cards.

    Raises:
        CardFileError: a card's file is missing.
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    shapes: dict[str, list[int]] = {reference_name(suit): list(each.shape) for suit, each in enumerate(spectra)}
    shapes |= {card_name(card): [_size(cards[card])] for card in header.cards}
    index, data_bytes = _index(shapes)
    head = new_head(DECK, header.model_dump(mode="json"), index, extras.model_dump(mode="json"))
    digest, done = identity_begun(DECK, head), 0
    with replacing(path) as temporary, temporary.open("wb") as out:
        out.write(head.raw)
        for piece in _contents(spectra, [cards[card] for card in header.cards]):
            out.write(piece)
            digest.update(piece)
            done += len(piece)
            yield done / data_bytes
        if done != data_bytes:
            raise CardFileError(f"{path}: a card's file changed while it was read: try again")
        out.seek(0)
        out.write(sealed(head, digest.hexdigest()))


def reading_deck(path: Path) -> Work[DeckFile]:
    """Read a deck file from end to end, yielding the share that is done; return it once it is known to be whole.

    Raises:
        CardFileError: the file is missing, damaged, hostile, from another version, or no deck file.
    """
    with opened(path, DECK) as file:
        head = read_head(file, path, DECK)
        header, extras = _described(head, path)
        shapes = _shapes(head, header, path)
        index, data_bytes = _index(shapes)
        if head.index != index or path.stat().st_size != len(head.raw) + data_bytes:
            raise CardFileError(f"{path}: damaged, or cut short: get it anew")
        digest, done = identity_begun(DECK, head), 0
        for piece in _pieces(file, data_bytes, path):
            digest.update(piece)
            done += len(piece)
            yield done / data_bytes
    require_whole(head, digest.hexdigest(), path)
    places = {name: [len(head.raw) + at for at in entry["data_offsets"]] for name, entry in index.items()}
    return DeckFile(path=path, header=header, extras=extras, places=places, shapes=shapes)


def _size(path: Path) -> int:
    if not path.is_file():
        raise CardFileError(f"{path}: the card's file is missing from the workspace; make the card again")
    return path.stat().st_size


def _contents(spectra: Sequence[Floats], cards: Sequence[Path]) -> Iterator[bytes]:
    for each in spectra:
        yield np.ascontiguousarray(each, "<f4").tobytes()
    for path in cards:
        with path.open("rb") as file:
            while piece := file.read(_CHUNK_BYTES):
                yield piece


def _pieces(file: BinaryIO, count: int, path: Path) -> Iterator[bytes]:
    while count:
        piece = file.read(min(count, _CHUNK_BYTES))
        if not piece:
            raise CardFileError(f"{path}: it changed while it was read: try again")
        count -= len(piece)
        yield piece


def _index(shapes: Mapping[str, Sequence[int]]) -> tuple[dict[str, Any], int]:
    """Return the tensors' index, one after the other, and how many bytes they have."""
    index, at = {}, 0
    for name, shape in shapes.items():
        is_card = len(shape) == 1
        end = at + math.prod(shape) * (1 if is_card else 4)
        index[name] = {"dtype": "U8" if is_card else "F32", "shape": list(shape), "data_offsets": [at, end]}
        at = end
    return index, at


def _described(head: Head, path: Path) -> tuple[DeckHeader, DeckExtras]:
    try:
        header = DeckHeader.model_validate(parsed(head.meta[DECK.section], path, DECK))
        extras = DeckExtras.model_validate(parsed(head.meta["extras"], path, DECK))
    except ValidationError as error:
        raise CardFileError(f"{path}: its header has {error.error_count()} wrong entries") from error
    deck = header.deck
    for wrong, what in (
        (not deck.cards, "it holds no cards"),
        (any(not _ID.fullmatch(card) for card in deck.cards), "its cards' ids are none"),
        (deck.batch < 1, f"its gate decides on {deck.batch} images together"),
        (not 0 < deck.temperature < math.inf, f"its temperature is {deck.temperature}"),
        (not extras.name.strip() or len(extras.name) > _MOST_NAME, "its name is empty or too long"),
    ):
        if wrong:
            raise CardFileError(f"{path}: not a deck that this release can use: {what}")
    return header, extras


def _shapes(head: Head, header: DeckHeader, path: Path) -> dict[str, list[int]]:
    """Return the tensors' shapes as the file states them, as far as these are possible."""
    shapes: dict[str, list[int]] = {}
    names = [reference_name(suit) for suit in range(len(header.augmentations))]
    for name in [*names, *map(card_name, header.cards)]:
        entry = head.index.get(name)
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if not isinstance(shape, list) or any(type(each) is not int or each < 1 for each in shape):
            raise CardFileError(f"{path}: damaged: it lacks {name}")
        is_card = name not in names
        if len(shape) != (1 if is_card else 2):
            raise CardFileError(f"{path}: damaged: {name} has a wrong shape")
        if not is_card and (shape[1] != header.features or shape[0] > header.deck.gate.images):
            raise CardFileError(f"{path}: the reference spectra are {shape}, which its gate cannot have made")
        shapes[name] = shape
    return shapes
