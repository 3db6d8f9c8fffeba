"""What the cards say of a picture, and what is to be said while they do not: warming up, asked, or in trouble."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from card_studio.domain.names import DeckMode
from card_studio.domain.prediction import Prediction
from card_studio.ui.deck_answers import AnswersModel, AnswersTable
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_oracle import Oracle
from card_studio.ui.deck_speech import breakable
from card_studio.ui.pieces import button, label, row
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import percent

_VISIBLE_CLASSES = 10
_WARMING = "The cards' networks are being loaded, once; the gate's choice needs none."
_MODES = {
    DeckMode.DOMAIN_ADAPTIVE: "The deck's answer is the mean of the chosen suit's cards.",
    DeckMode.DOMAIN_AGNOSTIC: "The deck's answer is the mean of all cards: this deck has no gate.",
    DeckMode.SOFT: "The deck's answer is the mean of all cards, weighted by their suit's distance.",
}


class AnswersPanel(QWidget):
    """The deck's answer in words, and every card's in a table."""

    retry_asked = Signal()

    def __init__(self, store: FaceStore, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = AnswersModel(store.get, theme, self)
        self.table = AnswersTable(self.model, theme)
        self.words, self.note = label("", "title", wrap=True), label("", "caption", wrap=True)
        self.again = button("Ask again", self.retry_asked.emit, tip="Ask the cards about this picture again")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACE // 2)
        whole.addWidget(label("What the cards say, %", "section"))
        whole.addWidget(self.words)
        whole.addWidget(self.note)
        whole.addLayout(row(self.again, None))
        whole.addWidget(self.table)

    def show_prediction(self, one: Prediction, oracle: Oracle) -> None:
        """Show what the cards say of a picture; what they said before stays, greyed, while they are asked."""
        known = one.probabilities is not None
        if known:
            self.model.show_prediction(one)
            self._fit(len(one.classes))
        stale = not known and oracle.asking and not oracle.warming and self.model.rowCount() > 0
        self.table.setVisible(known or stale)
        self.table.setEnabled(known)
        self.again.setVisible(bool(oracle.trouble))
        self.words.setText(_words(one, oracle))
        self.note.setText(breakable(_note(one, oracle)))

    def _fit(self, classes: int) -> None:
        self.table.fit()
        head = self.table.horizontalHeader().sizeHint().height()
        step = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(head + min(classes, _VISIBLE_CLASSES) * step + 14)


def _words(one: Prediction, oracle: Oracle) -> str:
    if one.probabilities is not None:
        return f"{one.label}, {percent(float(one.probabilities.max()))} %"
    if oracle.trouble:
        return "No answer"
    return "Warming up…" if oracle.warming else "…"


def _note(one: Prediction, oracle: Oracle) -> str:
    if oracle.trouble:
        return oracle.trouble[:1].upper() + oracle.trouble[1:]
    return _WARMING if oracle.warming else _MODES[one.mode]
