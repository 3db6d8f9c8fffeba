"""What a drag carries on the deck page: cards between hand and tables, or pictures from anywhere."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QImage, QPixmap
from PySide6.QtWidgets import QWidget

from card_studio.domain.ids import CardId
from card_studio.studio.targets import IMPORTABLE

CARDS_MIME = "application/x-card-studio-cards"
Source = Path | QImage | str
"""A file or folder, an image of another program, or a web address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Cards on their way."""

    cards: tuple[CardId, ...]
    deck: int | None = None
    """The deck whose table they come from; None from the hand."""
    indices: tuple[int, ...] = ()
    """Their places on that table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Pictures that were dropped or pasted."""

    sources: tuple[Source, ...]
    problem: str = ""
    """Why there are none."""


def cards_mime(carried: Carried) -> QMimeData:
    """Pack cards for a drag."""
    mime = QMimeData()
    content = {"cards": carried.cards, "deck": carried.deck, "indices": carried.indices}
    mime.setData(CARDS_MIME, QByteArray(json.dumps(content).encode()))
    return mime


def carried_cards(mime: QMimeData) -> Carried | None:
    """Return the cards that a drag carries; None where it carries something else."""
    if not mime.hasFormat(CARDS_MIME):
        return None
    try:
        content = json.loads(bytes(mime.data(CARDS_MIME).data()))
        cards = tuple(CardId(str(each)) for each in content["cards"])
        deck = None if content["deck"] is None else int(content["deck"])
        return Carried(cards=cards, deck=deck, indices=tuple(int(each) for each in content["indices"]))
    except (ValueError, KeyError, TypeError):  # another program's data under our name
        return None


def may_hold_pictures(mime: QMimeData) -> bool:
    """Return whether a drag is worth looking into: it holds files, an address or an image, and nothing to import."""
    files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if mime.hasFormat(CARDS_MIME) or any(file.suffix.lower() in IMPORTABLE for file in files):
        return False
    return mime.hasUrls() or mime.hasImage()


def pictures_of(mime: QMimeData) -> Pictures:
    """Return the pictures of a drop or of the clipboard: files first, then the image itself, then addresses.

    A browser drags an address, mostly together with the image: then the image is taken.
    """
    urls = mime.urls()
    local = tuple(Path(url.toLocalFile()) for url in urls if url.isLocalFile())
    if local:
        return Pictures(sources=local)
    if mime.hasImage():
        return _image(mime.imageData())
    web = tuple(url.toString() for url in urls if url.scheme() in ("http", "https"))
    if web:
        return Pictures(sources=web)
    if urls and urls[0].scheme() == "data":
        return _image(QImage.fromData(_inline(urls[0])))
    if urls:
        return Pictures(
            sources=(),
            problem=f"{urls[0].toString()}: only files, images and web addresses can be read; save the image first",
        )
    return Pictures(sources=(), problem="there is no picture on the clipboard: copy an image or image files first")


def _image(image: object) -> Pictures:
    if isinstance(image, QPixmap):
        image = image.toImage()
    if isinstance(image, QImage) and not image.isNull():
        return Pictures(sources=(image,))
    return Pictures(sources=(), problem="the image that was dropped is empty or damaged: save it, then drop the file")


def _inline(url: QUrl) -> bytes:
    """Return what an address carries in itself, as `data:image/png;base64,...`; nothing where that is damaged."""
    head, _, body = url.toString(QUrl.ComponentFormattingOption.FullyEncoded).partition(",")
    data = unquote_to_bytes(body)
    try:
        return b64decode(data) if head.endswith(";base64") else data
    except ValueError:
        return b""


Carry = Callable[[QWidget, QMimeData, QPixmap, QPoint], Qt.DropAction]


def carry(source: QWidget, mime: QMimeData, picture: QPixmap, hot_spot: QPoint) -> Qt.DropAction:
    """Let the user drag `mime` until it is dropped or Escape is pressed; return what came of it."""
    drag = QDrag(source)
    drag.setMimeData(mime)
    drag.setPixmap(picture)
    drag.setHotSpot(hot_spot)
    return drag.exec(Qt.DropAction.MoveAction | Qt.DropAction.CopyAction, Qt.DropAction.MoveAction)
