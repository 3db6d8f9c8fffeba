"""Cards as a table that is read from the database page by page, filtered and sorted there."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from card_studio.domain.card import Card, CardOrder, CardQuery
from card_studio.domain.ids import short
from card_studio.ui.bridge import Bridge
from card_studio.ui.delegates import RowDelegate
from card_studio.ui.suits import draw_suit
from card_studio.ui.tables import RECORD_ROLE, Column, Index, RecordModel
from card_studio.ui.theme import SPACE, font_px
from card_studio.ui.words import NONE, kilobytes, moment, percent

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

PAGE = 200
"""Cards that are read at once."""
FLAG = "† "
"""Before a number whose definition is not the standard one."""

_CLEAN_TIP = "Accuracy on the test images of the latest suite, uncorrupted"
_ROBUST_TIP = "Mean accuracy over the corruptions and severities of the latest suite; † is not the standard 15 x 5"


def robust_text(card: Card) -> str:
    """Return robust accuracy, flagged where it is not of the standard suite."""
    flag = FLAG if card.suite is not None and not card.suite.standard else ""
    return flag + percent(card.robust_accuracy)


COLUMNS: tuple[Column[Card], ...] = (
    Column(key="name", header="Card", text=lambda card: card.name, width=190),
    Column(key="method", header="Method", text=lambda card: str(card.method), width=64),
    Column(key="augmentation", header="Augmentation", text=lambda card: str(card.augmentation), width=102),
    Column(key="network", header="Network", text=lambda card: str(card.recipe.network.name), width=90, shown=False),
    Column(
        key="sparsity",
        header="Sparsity (%)",
        text=lambda card: percent(card.sparsity),
        figures=True,
        width=92,
        tip="Measured share of prunable weights that are zero",
    ),
    Column(
        key="clean",
        header="Clean (%)",
        text=lambda card: percent(card.clean_accuracy),
        figures=True,
        width=78,
        tip=_CLEAN_TIP,
    ),
    Column(key="robust", header="Robust (%)", text=robust_text, figures=True, width=84, tip=_ROBUST_TIP),
    Column(
        key="bytes",
        header="Size (kB)",
        text=lambda card: kilobytes(card.file_bytes),
        figures=True,
        width=76,
        tip="The card's file; 1 kB is 1,000 bytes",
    ),
    Column(key="data", header="Data", text=lambda card: card.data_label, width=84),
    Column(key="tags", header="Tags", text=lambda card: ", ".join(card.tags), width=56),
    Column(key="created", header="Made", text=lambda card: moment(card.created_at), figures=True, width=112),
    Column(
        key="validation",
        header="Validation (%)",
        text=lambda card: percent(card.validation_accuracy),
        figures=True,
        width=104,
        shown=False,
        tip="Accuracy on validation images when it was made",
    ),
    Column(
        key="epochs",
        header="Epochs",
        text=lambda card: f"{card.total_epochs:g}",
        figures=True,
        width=70,
        shown=False,
        tip="Epochs trained in all, earlier levels included",
    ),
    Column(key="level", header="Level", text=lambda card: f"{card.level}", figures=True, width=60, shown=False),
    Column(key="seed", header="Seed", text=lambda card: f"{card.recipe.seed}", figures=True, width=60, shown=False),
    Column(
        key="kept",
        header="Kept weights",
        text=lambda card: f"{card.kept_weights:,}",
        figures=True,
        width=100,
        shown=False,
    ),
    Column(
        key="reference",
        header="Reference (kB)",
        text=lambda card: kilobytes(card.reference_bytes),
        figures=True,
        width=108,
        shown=False,
        tip="The size that information theory allows",
    ),
    Column(key="map", header="Map", text=lambda card: "yes" if card.has_map else NONE, width=60, shown=False),
    Column(key="id", header="Id", text=lambda card: short(card.id), width=90, shown=False),
)
SORTABLE: dict[str, CardOrder] = {name: name for name in get_args(CardOrder)}
"""Columns by which the database can sort."""


class CardsModel(RecordModel[Card]):
    """A query's cards, as far as they have been scrolled to."""

    counted = Signal(int)
    """How many cards the query finds, loaded or not."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(COLUMNS, lambda card: card.id)
        self._bridge = bridge
        self.query = CardQuery()
        self.total = 0
        self._fetching = False

    def set_query(self, query: CardQuery) -> None:
        """Show what another query finds, from its beginning; the rows on show stay until the answer is there."""
        self.query = query
        self._ask(PAGE, fresh=True)

    def refresh(self) -> None:
        """Read again what is loaded."""
        self._ask(max(PAGE, self.rowCount()), fresh=False)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self.rowCount() < self.total and not self._fetching

    def fetchMore(self, parent: Index) -> None:
        if not self.canFetchMore(parent):
            return
        self._fetching = True
        workspace, query = self._bridge.workspace, replace(self.query, offset=self.rowCount(), limit=PAGE)
        self._bridge.ask(
            lambda: workspace.cards(query),
            lambda cards: self._on_page(query, cards),
            owner=self,
            failed=self._on_failed,
        )

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        key = self.columns[column].key if 0 <= column < len(self.columns) else ""
        if key in SORTABLE:
            descending = order == Qt.SortOrder.DescendingOrder
            self.set_query(replace(self.query, order=SORTABLE[key], descending=descending))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and self.columns[index.column()].key in ("clean", "robust"):
            suite = self.record(index.row()).suite
            return suite.definition if suite is not None else "Not evaluated yet"
        return super().data(index, role)

    def _ask(self, limit: int, *, fresh: bool) -> None:
        workspace, query = self._bridge.workspace, replace(self.query, offset=0, limit=limit)
        self._bridge.ask(
            lambda: _page(workspace, query), lambda page: self._on_rows(*page, fresh=fresh), owner=self, key="rows"
        )

    def _on_rows(self, total: int, cards: list[Card], *, fresh: bool) -> None:
        self.total = total
        known = {card.id for card in self._records}
        if fresh and not known.issuperset(card.id for card in cards):
            self.beginResetModel()
            self._records = cards
            self.endResetModel()
        else:
            self.set_records(cards)
        self.counted.emit(total)

    def _on_page(self, query: CardQuery, cards: list[Card]) -> None:
        self._fetching = False
        if replace(query, offset=0, limit=None) != replace(self.query, offset=0, limit=None):
            return
        known = {card.id for card in self._records}
        new = [card for card in cards if card.id not in known]
        if new and query.offset == self.rowCount():
            self.beginInsertRows(QModelIndex(), self.rowCount(), self.rowCount() + len(new) - 1)
            self._records += new
            self.endInsertRows()

    def _on_failed(self, text: str) -> None:
        self._fetching = False
        self._bridge.failed.emit(text)


def _page(workspace: "Workspace", query: CardQuery) -> tuple[int, list[Card]]:
    return workspace.count_cards(query), workspace.cards(query)


class CardNameDelegate(RowDelegate):
    """A card's suit and name."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        card = index.data(RECORD_ROLE)
        rect: QRect = option.rect
        side = font_px("body")
        box = QRectF(rect.left() + SPACE * 3 // 2, rect.center().y() - side / 2, side, side)
        draw_suit(painter, str(card.augmentation), box)

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = "      " + option.text
