"""Choose cards to look at: a searchable list with a tick for each, its suit, and one line of figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEvent, QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from card_studio.domain.card import Card
from card_studio.domain.ids import CardId
from card_studio.domain.recipe import described
from card_studio.ui.card_face import METHOD_LABELS, rank_text
from card_studio.ui.delegates import RowDelegate
from card_studio.ui.pieces import button, label, on_surface, row
from card_studio.ui.suits import draw_suit
from card_studio.ui.tables import RECORD_ROLE, Index
from card_studio.ui.theme import SPACE, Theme, font, font_px
from card_studio.ui.words import counted

_INDENT = SPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A row: a card and what the page says of it."""

    card: Card
    figures: str
    """Short, such as `robust 91.2 %`."""

    @property
    def parts(self) -> str:
        """Method, sparsity and figures in one line."""
        return " · ".join(part for part in (short_method(self.card), self.figures) if part)


def short_title(card: Card) -> str:
    """Return a card's name; one that was made of its recipe's parts is cut to what is not said beside it."""
    if card.name != described(card.recipe):
        return card.name
    return f"{card.recipe.network.name} · seed {card.recipe.seed}"


def short_method(card: Card) -> str:
    """Return method and sparsity as the literature writes them: `LRR 80 %`, or `Dense`."""
    rank = rank_text(card.sparsity)
    return METHOD_LABELS[card.method] + ("" if rank == "D" else f" {rank} %")


