"""The Compare page's sensitivity maps, side by side on one scale."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from card_studio.domain.ids import CardId
from card_studio.studio.robustness_grid import card_title
from card_studio.studio.sensitivity_view import (
    MapKind,
    cell_sheet,
    differences,
    frequency_words,
    limits,
    map_sheet,
)
from card_studio.studio.side_by_side import Sides
from card_studio.ui.bridge import Bridge
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.compare_notice import Notice
from card_studio.ui.pieces import EmptyState, button, label, on_surface, row
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.scale_bar import ScaleBar
from card_studio.ui.sensitivity_wall import MapWall
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted


class CompareMaps(QWidget):
    """A wall of the cards' maps of one kind; the cursor runs over all of them."""

    said = Signal(str)
    measure = Signal()
    """The missing maps are wanted."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Sensitivity maps")
        self._sides: Sides | None = None
        self._baseline: CardId | None = None
        self._key = ""
        self.wall, self.scale = MapWall(theme), ScaleBar(theme)
        self.notice = Notice(theme, self.measure.emit)
        self.words = label("", "caption", selectable=True)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(on_surface(self.wall))
        scroll.setFocusProxy(self.wall)
        self.panel = PlotPanel(
            theme,
            "Sensitivity maps",
            scroll,
            lambda: map_sheet(self._shown(), self._shown().maps),
            data=lambda: cell_sheet(self._shown(), self._shown().maps),
            printed=self.wall,
        )
        self.panel.tools.insertWidget(1, self.scale)
        self.panel.tools.insertSpacing(1, 2 * SPACE)
        self.map_button = button("Map them", self.measure.emit, primary=True)
        self.empty = EmptyState(
            theme,
            "mdi6.sine-wave",
            "None of these cards was mapped yet",
            "A sensitivity map shows a card's error under a perturbation at each spatial frequency.",
            [self.map_button],
        )
        self._build(bridge)

    @property
    def kind(self) -> MapKind | None:
        """The kind of maps on show."""
        kinds = self._sides.kinds if self._sides is not None else ()
        return next((each for each in kinds if each.key == self._key), kinds[0] if kinds else None)

    def show_sides(self, sides: Sides, baseline: CardId | None) -> None:
        """Hang the cards' maps, or how they differ from the baseline's."""
        self._sides, self._baseline = sides, baseline
        self._stack.setCurrentIndex(1 if sides.kinds else 0)
        self._key = self.kind.key if self.kind is not None else ""
        self.kind_box.clear()
        for each in sides.kinds:
            clamped = " · clamped" if each.options.clamp else ""
            text = f"norm {each.options.norm:g} · n = {each.images:,}{clamped} · {counted(len(each.maps), 'map')}"
            self.kind_box.addItem(text, each.key)
        self.kind_box.setCurrentIndex(max(0, self.kind_box.findData(self._key)))
        self._hang()

    def _build(self, bridge: Bridge) -> None:
        self.kind_box = QComboBox()
        self.kind_box.setAccessibleName("How the maps were measured")
        self.kind_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind_box.activated.connect(self._on_kind_chosen)
        bar = row(label("Maps", "caption"), self.kind_box, None)
        bar.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 0)
        self.words.setContentsMargins(2 * SPACE, 0, SPACE, SPACE)
        inside = on_surface(QWidget())
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.notice)
        layout.addWidget(self.panel, 1)
        layout.addWidget(self.words)
        self._stack = QStackedWidget()
        for part in (self.empty, inside):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.wall.pointed.connect(self._on_pointed)
        self.panel.said.connect(self.said)
        self.panel.failed.connect(bridge.failed)

    def _shown(self) -> MapKind:
        assert self.kind is not None
        return self.kind

    def _hang(self) -> None:
        kind = self.kind
        if kind is None:
            return
        maps = list(kind.maps)
        base = next((each for each in maps if each.card.id == self._baseline), None)
        values = differences(maps, base.map if base else None)
        if base is not None:  # the baseline against itself is 0 everywhere, which the scale says in white
            unit, colours = f"error less that of {card_title(base.card)} (points)", DIVERGING
        else:
            unit, colours = "error rate (%)", SEQUENTIAL
        low, high = limits(values, signed=base is not None)
        self.wall.show_maps(maps, values, (low, high), colours, grid=False, baseline=base.card.id if base else None)
        self.scale.show_scale(unit, 100 * low, 100 * high, colours)
        self.panel.refreshed(f"{kind.definition} · one scale for all; frequency 0 at the centre")
        self._on_pointed(*(self.wall.cursor_cell or (-1, -1)))

    def _on_kind_chosen(self, at: int) -> None:
        self._key = self.kind_box.itemData(at)
        self._hang()

    def _on_pointed(self, at_row: int, at_column: int) -> None:
        kind = self._shown()
        if at_row < 0:
            self.words.setText("Point at a map, or move there with the arrow keys")
            return
        said = [f"{each.card.name}: {100 * float(each.map.errors[at_row, at_column]):.1f} %" for each in kind.maps]
        self.words.setText(f"{frequency_words(kind.size, at_row, at_column)} · error: {' · '.join(said)}")
