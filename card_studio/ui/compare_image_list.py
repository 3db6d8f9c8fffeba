"""Images on which cards disagree: each as a picture with its true class and every card's answer and probability."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from card_studio.studio.disagreement import Disagreements
from card_studio.ui.card_paint import rounded
from card_studio.ui.compare_data import Seen
from card_studio.ui.compare_labels import short_labels
from card_studio.ui.deck_pictures import image_of
from card_studio.ui.suits import draw_suit
from card_studio.ui.tables import RECORD_ROLE, Index
from card_studio.ui.theme import SPACE, Theme, font, font_px
from card_studio.ui.words import percent

_PICTURE = 13 * SPACE
_ACROSS_IN_PRINT = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """An item: an image, its picture, and the question it came from."""

    seen: Seen
    image: QImage | None
    found: Disagreements
    labels: tuple[str, ...]

    @property
    def truth(self) -> str:
        """The true class."""
        return self.found.classes[self.seen.found.truth]

    @property
    def words(self) -> str:
        """All of it in words."""
        own = self.seen.found
        said = [f"{self.truth}, image {own.image}, {self.found.cell_words(own.cell)}"]
        said.append(f"disagreement {percent(own.divergence, 0)} %")
        for card, label, answer in zip(self.found.cards, self.labels, own.answers, strict=True):
            verdict = "right" if answer.right else "wrong"
            name = self.found.classes[answer.label]
            said.append(f"{card.augmentation} {label}: {name} {percent(answer.probability, 0)} %, {verdict}")
        return "; ".join(said)


class ImageModel(QAbstractListModel):
    """The images that were read so far; more are asked for when the end is in view."""

    wanted = Signal(int)
    """More images, from this one on."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Disagreements | None = None
        self.items: list[Shown] = []
        self._asked = False

    def show(self, found: Disagreements | None) -> None:
        """Begin with another question's images."""
        self.beginResetModel()
        self.found, self.items, self._asked = found, [], False
        self.endResetModel()

    def add(self, images: Sequence[Seen]) -> None:
        """Append images that were asked for."""
        assert self.found is not None
        labels = short_labels(self.found.cards)
        self._asked = False
        if not images:
            return
        self.beginInsertRows(QModelIndex(), len(self.items), len(self.items) + len(images) - 1)
        for each in images:
            picture = None if each.picture is None else image_of(each.picture)
            self.items.append(Shown(seen=each, image=picture, found=self.found, labels=labels))
        self.endInsertRows()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() else len(self.items)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._asked and self.found is not None and len(self.items) < len(self.found)

    def fetchMore(self, _parent: Index) -> None:
        self._asked = True
        self.wanted.emit(len(self.items))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self.items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return item.truth
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return item.words
        return item if role == RECORD_ROLE else None


