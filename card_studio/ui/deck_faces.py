"""Faces of cards, fetched from the workspace in threads and kept for the table."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from card_studio.domain.card import CardQuery
from card_studio.domain.ids import CardId
from card_studio.domain.job import EvaluateCards, JobState, MapCards
from card_studio.studio.workspace import Workspace
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_face import Face, face_of

_UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)


def load_faces(workspace: Workspace, query: CardQuery) -> list[Face]:
    """Return the faces of the cards that a query finds; for a thread."""
    cards = workspace.cards(query)
    ids = [card.id for card in cards]
    maps = {each.card_id: each for each in reversed(workspace.maps(ids))} if ids else {}
    queued = {
        card
        for job in workspace.jobs(_UNDER_WAY)
        if isinstance(job.spec, EvaluateCards | MapCards)
        for card in job.spec.cards
    }
    return [face_of(card, maps.get(card.id), queued=card.id in queued) for card in cards]


class FaceStore(QObject):
    """The faces of the cards on the tables; emits `changed` when some arrived or look otherwise now."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._faces: dict[CardId, Face] = {}
        self._wanted: set[CardId] = set()

    def get(self, card: CardId) -> Face | None:
        """Return a card's face, if it is known yet."""
        return self._faces.get(card)

    def keep(self, faces: Iterable[Face]) -> None:
        """Remember faces, fetched here or by the hand; tell if one that lies on a table looks otherwise now."""
        news = False
        for face in faces:
            known = self._faces.get(face.id)
            news |= face.id in self._wanted and (known is None or known.key != face.key)
            self._faces[face.id] = face
        if news:
            self.changed.emit()

    def want(self, cards: Iterable[CardId]) -> None:
        """Fetch the faces of these cards that are not known."""
        self._wanted.update(cards)
        if self._wanted - self._faces.keys():
            self.refresh()

    def refresh(self) -> None:
        """Fetch all wanted faces anew: something was measured."""
        wanted = tuple(sorted(self._wanted))
        if wanted:
            workspace = self._bridge.workspace
            self._bridge.ask(lambda: load_faces(workspace, CardQuery(ids=wanted)), self.keep, owner=self, key="faces")
