"""The hand as a list model: it knows how many cards there are, and fetches pages of them as they come into view."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from card_studio.domain.card import CardQuery
from card_studio.domain.ids import CardId
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_face import Face
from card_studio.ui.deck_faces import FaceStore, load_faces
from card_studio.ui.deck_mime import CARDS_MIME, Carried, cards_mime

PAGE = 48
FACE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""The row's Face; None while it is being fetched."""
_Index = QModelIndex | QPersistentModelIndex


class HandModel(QAbstractListModel):
    """Cards that a query finds, by row."""

    recounted = Signal()
    """The number of cards is known, anew."""

    def __init__(self, bridge: Bridge, store: FaceStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._store = store
        self._query = CardQuery()
        self._count = 0
        self._pages: dict[int, list[Face]] = {}
        self._asked: set[int] = set()
        self._another = False
        self.counted = False
        """Whether the number of cards is known yet."""

    @property
    def query(self) -> CardQuery:
        """What is shown, and in which order."""
        return self._query

    def set_query(self, query: CardQuery) -> None:
        """Show other cards, or in another order."""
        self._query = query
        self._another = True
        self._count_anew()

    def refresh(self) -> None:
        """Fetch the count and the pages in use anew; what is shown stays until the answer is there."""
        self._count_anew()

    def face(self, row: int) -> Face | None:
        """Return a row's face; if it is not at hand, ask for its page."""
        page = row // PAGE
        found = self._pages.get(page)
        if found is None:
            self._fetch(page)
            return None
        within = row - page * PAGE
        return found[within] if within < len(found) else None

    def row_of(self, card: CardId) -> int:
        """Return the row of a card among the pages at hand; -1 if it is not there."""
        for page, faces in self._pages.items():
            for within, face in enumerate(faces):
                if face.id == card:
                    return page * PAGE + within
        return -1

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of cards."""
        return 0 if parent.isValid() else self._count

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        """Return a card's face, or its words."""
        if not index.isValid() or index.row() >= self._count:
            return None
        if role == FACE_ROLE:
            return self.face(index.row())
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            face = self.face(index.row())
            return "fetching" if face is None else face.spoken
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Cards can be selected and dragged."""
        able = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return able if index.isValid() else Qt.ItemFlag.NoItemFlags

    def mimeTypes(self) -> list[str]:
        """Return the kinds of data that a drag from here carries."""
        return [CARDS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the cards at these rows, packed for a drag."""
        faces = [self.face(index.row()) for index in sorted(indexes, key=QModelIndex.row)]
        return cards_mime(Carried(cards=tuple(face.id for face in faces if face)))

    def roleNames(self) -> dict[int, QByteArray]:
        """Return the roles with the face's."""
        return {**super().roleNames(), FACE_ROLE: QByteArray(b"face")}

    def _count_anew(self) -> None:
        workspace, query = self._bridge.workspace, self._query
        self._bridge.ask(lambda: workspace.count_cards(query), self._on_counted, owner=self, key="count")

    def _on_counted(self, count: int) -> None:
        self.counted = True
        if self._another:
            self._another = False
            self.beginResetModel()
            self._count = count
            self._pages.clear()
            self._asked.clear()
            self.endResetModel()
        else:
            self._resize(count)
            self._asked.clear()
            for page in list(self._pages):
                self._fetch(page)
        self.recounted.emit()

    def _resize(self, count: int) -> None:
        """Add or remove rows at the end: what every row shows is fetched anew anyway."""
        if count > self._count:
            self.beginInsertRows(QModelIndex(), self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(QModelIndex(), count, self._count - 1)
            self._count = count
            self.endRemoveRows()

    def _fetch(self, page: int) -> None:
        if page in self._asked:
            return
        self._asked.add(page)
        workspace, base = self._bridge.workspace, self._query
        query = replace(base, offset=page * PAGE, limit=PAGE)
        self._bridge.ask(
            lambda: load_faces(workspace, query),
            lambda faces: self._on_page(base, page, faces),
            owner=self,
            key=f"page {page}",
        )

    def _on_page(self, query: CardQuery, page: int, faces: list[Face]) -> None:
        if query is not self._query:
            return
        self._store.keep(faces)
        self._pages[page] = faces
        first, last = page * PAGE, min((page + 1) * PAGE, self._count) - 1
        if last >= first:
            self.dataChanged.emit(self.index(first), self.index(last))