class PickModel(QAbstractListModel):
    """Cards with ticks; a filter hides rows, and keeps their ticks."""

    ticks_changed = Signal()
    refused = Signal()
    """A tick beyond the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self._all: list[Pick] = []
        self._rows: list[Pick] = []
        self._words: list[str] = []
        self._ticked: set[CardId] = set()
        self._touched = False

    def set_picks(self, picks: Sequence[Pick]) -> None:
        """Show these; until the user ticks something, the first ones are ticked."""
        if list(picks) == self._all:
            return
        self._all = list(picks)
        known = {pick.card.id for pick in picks}
        self._ticked &= known
        if not self._touched or not self._ticked:
            self._ticked = {pick.card.id for pick in picks[: self.limit]}
        self._show()

    def set_filter(self, text: str) -> None:
        """Show the cards in which all these words occur."""
        self._words = text.lower().split()
        self._show()

    def ticked(self) -> list[CardId]:
        """Return the ticked cards, hidden ones too, from top to bottom."""
        return [pick.card.id for pick in self._all if pick.card.id in self._ticked]

    def tick_first(self) -> None:
        """Tick the first rows on show, up to the limit, and nothing else."""
        self._touched = True
        self._ticked = {pick.card.id for pick in self._rows[: self.limit]}
        self._tell()

    def clear_ticks(self) -> None:
        """Tick nothing."""
        self._touched = True
        self._ticked = set()
        self._tell()

    def row_of(self, card: CardId) -> int | None:
        """Return a card's row, if it is on show."""
        return next((at for at, pick in enumerate(self._rows) if pick.card.id == card), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default, which is immutable
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsUserCheckable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        pick = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return pick.card.name
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if pick.card.id in self._ticked else Qt.CheckState.Unchecked
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{pick.card.name}, {pick.card.augmentation}, {pick.parts}"
        return pick if role == RECORD_ROLE else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        card = self._rows[index.row()].card.id
        tick = Qt.CheckState(value) == Qt.CheckState.Checked
        if tick and len(self._ticked) >= self.limit and card not in self._ticked:
            self.refused.emit()
            return False
        self._touched = True
        (self._ticked.add if tick else self._ticked.discard)(card)
        self.dataChanged.emit(index, index, [role])
        self.ticks_changed.emit()
        return True

    def _show(self) -> None:
        self.beginResetModel()
        self._rows = [pick for pick in self._all if self._fits(pick)]
        self.endResetModel()

    def _fits(self, pick: Pick) -> bool:
        card = pick.card
        said = (
            f"{card.name} {card.augmentation} {card.recipe.network.name} {card.id} {' '.join(card.tags)} {pick.parts}"
        )
        said = f"{said} {card.method}".lower()
        return all(word in said for word in self._words)

    def _tell(self) -> None:
        self.dataChanged.emit(self.index(0), self.index(max(0, len(self._rows) - 1)), [Qt.ItemDataRole.CheckStateRole])
        self.ticks_changed.emit()


class PickDelegate(RowDelegate):
    """A tick, a suit, a name over its figures."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, self._indented(option), index)
        left_edge = QRect(option.rect.left(), option.rect.top(), _INDENT, option.rect.height())
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(left_edge, self.theme.colour("selection"))
        if self._has_focus(index):
            painter.fillRect(left_edge.adjusted(0, 0, -_INDENT + 3, -1), self.theme.colour("focus"))
        pick: Pick = index.data(RECORD_ROLE)
        rect: QRect = option.rect
        side = font_px("body")
        left = rect.left() + _INDENT + 4 * SPACE
        draw_suit(painter, str(pick.card.augmentation), QRectF(left, rect.center().y() - side / 2, side, side))
        words = rect.adjusted(left - rect.left() + side + SPACE, SPACE // 2, -SPACE, -SPACE // 2)
        half = words.height() // 2
        for top, text, role, colour in (
            (words.top(), short_title(pick.card), "body", "text"),
            (words.top() + half, pick.parts, "small", "muted"),
        ):
            painter.setFont(font("body" if role == "body" else "small"))
            painter.setPen(self.theme.colour(colour))
            place = QRect(words.left(), top, words.width(), half)
            fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, fitted)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        return super().editorEvent(event, model, self._indented(option), index)

    def _indented(self, option: QStyleOptionViewItem) -> QStyleOptionViewItem:
        """Move the tick in from the edge."""
        moved = QStyleOptionViewItem(option)
        moved.rect = option.rect.adjusted(_INDENT, 0, 0, 0)
        return moved

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = ""  # painted in two lines instead

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(20 * SPACE, font_px("body") + font_px("small") + 2 * SPACE)


class CardPicker(QWidget):
    """The list at the left of a page of plots."""

    edited = Signal()
    """Other cards are ticked."""
    chosen = Signal(str)
    """The card on which the cursor is."""

    def __init__(self, theme: Theme, limit: int, purpose: str) -> None:
        super().__init__()
        self.model = PickModel(limit)
        self.model.setParent(self)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find cards")
        self.search.setAccessibleName("Find cards by name, method, augmentation or tag")
        self.search.setClearButtonEnabled(True)
        self.view = QListView()
        self.view.setAccessibleName(f"Cards {purpose}; Space ticks")
        self.view.setModel(self.model)
        self.view.setItemDelegate(PickDelegate(theme, self.view))
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setUniformItemSizes(True)
        self.count = label("", "caption", wrap=True)
        self._quiet = False
        self._build()
        self.search.textChanged.connect(self._on_searched)
        self.model.ticks_changed.connect(self._on_ticked)
        self.model.refused.connect(lambda: self.count.setText(f"At most {limit} cards side by side: untick one first"))
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.setFocusProxy(self.view)

    def set_cards(self, cards: Sequence[Card], figures: Callable[[Card], str]) -> None:
        """Show these cards, keeping ticks and cursor."""
        current = self.current()
        self.model.set_picks([Pick(card=card, figures=figures(card)) for card in cards])
        if current is not None:
            self.select(current)
        self._say()

    def ticked(self) -> list[CardId]:
        """Return the ticked cards."""
        return self.model.ticked()

    def current(self) -> CardId | None:
        """Return the card on which the cursor is."""
        pick = self.view.currentIndex().data(RECORD_ROLE)
        return pick.card.id if pick is not None else None

    def select(self, card: CardId) -> None:
        """Put the cursor on a card, without a signal."""
        at = self.model.row_of(card)
        if at is None or card == self.current():
            return
        self._quiet = True
        self.view.setCurrentIndex(self.model.index(at))
        self._quiet = False

    def _build(self) -> None:
        some = button("First ones", self.model.tick_first, tip=f"Tick the first {self.model.limit} in the list")
        none = button("None", self.model.clear_ticks, tip="Tick nothing")
        layout = QVBoxLayout(on_surface(self))
        layout.setContentsMargins(0, 0, 0, SPACE)
        layout.setSpacing(SPACE)
        head = row(self.search)
        head.setContentsMargins(SPACE * 3 // 2, SPACE, SPACE * 3 // 2, 0)
        foot = row(some, none, None)
        foot.setContentsMargins(SPACE * 3 // 2, 0, SPACE, 0)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        self.count.setContentsMargins(SPACE * 3 // 2, 0, SPACE, 0)
        layout.addWidget(self.count)
        layout.addLayout(foot)

    def _say(self) -> None:
        total, ticked = self.model.rowCount(), len(self.model.ticked())
        self.count.setText(f"{ticked} of {counted(total, 'card')} ticked, at most {self.model.limit}")

    def _on_searched(self, text: str) -> None:
        self.model.set_filter(text)
        self._say()

    def _on_ticked(self) -> None:
        self._say()
        self.edited.emit()

    def _on_current(self, index: QModelIndex) -> None:
        pick = index.data(RECORD_ROLE)
        if pick is not None and not self._quiet:
            self.chosen.emit(pick.card.id)
