"""The bar over a table: which deck lies there, its name, and how its cards answer together."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSpinBox,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from card_studio.domain.deck import Deck, DeckMode
from card_studio.ui.pieces import action_button
from card_studio.ui.theme import SPACE, Theme, font_px

MODES = (
    (DeckMode.DOMAIN_ADAPTIVE, "Gated", "domain_adaptive: the mean over the cards of the suit that the gate chose"),
    (DeckMode.DOMAIN_AGNOSTIC, "Averaged", "domain_agnostic: the mean over all cards, no gate"),
    (DeckMode.SOFT, "Soft", "soft: every suit weighted by softmax(-distance / temperature)"),
)


class NameEdit(QLineEdit):
    """A field for the deck's name: Enter takes it, Escape leaves it."""

    taken = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Name of the deck")
        self.setMaxLength(80)
        self.returnPressed.connect(lambda: self.taken.emit(self.text().strip()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the name as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class DeckBar(QWidget):
    """Choice of the deck and its options; asks for edits, makes none."""

    picked = Signal(int)
    """The deck with this id is to lie on the table."""
    new_asked = Signal()
    renamed = Signal(str)
    duplicate_asked = Signal()
    delete_asked = Signal()
    export_asked = Signal()
    mode_picked = Signal(object)
    batch_picked = Signal(int)
    temperature_picked = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.decks = QComboBox()
        self.decks.setAccessibleName("Deck on the table")
        self.decks.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.decks.setMinimumContentsLength(12)
        self.decks.activated.connect(self._on_activated)
        self.name = NameEdit()
        self.name.taken.connect(self.renamed)
        self.name.left.connect(self.stop_renaming)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.decks)
        self._stack.addWidget(self.name)
        self._stack.setMaximumHeight(self.decks.sizeHint().height())
        self.new = self._button("mdi6.plus", "New deck", self.new_asked.emit)
        self.more = self._button("mdi6.dots-horizontal", "Rename, duplicate, export or delete this deck", None)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._make_options()
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_decks(self, decks: list[Deck], shown: int | None) -> None:
        """Offer these decks; `shown` is the id of the one on the table."""
        blocker = QSignalBlocker(self.decks)
        self.decks.clear()
        for deck in decks:
            self.decks.addItem(deck.name, int(deck.id))
        self.decks.setCurrentIndex(self.decks.findData(shown))
        self.decks.setPlaceholderText("No deck yet")
        self.decks.setEnabled(bool(decks))
        blocker.unblock()

    def show_deck(self, deck: Deck | None) -> None:
        """Show a deck's options."""
        options: tuple[QWidget, ...] = (self.mode, self.batch, self.temperature, self.more)
        for option in options:
            option.setEnabled(deck is not None)
        if deck is None:
            self._temperature_label.hide()
            self.temperature.hide()
            return
        blockers = [QSignalBlocker(widget) for widget in (self.mode, self.batch, self.temperature)]
        self.mode.setCurrentIndex(self.mode.findData(deck.mode))
        if self.batch.value() != deck.batch:
            self.batch.setValue(deck.batch)
        if self.temperature.value() != deck.temperature:
            self.temperature.setValue(deck.temperature)
        soft, gated = deck.mode is DeckMode.SOFT, deck.mode is not DeckMode.DOMAIN_AGNOSTIC
        self._batch_label.setEnabled(gated)
        self.batch.setEnabled(gated)
        self._temperature_label.setVisible(soft)
        self.temperature.setVisible(soft)
        for blocker in blockers:
            blocker.unblock()

    def add_tools(self, actions: Sequence[QAction], *, named: QAction) -> None:
        """Show actions of the page as buttons at the right: undo, redo and the like; one of them with its name."""
        self._tools.addSpacing(SPACE)
        for action in actions:
            self._tools.addWidget(action_button(action))
        self._options.addWidget(action_button(named, text=True))

    def start_renaming(self) -> None:
        """Turn the choice of deck into a field for its name."""
        if self.decks.currentIndex() >= 0:
            self.name.setText(self.decks.currentText())
            self.name.selectAll()
            self._stack.setCurrentWidget(self.name)
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def stop_renaming(self) -> None:
        """Show the choice of deck again."""
        self._stack.setCurrentWidget(self.decks)
        self.decks.setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_options(self) -> None:
        self.mode = QComboBox()
        self.mode.setAccessibleName("How the cards answer together")
        for mode, text, tip in MODES:
            self.mode.addItem(text, mode)
            self.mode.setItemData(self.mode.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.mode.setToolTip("\n".join(f"{text}: {tip}" for _, text, tip in MODES))
        self.mode.activated.connect(lambda index: self.mode_picked.emit(self.mode.itemData(index)))
        self.batch = QSpinBox()
        self.batch.setRange(1, 10_000)
        self.batch.setAccessibleName("Images that the gate decides on together, m")
        self.batch.setToolTip("m: so many consecutive images are decided on together; their distances are averaged")
        self.batch.setKeyboardTracking(False)
        self.batch.valueChanged.connect(self.batch_picked)
        self.temperature = QDoubleSpinBox()
        self.temperature.setRange(0.01, 1000.0)
        self.temperature.setDecimals(2)
        self.temperature.setSingleStep(0.1)
        self.temperature.setAccessibleName("Temperature of the soft mode, in units of distance")
        self.temperature.setToolTip("Temperature, in units of distance: the lower, the more the nearest suit counts")
        self.temperature.setKeyboardTracking(False)
        self.temperature.valueChanged.connect(self.temperature_picked)

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addStrut(font_px("body") + 22)
        first.addWidget(self._stack, 1)
        first.addWidget(self.new)
        first.addWidget(self.more)
        self._tools = first
        second = QHBoxLayout()
        mode_label = _caption("Answer", self.mode)
        self._batch_label = _caption("Batch m", self.batch)
        self._temperature_label = _caption("Temperature", self.temperature)
        for widget in (
            mode_label,
            self.mode,
            self._batch_label,
            self.batch,
            self._temperature_label,
            self.temperature,
        ):
            second.addWidget(widget)
        second.addStretch(1)
        self._options = second
        for row in (first, second):
            row.setSpacing(SPACE)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        whole.setSpacing(SPACE)
        whole.addLayout(first)
        whole.addLayout(second)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Rename…").triggered.connect(self.start_renaming)
        menu.addAction("Duplicate").triggered.connect(self.duplicate_asked)
        menu.addAction("Export…").triggered.connect(self.export_asked)
        menu.addSeparator()
        menu.addAction("Delete…").triggered.connect(self.delete_asked)
        return menu

    def _button(self, icon: str, text: str, slot: object) -> QToolButton:
        button = QToolButton()
        button.setProperty("icon_name", icon)
        button.setAccessibleName(text)
        button.setToolTip(text)
        if callable(slot):
            button.clicked.connect(slot)
        return button

    def _on_activated(self, index: int) -> None:
        self.picked.emit(int(self.decks.itemData(index)))

    def _on_theme_changed(self) -> None:
        for button in (self.new, self.more):
            button.setIcon(self._theme.icon(str(button.property("icon_name"))))


def _caption(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "caption")
    label.setBuddy(buddy)
    return label
