"""The Compare page's corruption x severity matrices, side by side."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from card_studio.studio.robustness_grid import Grid
from card_studio.studio.robustness_sheets import data_sheet, reading_sheet
from card_studio.ui.bridge import Bridge
from card_studio.ui.colour_maps import DIVERGING, SEQUENTIAL
from card_studio.ui.pieces import EmptyState, button, label, on_surface
from card_studio.ui.plot_panel import PlotPanel
from card_studio.ui.robustness_matrix import MatrixView
from card_studio.ui.scale_bar import ScaleBar
from card_studio.ui.theme import SPACE, Theme


class CompareMatrices(QWidget):
    """The matrices of the cards that answered a suite, and the cell under the cursor in words."""

    said = Signal(str)
    measure = Signal()
    """An evaluation is wanted."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Corruption × severity")
        self._grid: Grid | None = None
        self.matrix, self.scale = MatrixView(theme), ScaleBar(theme)
        self.words = label("", "caption", selectable=True)
        self.panel = PlotPanel(
            theme,
            "Accuracy by corruption and severity",
            self.matrix,
            lambda: reading_sheet(self._shown()),
            data=lambda: data_sheet(self._shown()),
            printed=self.matrix.whole(),
        )
        self.panel.tools.insertWidget(1, self.scale)
        self.panel.tools.insertSpacing(1, 2 * SPACE)
        self.empty = EmptyState(
            theme,
            "mdi6.shield-half-full",
            "None of these cards was evaluated yet",
            "Here stand their accuracies by corruption and severity. Evaluate them together: each corrupted image is "
            "made once for all.",
            [button("Evaluate them", self.measure.emit, primary=True)],
        )
        self.words.setContentsMargins(2 * SPACE, 0, SPACE, SPACE)
        inside = on_surface(QWidget())
        below = QVBoxLayout(inside)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.panel, 1)
        below.addWidget(self.words)
        self._stack = QStackedWidget()
        for part in (self.empty, inside):
            self._stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)
        self.matrix.described.connect(self.words.setText)
        self.panel.said.connect(self.said)
        self.panel.failed.connect(bridge.failed)
        self.setFocusProxy(self.matrix)

    def show_grid(self, grid: Grid | None) -> None:
        """Show the matrices; None where no card was evaluated."""
        self._grid = grid
        self._stack.setCurrentIndex(0 if grid is None else 1)
        if grid is None:
            return
        self.matrix.show_grid(grid)
        colours = DIVERGING[::-1] if grid.compares else SEQUENTIAL
        unit = "difference (points)" if grid.compares else "accuracy (%)"
        self.scale.show_scale(unit, self.matrix.model_.low, self.matrix.model_.high, colours)
        self.panel.refreshed(grid.note)

    def _shown(self) -> Grid:
        assert self._grid is not None
        return self._grid
