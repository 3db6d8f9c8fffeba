"""Two decks side by side: a line that says what differs."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from card_studio.domain.deck import Deck, DeckScore
from card_studio.domain.ids import CardId
from card_studio.ui.card_face import size_text
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_pane import DeckPane
from card_studio.ui.deck_score import signed
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE


class CompareLine(QWidget):
    """What the second deck has that the first has not, and what that does to the figures."""

    def __init__(self, store: FaceStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.words = label("", "muted", wrap=True, selectable=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.addWidget(self.words)

    def compare(self, first: DeckPane, second: DeckPane) -> None:
        """Say what differs between the decks of two panes."""
        if first.deck is None or second.deck is None:
            self.words.setText("Choose a deck on each side to see what differs.")
            return
        parts = [self._cards(first.deck, second.deck), options(first.deck, second.deck)]
        parts.append(figures(first.judgement.score, second.judgement.score))
        text = "  ·  ".join(part for part in parts if part)
        self.words.setText(text or "The two decks are alike.")

    def _cards(self, first: Deck, second: Deck) -> str:
        parts = []
        for one, other in ((first, second), (second, first)):
            only = Counter(one.cards) - Counter(other.cards)  # a card may lie in a deck more than once
            if only:
                parts.append(f"only in {one.name}: {', '.join(self._titles(list(only.elements())))}")
        if not parts and first.cards != second.cards:
            return "The same cards in another order"
        text = "; ".join(parts)
        return text[:1].upper() + text[1:]

    def _titles(self, cards: Sequence[CardId]) -> list[str]:
        faces = [self._store.get(card) for card in cards]
        return [face.title if face else "…" for face in faces]


def options(first: Deck, second: Deck) -> str:
    """Return in words which options differ."""
    pairs = (
        ("answer", first.mode.value, second.mode.value),
        ("m", first.batch, second.batch),
        ("temperature", first.temperature, second.temperature),
        ("gate", first.gate, second.gate),
    )
    return ", ".join(f"{name} {one} against {other}" for name, one, other in pairs if one != other)


def figures(first: DeckScore | None, second: DeckScore | None) -> str:
    """Return in words how the second deck's figures differ; nothing where the suites do."""
    if first is None or second is None:
        return ""
    if first.suite != second.suite:
        return "scored on different suites: their figures cannot be compared"
    grown = second.file_bytes - first.file_bytes
    size = f"{'+' if grown >= 0 else '−'}{size_text(abs(grown))}"
    return (
        f"right less left: clean {signed(second.clean - first.clean)}, "
        f"robust {signed(second.robust - first.robust)} points, {size}"
    )
