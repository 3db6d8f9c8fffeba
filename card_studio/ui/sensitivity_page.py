"""The Sensitivity page: a wall of Fourier maps on one scale, what is under the cursor, and the error by frequency."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QSplitter, QWidget

from card_studio.domain.ids import CardId
from card_studio.studio.probe import example_image
from card_studio.studio.sensitivity_view import (
    CardMap,
    MapKind,
    cell_sheet,
    differences,
    limits,
    map_kinds,
    map_sheet,
)
from card_studio.studio.versions import versions_of
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.card_picker import CardPicker
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.pieces import label, on_surface
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.results_page import ResultsPage, choice_box, offer_cards
from card_studio.ui.robustness_data import cards_of
from card_studio.ui.scale_bar import ScaleBar
from card_studio.ui.sensitivity_pointer import PointerPane
from card_studio.ui.sensitivity_profile import ProfilePlot
from card_studio.ui.sensitivity_wall import MapWall
from card_studio.ui.slices import Step
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

_MOST = 24
"""Maps on the wall."""
_EMPTY = (
    "mdi6.sine-wave",
    "No card was mapped yet",
    "A sensitivity map shows a card's error under a perturbation at each spatial frequency, low ones at the centre. "
    "Select cards on the Cards page and map them.",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Wall:
    """What hangs: maps, what is shown of each, and the scale."""

    kind: MapKind
    maps: list[CardMap]
    values: list[NDArray[np.float32]]
    scale: tuple[float, float]


class SensitivityPage(ResultsPage):
    """Cards, the wall, the cursor's pane, and the profile; one card and one frequency are marked in all."""

    wall: MapWall
    pointer: PointerPane
    profile: ProfilePlot

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        picker = CardPicker(theme, _MOST, "with a map of this kind")
        super().__init__(bridge, theme, actions, parent, name="Sensitivity", picker=picker, empty=_EMPTY)
        self.kinds: list[MapKind] = []
        self.shown: _Wall | None = None
        self._kind_key = ""
        self._baseline: CardId | None = None
        self.kind_box = choice_box("How the maps were measured", 24)
        self.baseline_box = choice_box("Map to which differences are shown", 18)
        self.order_box, self.scale_box = choice_box("Arrangement of the wall"), choice_box("Limits of the colour scale")
        self.order_box.addItems(["By suit and sparsity", "In a row"])
        self.scale_box.addItems(["99th percentile", "Whole range"])
        for widget in (
            label("Maps", "caption"),
            self.kind_box,
            label("Compare with", "caption"),
            self.baseline_box,
            self.order_box,
            self.scale_box,
        ):
            self.head.addWidget(widget)

    @property
    def kind(self) -> MapKind | None:
        """The kind of maps on show."""
        return next((each for each in self.kinds if each.key == self._kind_key), None)

    def choose_card(self, card_id: str) -> None:
        """Mark a card in the list, on the wall and in the profile."""
        card = CardId(card_id)
        self.picker.select(card)
        self.wall.choose(card)
        self.profile.choose(card)

    def _read(self) -> list[MapKind]:
        return _read_kinds(self.bridge.workspace)

    def _parts(self) -> list[Step]:
        return [self._add_wall, self._add_profile, self._add_pointer, self._connect]

    def _add_wall(self) -> None:
        self.wall, self.scale = MapWall(self.theme), ScaleBar(self.theme)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(on_surface(self.wall))
        scroll.setFocusProxy(self.wall)
        panel = PlotPanel(
            self.theme,
            "Sensitivity maps",
            scroll,
            lambda: map_sheet(self._hung().kind, self._hung().maps),
            data=lambda: cell_sheet(self._hung().kind, self._hung().maps),
            printed=self.wall,
        )
        panel.tools.insertWidget(1, self.scale)
        panel.tools.insertSpacing(1, 2 * SPACE)
        self.panels.append(panel)
        self._side = QSplitter(Qt.Orientation.Vertical)
        self._side.setChildrenCollapsible(False)
        self.body.addWidget(panel)
        self.body.addWidget(self._side)
        self.body.setStretchFactor(1, 1)
        self.body.setSizes([250, 680, 420])

    def _add_profile(self) -> None:
        self.profile = ProfilePlot(self.theme)
        panel = PlotPanel(self.theme, "Error by frequency", self.profile, self.profile.sheet)
        self.panels.append(panel)
        self._side.addWidget(panel)

    def _add_pointer(self) -> None:
        self.pointer = PointerPane(self.theme)
        self._side.addWidget(self.pointer)
        self._side.setSizes([340, 400])

    def _hung(self) -> _Wall:
        assert self.shown is not None
        return self.shown

    def _connect(self) -> None:
        self.kind_box.activated.connect(self._on_kind_chosen)
        self.baseline_box.activated.connect(self._on_baseline_chosen)
        self.order_box.activated.connect(lambda _at: self._hang())
        self.scale_box.activated.connect(lambda _at: self._hang())
        self.picker.edited.connect(self._hang)
        self.picker.chosen.connect(self.choose_card)
        self.wall.card_chosen.connect(self.choose_card)
        self.wall.pointed.connect(self._on_pointed)

    def _show(self, kinds: list[MapKind]) -> None:
        if [kind.identity for kind in kinds] == [kind.identity for kind in self.kinds]:
            return
        self.kinds = kinds
        if self.kind is None:
            self._kind_key = kinds[0].key
        self.kind_box.clear()
        for each in kinds:
            self.kind_box.addItem(_kind_text(each), each.key)
        self.kind_box.setCurrentIndex([each.key for each in kinds].index(self._kind_key))
        self._show_kind()

    def _show_kind(self) -> None:
        kind = self.kind
        assert kind is not None
        self.definition.setText(kind.definition)
        cards = [each.card for each in kind.maps]
        means = {each.card.id: 100 * float(each.map.errors.mean()) for each in kind.maps}
        self.picker.set_cards(cards, lambda card: f"mean error {means[card.id]:.1f} %")
        if self._baseline not in means:
            self._baseline = None
        offer_cards(self.baseline_box, "Nothing: error rates", cards, self._baseline)
        self._hang()
        workspace = self.bridge.workspace
        first = next((card for card in cards if card.suite is not None), cards[0])
        self.bridge.ask(lambda: example_image(workspace, first), self._on_example, owner=self, key="example")

    def _hang(self) -> None:
        kind = self.kind
        if kind is None:
            return
        ticked = set(self.picker.ticked())
        maps = [each for each in kind.maps if each.card.id in ticked]
        base = next((each.map for each in kind.maps if each.card.id == self._baseline), None)
        values = differences(maps, base)
        signed = base is not None
        scale = limits(values, signed=signed, whole=self.scale_box.currentIndex() == 1)
        colours = DIVERGING if signed else SEQUENTIAL
        self.shown = _Wall(kind=kind, maps=maps, values=values, scale=scale)
        by_kind = self.order_box.currentIndex() == 0
        self.wall.show_maps(maps, values, scale, colours, grid=by_kind, baseline=self._baseline)
        unit = "difference in error (points)" if signed else "error rate (%)"
        self.scale.show_scale(unit, 100 * scale[0], 100 * scale[1], colours)
        self.profile.show_maps(kind, maps)
        note = "One scale for all maps; frequency 0 at the centre; arrow keys move the cursor, Page down goes on"
        self.panels[0].refreshed(note)
        self.panels[1].refreshed("Mean over rings one cycle wide; lines of one colour differ in their dashes")
        if self.wall.cursor_cell is not None:
            self._on_pointed(*self.wall.cursor_cell)
        else:
            self.pointer.clear()
        self.is_loaded = True

    def _on_example(self, image: NDArray[np.uint8] | None) -> None:
        self.pointer.set_example(image)
        if self.wall.cursor_cell is not None:
            self._on_pointed(*self.wall.cursor_cell)

    def _on_kind_chosen(self, at: int) -> None:
        self._kind_key = self.kind_box.itemData(at)
        self._show_kind()

    def _on_baseline_chosen(self, at: int) -> None:
        self._baseline = self.baseline_box.itemData(at) or None
        self._hang()

    def _on_pointed(self, at_row: int, at_column: int) -> None:
        wall = self._hung()
        half = wall.kind.size // 2
        cell = (at_row, at_column)
        self.pointer.show_cell(cell, wall.maps, wall.values, compares=self._baseline is not None)
        self.profile.mark_frequency(float(np.hypot(at_row - half, at_column - half)))
        chosen = next((n for n, each in enumerate(wall.maps) if each.card.id == self.wall.chosen), None)
        self.scale.mark(None if chosen is None else 100 * float(wall.values[chosen][cell]))


def _read_kinds(workspace: "Workspace") -> list[MapKind]:
    maps = workspace.maps()
    versions = versions_of(workspace, (each.job_id for each in maps))
    return map_kinds(cards_of(workspace, {each.card_id for each in maps}), maps, versions)


def _kind_text(kind: MapKind) -> str:
    options = kind.options
    clamped = " · clamped" if options.clamp else ""
    clamped += "" if options.precision == "float32" else f" · {options.precision}"
    return (
        f"{kind.data_label} · norm {options.norm:g} · n = {kind.images:,}{clamped} · {counted(len(kind.maps), 'map')}"
    )
