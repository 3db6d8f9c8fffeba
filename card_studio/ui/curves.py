"""Live curves of a job: loss, accuracy and the sparsity staircase, over epochs, with one axis to zoom."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from card_studio.domain.run import EpochFinished, StepReported
from card_studio.ui.pieces import label, row
from card_studio.ui.plot_menus import adopt_menus
from card_studio.ui.theme import SPACE, Theme, font, font_px

_TITLES = {"loss": "Loss", "accuracy": "Accuracy (%)", "sparsity": "Sparsity (%)"}
_AXIS_WIDTH = 44
_PER_STEP = ("epoch", "loss", "accuracy", "sparsity")


class Curves(QWidget):
    """Three plots over the same epochs, drawn on as reports come."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Curves of the selected job")
        self._theme = theme
        self._steps = np.zeros((len(_PER_STEP), 0))
        self._epochs = 0
        self._view = pg.GraphicsLayoutWidget()
        self._view.setAccessibleName("Loss, accuracy and sparsity over epochs")
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.ci.layout.setContentsMargins(0, 0, SPACE, 0)
        self._view.ci.layout.setVerticalSpacing(SPACE)
        self.plots: dict[str, Any] = {}
        for number, key in enumerate(_TITLES):
            self.plots[key] = self._add_plot(number, key)
        self.lines: dict[str, Any] = {
            key: self.plots[plot].plot([], [])
            for key, plot in (
                ("loss", "loss"),
                ("validation loss", "loss"),
                ("accuracy", "accuracy"),
                ("validation accuracy", "accuracy"),
                ("sparsity", "sparsity"),
            )
        }
        self._legend = label("", "caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE, 0, 0)
        layout.addLayout(row(self._legend, None))
        layout.addWidget(self._view, 1)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def clear(self) -> None:
        """Forget all reports."""
        self._steps = self._steps[:, :0]
        self._epochs = 0
        for line in self.lines.values():
            line.setData([], [])
        self._describe("No reports yet")
        self._say_legend()

    def add(self, steps: Sequence[StepReported], epochs: Sequence[EpochFinished]) -> None:
        """Draw more reports.

        Args:
            steps: those that are new, oldest first.
            epochs: all there are, oldest first.
        """
        if steps:
            new = np.array([[getattr(step, name) for step in steps] for name in _PER_STEP])
            first = not self._steps.size
            self._steps = np.concatenate([self._steps, new], axis=1)
            self._draw_steps()
            if first:
                self._say_legend()
        if len(epochs) > self._epochs:
            self._epochs = len(epochs)
            self._draw_epochs(epochs)
        if steps:
            self._describe(_in_words(steps[-1], epochs))

    def _draw_steps(self) -> None:
        epoch, loss, accuracy, sparsity = self._steps
        self.lines["loss"].setData(epoch, loss)
        self.lines["accuracy"].setData(epoch, 100 * accuracy)
        self.lines["sparsity"].setData(*_staircase(epoch, 100 * sparsity))

    def _draw_epochs(self, epochs: Sequence[EpochFinished]) -> None:
        ends = np.array([epoch.epoch for epoch in epochs])
        self.lines["validation loss"].setData(ends, np.array([epoch.validation_loss for epoch in epochs]))
        accuracy = 100 * np.array([epoch.validation_accuracy for epoch in epochs])
        self.lines["validation accuracy"].setData(ends, accuracy)

    def _describe(self, words: str) -> None:
        self._view.setAccessibleDescription(words)

    def let_go(self) -> None:
        """Free what the plots hold on to."""
        self._view.close()

    def _add_plot(self, number: int, key: str) -> Any:
        plot = self._view.addPlot(row=number, col=0)
        adopt_menus(plot, self)
        plot.hideButtons()
        plot.setDownsampling(auto=True, mode="peak")
        plot.setClipToView(True)
        plot.getAxis("left").setWidth(round(_AXIS_WIDTH * font_px("body") / 13))
        plot.setMouseEnabled(x=True, y=False)
        plot.enableAutoRange(x=True, y=True)
        plot.getAxis("bottom").setStyle(showValues=key == "sparsity")
        if number:
            plot.setXLink(self.plots["loss"])
        if key == "sparsity":
            plot.setYRange(0, 100, padding=0.03)
        else:
            plot.getViewBox().setAutoVisible(y=True)
        return plot

    def _on_theme_changed(self) -> None:
        tokens = self._theme.tokens
        self._view.setBackground(tokens.surface)
        for key, plot in self.plots.items():
            title = f"<span style='color:{tokens.text};font-size:{font_px('small')}px'>{_TITLES[key]}</span>"
            plot.setTitle(title, justify="left")
            plot.titleLabel.item.setTextWidth(-1)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(tokens.hairline)
                axis.setTextPen(tokens.muted)
                axis.setTickFont(font("small"))
                axis.setStyle(tickLength=-4)
            plot.showGrid(x=False, y=True, alpha=0.12)
        bottom = self.plots["sparsity"].getAxis("bottom")
        bottom.setLabel("Epoch", **{"color": tokens.muted, "font-size": f"{font_px('small')}px"})
        self._dress_lines()

    def _dress_lines(self) -> None:
        tokens = self._theme.tokens
        for key, line in self.lines.items():
            if key.startswith("validation"):
                line.setPen(pg.mkPen(tokens.text, width=1))
                line.setSymbol("o")
                line.setSymbolSize(5)
                line.setSymbolBrush(tokens.text)
                line.setSymbolPen(None)
            else:
                line.setPen(pg.mkPen(tokens.accent, width=1.5))
        self._say_legend()

    def _say_legend(self) -> None:
        tokens = self._theme.tokens
        if not self._steps.size:
            self._legend.setText("No training to show yet")
            return
        self._legend.setText(
            f"<span style='color:{tokens.accent}'>—</span> training &nbsp;&nbsp; "
            f"<span style='color:{tokens.text}'>–●–</span> validation, after each epoch"
        )


def _staircase(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of a line that stays level until the next point: where it does not change, none is needed."""
    kept = np.flatnonzero(np.diff(y, prepend=np.nan) != 0)
    kept = np.union1d(kept, [len(y) - 1])
    return np.repeat(x[kept], 2)[1:], np.repeat(y[kept], 2)[:-1]


def _in_words(last: StepReported, epochs: Sequence[EpochFinished]) -> str:
    said = f"Epoch {last.epoch:.1f}: loss {last.loss:.3f}, training accuracy {100 * last.accuracy:.1f} %, "
    said += f"sparsity {100 * last.sparsity:.1f} %"
    if epochs:
        said += f", validation accuracy {100 * epochs[-1].validation_accuracy:.1f} %"
    return said
