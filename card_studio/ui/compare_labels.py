"""How cards are told apart in little room: method and sparsity, and what else differs; and the cards in a row."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from card_studio.domain.card import Card
from card_studio.studio.side_by_side import told_apart
from card_studio.ui.card_picker import short_method, short_title
from card_studio.ui.suits import draw_suit
from card_studio.ui.theme import SPACE, Theme, font, font_px

_WIDEST = 30 * SPACE


def short_labels(cards: Sequence[Card]) -> tuple[str, ...]:
    """Return a label for each card, to stand beside its suit: `LRR 80 %`, or with its seed or place where two agree."""
    return told_apart(cards, short_method)


class CardRow(QWidget):
    """The compared cards in a row: each one's suit, name, method and sparsity."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._cards: tuple[Card, ...] = ()
        self.setAccessibleName("Compared cards")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_cards(self, cards: Sequence[Card]) -> None:
        """Show these cards."""
        self._cards = tuple(cards)
        said = [f"{card.name}, {card.augmentation}, {short_method(card)}" for card in cards]
        self.setAccessibleDescription("; ".join(said))
        self.setToolTip("\n".join(said))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for two lines, and for each name up to a width."""
        metrics = QFontMetrics(font("body", True))
        wide = sum(min(metrics.horizontalAdvance(short_title(card)), _WIDEST) + 6 * SPACE for card in self._cards)
        return QSize(wide, font_px("body") + font_px("small") + 2 * SPACE)

    def minimumSizeHint(self) -> QSize:
        """Return room for the suits and a few letters of each name."""
        return QSize(len(self._cards) * 8 * SPACE, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the cards, each in an equal share of the width."""
        painter = QPainter(self)
        side = font_px("body")
        width = min(self.width() // max(1, len(self._cards)), _WIDEST + 6 * SPACE)
        for at, card in enumerate(self._cards):
            left = at * width
            draw_suit(painter, str(card.augmentation), QRectF(left, (self.height() - side) / 2, side, side))
            words = QRect(left + side + SPACE, 0, width - side - 3 * SPACE, self.height())
            self._line(painter, words.adjusted(0, 0, 0, -self.height() // 2), short_title(card), bold=True)
            self._line(painter, words.adjusted(0, self.height() // 2, 0, 0), short_method(card), bold=False)
        painter.end()

    def _line(self, painter: QPainter, place: QRect, text: str, *, bold: bool) -> None:
        painter.setFont(font("body", True) if bold else font("small"))
        painter.setPen(self._theme.colour("text" if bold else "muted"))
        fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, fitted)
