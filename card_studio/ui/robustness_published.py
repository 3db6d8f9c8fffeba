"""A button whose menu ticks which published figures lie over the plots and beside the matrix; none at first."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from card_studio.domain.names import Compression
from card_studio.studio.published import (
    DEFINITIONS,
    PublishedCorruptions,
    PublishedFigure,
    robustbench,
    robustbench_by_corruption,
    robustnets,
)

SOURCES: dict[str, Compression | None] = {
    "RobustBench, cards and decks at 95 %": None,
    "RobustNets dense": Compression.DENSE,
    "RobustNets FT": Compression.FINE_TUNE,
    "RobustNets GMP": Compression.GRADUAL,
    "RobustNets LTH": Compression.LTH,
    "RobustNets LRR": Compression.LRR,
    "RobustNets EP": Compression.EDGE_POPUP,
    "RobustNets BP": Compression.BIPROP,
}
"""What the menu shows, and whose figures it means; RobustBench's where there is no method."""
BY_CORRUPTION = "RobustBench by corruption, beside the matrix"


class PublishedChoice(QToolButton):
    """Emits `edited` when other figures are ticked."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "button")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName("Lay published figures over the plots")
        self.setToolTip("Figures from the literature, drawn hollow: they are of CIFAR-10, not of this suite")
        menu = QMenu(self)
        self.ticks: dict[str, QAction] = {}
        for name in (*SOURCES, BY_CORRUPTION):
            action = menu.addAction(name)
            action.setCheckable(True)
            action.toggled.connect(self._on_toggled)
            self.ticks[name] = action
        menu.addSeparator()
        menu.addAction("None", self.clear)
        self.setMenu(menu)
        self._say()

    def figures(self) -> tuple[PublishedFigure, ...]:
        """Return the figures that are ticked."""
        chosen = {method for name, method in SOURCES.items() if self.ticks[name].isChecked()}
        own = robustbench() if None in chosen else ()
        return own + tuple(figure for figure in robustnets() if figure.method in chosen)

    def columns(self) -> tuple[PublishedCorruptions, ...]:
        """Return the columns that are ticked to stand beside the matrix."""
        return robustbench_by_corruption() if self.ticks[BY_CORRUPTION].isChecked() else ()

    def definition(self) -> str:
        """Return what the ticked figures are, a line for each source."""
        sources = dict.fromkeys(
            [figure.source for figure in self.figures()] + [column.source for column in self.columns()]
        )
        return "\n".join(f"Hollow: published, not this suite. {DEFINITIONS[source]}" for source in sources)

    def clear(self) -> None:
        """Tick none."""
        for action in self.ticks.values():
            action.setChecked(False)

    def _on_toggled(self) -> None:
        self._say()
        self.edited.emit()

    def _say(self) -> None:
        count = sum(action.isChecked() for action in self.ticks.values())
        self.setText(f"Published: {count} ticked" if count else "Published")
