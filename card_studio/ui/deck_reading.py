"""Work of the preview that is done in threads: reading pictures, and asking the gate about them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage

from card_studio.domain.deck import Deck
from card_studio.domain.names import SEVERITIES, AnyCorruption, CorruptionName
from card_studio.domain.prediction import Prediction
from card_studio.errors import UserError
from card_studio.pictures import PICTURE_SUFFIXES
from card_studio.studio.dealing import DealerClient
from card_studio.studio.fetching import fetched
from card_studio.studio.workspace import Workspace
from card_studio.ui.deck_mime import Source

MOST_PICTURES = 500
"""Of a folder; the rest is left out, and that is said."""
Images = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """Pictures as the networks see them, and which could not be read."""

    images: Images
    """uint8 [N, 3, H, W]; N may be 0."""
    names: tuple[str, ...]
    refused: tuple[str, ...]
    """One line for each file that is no image."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reasons:
    """What the gate says of images, each by itself and all as one batch."""

    singly: tuple[Prediction, ...]
    together: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """Pictures, and what the gate says of them at once."""

    read: Read
    reasons: Reasons | None = None
    """None where there is no picture, or no gate."""
    problem: str = ""
    """Why the gate says nothing."""


def look_at(workspace: Workspace, deck: Deck, read: Read) -> Look:
    """Ask the gate about pictures that were just read."""
    if not len(read.images):
        return Look(read=read)
    try:
        return Look(read=read, reasons=ask_gate(workspace, deck, read.images, read.names))
    except UserError as error:
        return Look(read=read, problem=str(error))


def read_sources(workspace: Workspace, deck: Deck, sources: Sequence[Source]) -> Read:
    """Read pictures one by one, so that a bad one does not spoil the rest.

    Raises:
        UserError: the deck is empty, so that the size of its images is not known.
    """
    if not deck.cards:
        raise UserError("put a card on the table first: it says how large the images are to be")
    images: list[Images] = []
    names: list[str] = []
    refused: list[str] = []
    for source, name in _expanded(sources, refused):
        try:
            images.append(workspace.pictures(deck, [content_of(source)], names=[name])[0])
            names.append(name)
        except UserError as error:
            refused.append(str(error))
    stacked = np.stack(images) if images else np.zeros((0, 3, 1, 1), np.uint8)
    return Read(images=stacked, names=tuple(names), refused=tuple(refused))


def read_samples(workspace: Workspace, deck: Deck, corruption: CorruptionName | None, severity: int) -> Read:
    """Take images of the suite that the deck is scored on.

    Raises:
        UserError: the deck is empty, or no card of it was evaluated on this machine yet.
    """
    images = workspace.samples(deck, corruption, severity)
    kind = f"{corruption.replace('_', ' ')} {severity}" if corruption else "test image"
    return Read(images=images, names=tuple(f"#{k + 1} {kind}" for k in range(len(images))), refused=())


def ask_gate(workspace: Workspace, deck: Deck, images: Images, names: Sequence[str]) -> Reasons:
    """Ask the gate; needs no network.

    Raises:
        UserError: references are missing.
    """
    singly = tuple(workspace.explain(deck, images, sources=names, batch=1))
    if len(images) == 1:
        return Reasons(singly=singly, together=singly)
    return Reasons(singly=singly, together=tuple(workspace.explain(deck, images, sources=names, batch=len(images))))


def corrupted(workspace: Workspace, dealer: DealerClient, images: Images, name: AnyCorruption) -> list[Images]:
    """Return the images under a corruption at each severity; the originals first, as severity 0.

    Raises:
        UserError: it is one's own, and is gone or fails; or the dealer ended.
    """
    how = workspace.corruption(name)
    return [images, *(dealer.corrupt(images, how, severity) for severity in SEVERITIES)]


def _expanded(sources: Sequence[Source], refused: list[str]) -> Iterator[tuple[Source, str]]:
    """Yield the pictures with their names: a folder's pictures in its place, in order of their paths."""
    left = MOST_PICTURES
    for source in sources:
        if not isinstance(source, Path):
            yield source, name_of(source)
            continue
        files = [source]
        if source.is_dir():
            found = sorted(path for path in source.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
            files = found[:left]
            if not found:
                refused.append(f"{source.name}: no image files in this folder")
            elif len(found) > left:
                refused.append(f"{source.name}: the first {left} of {len(found)} images are shown")
        for path in files:
            left -= 1
            yield path, path.name


def content_of(source: Source) -> Path | bytes:
    """Return what can be decoded: a file's path, or bytes. A web address is fetched now.

    Raises:
        UserError: the address gives nothing.
    """
    if isinstance(source, QImage):
        return png_bytes(source)
    return fetched(source) if isinstance(source, str) else source


def name_of(source: Source) -> str:
    """Return what to call a picture."""
    if isinstance(source, QImage):
        return "pasted image"
    return source.name if isinstance(source, Path) else PurePosixPath(urlsplit(source).path).name or source


def png_bytes(image: QImage) -> bytes:
    """Return an image as the bytes of a PNG file."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub forgets that a device is allowed
    return bytes(data.data())
