"""A card on the table: a graphics item that shows a face and its states, and rises when it is chosen."""

from PySide6.QtCore import Property, QEasingCurve, QPointF, QPropertyAnimation, QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from card_studio.ui.card_face import Face
from card_studio.ui.card_paint import CardPainter, CardSize, action_rect, card_extent, paint_states, shadow
from card_studio.ui.suits import suit_colour

LIFT_PX = 14.0
"""How far a chosen card rises."""
MOVE_MS = 160
_AROUND = 18.0
_DIMMED = 0.55


class CardItem(QGraphicsObject):
    """One card; the view that owns the scene handles its mouse and keys."""

    def __init__(self, face: Face, painter: CardPainter, size: CardSize) -> None:
        super().__init__()
        self.face = face
        self.size = size
        self.selected = False
        self.focused = False
        self.chosen = False
        self._painter = painter
        self._lift = 0.0
        self._rising = QPropertyAnimation(self, b"lift")
        self._moving = QPropertyAnimation(self, b"pos")
        for animation in (self._rising, self._moving):
            animation.setParent(self)
            animation.setDuration(MOVE_MS)
            animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setCacheMode(QGraphicsItem.CacheMode.NoCache)
        self.setToolTip(face.spoken)

    def show_face(self, face: Face) -> None:
        """Show another face: the same card, measured since."""
        if face.key != self.face.key:
            self.face = face
            self.setToolTip(face.spoken)
            self.update()

    def set_states(self, *, selected: bool, focused: bool) -> None:
        """Show whether the card is selected, and whether keys go to it."""
        if (selected, focused) != (self.selected, self.focused):
            self.selected, self.focused = selected, focused
            self.update()

    def set_chosen(self, chosen: bool, *, dimmed: bool = False) -> None:
        """Raise the card if the gate chose it; dim it if the gate chose others. As it was, it is not painted again."""
        opacity = _DIMMED if dimmed else 1.0
        if (chosen, opacity) == (self.chosen, self.opacity()):
            return
        self.chosen = chosen
        self.setOpacity(opacity)
        self._rising.stop()
        self._rising.setStartValue(self._lift)
        self._rising.setEndValue(LIFT_PX if chosen else 0.0)
        self._rising.start()
        self.update()

    def go_to(self, place: QPointF, *, at_once: bool) -> None:
        """Slide to a place on the table, or be there at once."""
        self._moving.stop()
        if at_once or self.pos() == place:
            self.setPos(place)
            return
        self._moving.setStartValue(self.pos())
        self._moving.setEndValue(place)
        self._moving.start()

    @property
    def place(self) -> QPointF:
        """Where the card lies, or is on its way to."""
        moving = self._moving.state() == QPropertyAnimation.State.Running
        return QPointF(self._moving.endValue()) if moving else self.pos()

    def on_action(self, at: QPointF) -> bool:
        """Return whether a point, in the card's coordinates, is on its one-click action."""
        return not self.face.queued and action_rect(self.face, self.size).contains(at + QPointF(0, self._lift))

    def boundingRect(self) -> QRectF:
        """Return the card's extent with room for its rings, its shadow and its rise."""
        return self.card_rect().adjusted(-_AROUND, -_AROUND - LIFT_PX, _AROUND, _AROUND)

    def card_rect(self) -> QRectF:
        """Return the card's own rectangle, at rest."""
        extent = card_extent(self.size)
        return QRectF(0, 0, extent.width(), extent.height())

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the shadow, the kept pixmap, and the states."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._painter.theme.tokens
        shadow(painter, self.card_rect(), self._lift, tokens)
        painter.translate(0, -self._lift)
        dpr = widget.devicePixelRatioF() if widget else 1.0
        painter.drawPixmap(0, 0, self._painter.pixmap(self.face, self.size, dpr))
        outline = QColor(suit_colour(self.face.suit)) if self.chosen else None
        paint_states(painter, self.card_rect(), tokens, selected=self.selected, focused=self.focused, outline=outline)

    def _get_lift(self) -> float:
        return self._lift

    def _set_lift(self, lift: float) -> None:
        self._lift = lift
        self.update()

    lift = Property(float, _get_lift, _set_lift)
    """Height above the table in pixels, animated."""