class ImageDelegate(QStyledItemDelegate):
    """Paints an item: the picture at the left, the true class and the cards' answers at the right."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return self._view.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect.adjusted(SPACE // 2, SPACE // 2, -SPACE // 2, -SPACE // 2)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.colour("selection"))
        if self._view.hasFocus() and self._view.currentIndex() == index:
            painter.setPen(self._theme.colour("focus"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        paint_item(painter, self._theme, rect.adjusted(SPACE, SPACE, -SPACE, -SPACE), index.data(RECORD_ROLE))


def item_size(cards: int) -> QSize:
    """Return the least room that an item takes."""
    lines = font_px("body") + 8 + cards * _line_height() + font_px("small") + 6
    return QSize(round(font_px("body") * 26), max(_PICTURE, lines) + 3 * SPACE)


def paint_item(painter: QPainter, theme: Theme, rect: QRect, item: Shown) -> None:
    """Draw an item into a rectangle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    square = QRectF(rect.left(), rect.top(), _PICTURE, _PICTURE)
    if item.image is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("hover"))
        painter.drawPath(rounded(square, 3))
    else:
        painter.drawImage(square, item.image)
    own = item.seen.found
    words = rect.adjusted(_PICTURE + 3 * SPACE // 2, 0, 0, 0)
    line = QRect(words.left(), words.top(), words.width(), font_px("body") + 4)
    _text(painter, theme, line, item.truth, "text", bold=True)
    top = line.bottom() + 5
    names = _widest(item.labels)
    for at, (label, answer) in enumerate(zip(item.labels, own.answers, strict=True)):
        place = QRect(words.left(), top + at * _line_height(), words.width(), _line_height())
        suit, name = str(item.found.cards[at].augmentation), item.found.classes[answer.label]
        _answer(painter, theme, place, (suit, label, name), answer.probability, right=answer.right, names=names)
    below = QRect(words.left(), top + len(item.labels) * _line_height() + 2, words.width(), font_px("small") + 4)
    _text(
        painter,
        theme,
        below,
        f"{percent(own.divergence, 0)} % · {item.found.cell_words(own.cell)} · image {own.image:,}",
        "muted",
        role_small=True,
    )


def _answer(
    painter: QPainter,
    theme: Theme,
    place: QRect,
    said: tuple[str, str, str],
    probability: float,
    *,
    right: bool,
    names: int,
) -> None:
    """Draw a card's suit, label, answer, and probability as a bar and a figure; labels take `names` pixels."""
    suit, label, name = said
    side = font_px("small")
    draw_suit(painter, suit, QRectF(place.left(), place.center().y() - side / 2, side, side))
    first = QRect(place.left() + side + 5, place.top(), names, place.height())
    _text(painter, theme, first, label, "muted", role_small=True)
    figures = round(font_px("small") * 3.9)
    second = QRect(first.right() + 6, place.top(), place.right() - first.right() - figures - 6, place.height())
    colour = "positive" if right else "negative"
    _text(painter, theme, second, ("✓ " if right else "✗ ") + name, colour)
    bar = QRectF(second.left(), place.bottom() - 2, (second.width() + figures) * probability, 2)
    painter.fillRect(bar, theme.colour(colour))
    last = QRect(place.right() - figures, place.top(), figures, place.height())
    _text(painter, theme, last, f"{percent(probability, 0)} %", "text", right=True)


def _widest(labels: Sequence[str]) -> int:
    metrics = QFontMetrics(font("small"))
    return min(max(metrics.horizontalAdvance(label) for label in labels) + 4, 9 * font_px("small"))


def _text(
    painter: QPainter,
    theme: Theme,
    place: QRect,
    text: str,
    colour: str,
    *,
    bold: bool = False,
    role_small: bool = False,
    right: bool = False,
) -> None:
    painter.setFont(font("small" if role_small else "body", bold))
    painter.setPen(theme.colour(colour))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, int(side | Qt.AlignmentFlag.AlignVCenter), fitted)


def _line_height() -> int:
    return font_px("body") + 7


class ImageList(QListView):
    """The images in rows; arrow keys go through them, and more come as one scrolls."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Images on which the cards disagree")
        self.model_ = ImageModel()
        self.model_.setParent(self)
        self.setModel(self.model_)
        self.setItemDelegate(ImageDelegate(theme, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self.viewport().update)
        self.model_.modelReset.connect(self._lay_out)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()
        super().resizeEvent(event)

    def _lay_out(self) -> None:
        """Share the width among as many items as fit."""
        found = self.model_.found
        least = item_size(len(found.cards) if found is not None else 2)
        room = self.viewport().width() - 1
        self.setGridSize(QSize(max(least.width(), room // max(1, room // least.width())), least.height()))

    def contact_sheet(self) -> "ContactSheet":
        """Return what goes into a picture: every image that was read so far."""
        return ContactSheet(self._theme, self.model_)


class ContactSheet:
    """All images that were read, for a picture, also those that are scrolled out of view."""

    def __init__(self, theme: Theme, model: ImageModel) -> None:
        self._theme, self._model = theme, model

    def size(self) -> QSize:
        """Return the room that all items need."""
        one, count = self._one(), len(self._model.items)
        return QSize(min(count, _ACROSS_IN_PRINT) * one.width(), -(-count // _ACROSS_IN_PRINT) * one.height())

    def render(self, painter: QPainter, at: QPoint) -> None:
        """Draw them in rows."""
        one = self._one()
        for number, item in enumerate(self._model.items):
            row, column = divmod(number, _ACROSS_IN_PRINT)
            place = QRect(at.x() + column * one.width(), at.y() + row * one.height(), one.width(), one.height())
            paint_item(painter, self._theme, place.adjusted(SPACE, SPACE, -SPACE, -SPACE), item)

    def _one(self) -> QSize:
        return item_size(len(self._model.items[0].labels) if self._model.items else 2)
