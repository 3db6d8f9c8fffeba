"""What is under the cursor of the wall: the frequency, its basis image, and each map's value there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from card_studio.domain.fourier import basis_image
from card_studio.studio.robustness_grid import card_title
from card_studio.studio.sensitivity_view import CardMap, frequency_words
from card_studio.studio.sheet import Heading, Sheet, Value
from card_studio.ui.pieces import label, on_surface, row
from card_studio.ui.plots import map_image
from card_studio.ui.sheet_view import SheetView
from card_studio.ui.theme import SPACE, Theme

_SIDE = 13 * SPACE
_GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


class PointerPane(QWidget):
    """The frequency under the cursor, seen and in numbers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Under the cursor")
        self.title = label("Under the cursor", "section")
        self.frequency = label("", wrap=True, selectable=True)
        self.basis, self.example = _picture("Basis image"), _picture("Perturbed example")
        self.captions = [label("basis image", "caption"), label("an image with it", "caption")]
        self.values = SheetView(theme, "Values under the cursor")
        layout = QVBoxLayout(on_surface(self))
        layout.setContentsMargins(2 * SPACE, SPACE * 3 // 2, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self.title)
        layout.addWidget(self.frequency)
        layout.addLayout(row(_column(self.basis, self.captions[0]), _column(self.example, self.captions[1]), None))
        layout.addWidget(self.values, 1)
        self.set_example(None)
        self.clear()

    def set_example(self, image: NDArray[np.uint8] | None) -> None:
        """Say which test image, uint8 [3, H, W], to perturb; None if there is none at hand."""
        self._image: NDArray[np.uint8] | None = image
        if image is None:
            self.example.hide()
            self.captions[1].hide()

    def clear(self) -> None:
        """Say how to begin."""
        self.frequency.setText("Move over a map, or focus the maps and use the arrow keys")
        self.values.show_sheet(Sheet(title="", headings=(), rows=(), note=""))
        for widget in (self.basis, self.example, *self.captions):
            widget.hide()

    def show_cell(
        self,
        cell: tuple[int, int],
        maps: Sequence[CardMap],
        values: Sequence[NDArray[np.float32]],
        *,
        compares: bool,
    ) -> None:
        """Show a frequency: row and column of the maps, and what is shown there of each."""
        if not maps:
            return
        size, options = maps[0].map.size, maps[0].map.options
        self.frequency.setText(f"Frequency {frequency_words(size, *cell)}")
        wave = basis_image(size, cell[0] * size + cell[1])
        reach = float(np.abs(wave).max())
        self._paint(self.basis, map_image(wave, -reach, reach, _GREY))
        if self._image is not None and self._image.shape[1] == size:
            self._paint(self.example, _rgb(perturbed(self._image, options.norm * wave)))
        headings = [Heading(text="Card"), Heading(text="Error (%)", digits=1)]
        if compares:
            headings.append(Heading(text="Δ (points)", digits=1, signed=True))
        rows: list[tuple[Value, ...]] = []
        for each, shown in zip(maps, values, strict=True):
            numbers = [100 * float(each.map.errors[cell])] + ([100 * float(shown[cell])] if compares else [])
            rows.append((card_title(each.card), *numbers))
        self.values.show_sheet(Sheet(title="", headings=tuple(headings), rows=tuple(rows), note="Error rates"))

    def _paint(self, where: QLabel, image: QImage) -> None:
        pixmap = QPixmap.fromImage(image)
        ratio = self.devicePixelRatioF()
        scaled = pixmap.scaled(QSize(_SIDE, _SIDE) * ratio)
        scaled.setDevicePixelRatio(ratio)
        where.setPixmap(scaled)
        where.show()
        self.captions[where is self.example].show()


def perturbed(image: NDArray[np.uint8], wave: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return an image uint8 [3, H, W] with a wave [H, W] on the 0-1 scale added to each channel, fit to be seen."""
    shifted = image / 255 + wave[None]
    return np.rint(255 * np.clip(shifted, 0, 1)).astype(np.uint8)


def _rgb(image: NDArray[np.uint8]) -> QImage:
    pixels = np.ascontiguousarray(image.transpose(1, 2, 0))
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _picture(name: str) -> QLabel:
    made = QLabel()
    made.setFixedSize(_SIDE, _SIDE)
    made.setAccessibleName(name)
    return made


def _column(*widgets: QWidget) -> QWidget:
    made = QWidget()
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE // 2)
    for widget in widgets:
        layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignLeft)
    return made
