"""The left rail: the pages, each an icon over its name."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from card_studio.ui.theme import SPACE, Theme, font_px


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page of the window: its key, name, icon, and where its class is found on first use."""

    key: str
    name: str
    icon: str
    module: str
    page: str
    tip: str
    home: str = ""
    """The page of the rail from which this one is opened; empty for one that is in the rail itself."""


PLACES = (
    Place(
        key="queue",
        name="Queue",
        icon="mdi6.tray-full",
        module="card_studio.ui.queue_page",
        page="QueuePage",
        tip="Jobs: order, progress, curves",
    ),
    Place(
        key="cards",
        name="Cards",
        icon="mdi6.cards-outline",
        module="card_studio.ui.cards_page",
        page="CardsPage",
        tip="Every card, and what is known of it",
    ),
    Place(
        key="robustness",
        name="Robustness",
        icon="mdi6.shield-half-full",
        module="card_studio.ui.robustness_page",
        page="RobustnessPage",
        tip="Accuracy under corruption",
    ),
    Place(
        key="sensitivity",
        name="Sensitivity",
        icon="mdi6.sine-wave",
        module="card_studio.ui.sensitivity_page",
        page="SensitivityPage",
        tip="Error by spatial frequency",
    ),
    Place(
        key="deck",
        name="Deck",
        icon="mdi6.cards-playing-outline",
        module="card_studio.ui.deck_page",
        page="DeckPage",
        tip="Deal cards, and see which one is chosen",
    ),
    Place(
        key="gallery",
        name="Gallery",
        icon="mdi6.image-multiple-outline",
        module="card_studio.ui.gallery_page",
        page="GalleryPage",
        tip="A picture through every augmentation and corruption",
    ),
)
COMPARE = Place(
    key="compare",
    name="Compare",
    icon="mdi6.compare",
    module="card_studio.ui.compare_page",
    page="ComparePage",
    tip="Cards side by side, and the images they disagree on",
    home="cards",
)
EVERY_PLACE = (*PLACES, COMPARE)
"""Also the pages that another one opens."""


class Rail(QWidget):
    """The pages to choose from; exactly one is."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, places: Sequence[Place] = PLACES) -> None:
        super().__init__()
        self.setAccessibleName("Pages")
        self._theme, self._places = theme, places
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE // 2)
        for index, place in enumerate(places):
            button = self._button(place, index)
            self._group.addButton(button, index)
            layout.addWidget(button)
        layout.addStretch(1)
        self._group.idClicked.connect(self.chosen)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def select(self, index: int) -> None:
        """Mark a page as the one that is shown."""
        self._group.button(index).setChecked(True)
        self._on_theme_changed()

    def _button(self, place: Place, index: int) -> QToolButton:
        button = QToolButton()
        button.setText(place.name)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("role", "rail")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        side = round(font_px("body") * 1.75)
        button.setIconSize(QSize(side, side))
        button.setMinimumWidth(round(font_px("body") * 6.2))
        button.setAccessibleName(f"{place.name} page")
        button.setAccessibleDescription(place.tip)
        button.setToolTip(f"{place.tip}  (Ctrl+{index + 1})")
        return button

    def _on_theme_changed(self) -> None:
        for index, place in enumerate(self._places):
            button = self._group.button(index)
            button.setIcon(self._theme.icon(place.icon, "accent" if button.isChecked() else "muted"))
