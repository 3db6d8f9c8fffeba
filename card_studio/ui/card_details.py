"""All about one card: its map, its numbers with what they mean, tags, notes, and the recipe."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from card_studio.domain.card import Card, SensitivityMap
from card_studio.domain.recipe import write_recipe
from card_studio.ui.bridge import Bridge
from card_studio.ui.pieces import label, on_surface, row
from card_studio.ui.theme import SPACE, Theme, fixed_font, font_px
from card_studio.ui.words import counted, kilobytes, moment, percent

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

_MAP_SIDE = 12 * SPACE


class CardDetails(QScrollArea):
    """The right side of the Cards page."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Details of the selected card")
        self.setWidgetResizable(True)
        self._bridge = bridge
        self._card: Card | None = None
        self._title, self._line = label("", "title", wrap=True, selectable=True), label("", "muted", wrap=True)
        self._picture, self._map_line = QLabel(), label("", "caption", wrap=True)
        self._picture.setFixedSize(_MAP_SIDE, _MAP_SIDE)
        self._lines: list[tuple[QLabel, QLabel, QLabel]] = []
        self._numbers = QGridLayout()
        self._numbers.setHorizontalSpacing(2 * SPACE)
        self._numbers.setVerticalSpacing(SPACE // 2)
        self._numbers.setColumnStretch(2, 1)
        self._tags, self._notes = label("", wrap=True), label("", wrap=True, selectable=True)
        self._recipe = QPlainTextEdit()
        self._recipe.setReadOnly(True)
        self._recipe.setFont(fixed_font())
        self._recipe.setAccessibleName("Recipe")
        self._recipe.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._recipe.setMinimumHeight(font_px("body") * 12)
        self._build()
        self.show_card(None)

    def show_card(self, card: Card | None, selected: int = 0) -> None:
        """Show a card.

        Args:
            card: the card; None for none.
            selected: how many are selected in all.
        """
        changed = card != self._card
        self._card = card
        self._inside.setEnabled(card is not None)
        self._line.setText(_headline(card, selected))
        if not changed and card is not None:
            return
        self._title.setText(card.name if card is not None else "Select a card")
        self._show_numbers(card)
        self._tags.setText(", ".join(card.tags) if card is not None and card.tags else "None yet (Ctrl+Shift+T)")
        self._notes.setText(card.notes if card is not None and card.notes else "None yet (Ctrl+Shift+O)")
        self._recipe.setPlainText(write_recipe(card.recipe) if card is not None else "")
        self._ask_map(card)

    def _build(self) -> None:
        self._inside = on_surface(QWidget())
        layout = QVBoxLayout(self._inside)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self._title)
        layout.addWidget(self._line)
        beside = row(self._picture, self._map_line, spacing=2 * SPACE)
        beside.setStretch(1, 1)
        layout.addLayout(beside)
        layout.addLayout(self._numbers)
        for title, part in (("Tags", self._tags), ("Notes", self._notes), ("Recipe", self._recipe)):
            layout.addSpacing(SPACE)
            layout.addWidget(label(title, "section"))
            layout.addWidget(part)
        layout.setStretchFactor(self._recipe, 1)
        self.setWidget(self._inside)

    def _show_numbers(self, card: Card | None) -> None:
        """Write the numbers into their lines, which are made once."""
        for line, (name, figure, meaning) in enumerate(numbers_of(card) if card is not None else []):
            if line == len(self._lines):
                self._lines.append(self._add_line(line))
            for part, text in zip(self._lines[line], (name, figure, meaning), strict=True):
                part.setText(text)
        for parts in self._lines:
            for part in parts:
                part.setVisible(card is not None)

    def _add_line(self, line: int) -> tuple[QLabel, QLabel, QLabel]:
        parts = label(), label(), label("", "caption", wrap=True)
        parts[1].setAlignment(Qt.AlignmentFlag.AlignRight)
        for column, part in enumerate(parts):
            self._numbers.addWidget(part, line, column, Qt.AlignmentFlag.AlignVCenter)
        return parts

    def _ask_map(self, card: Card | None) -> None:
        self._picture.setVisible(card is not None and card.has_map)
        self._picture.clear()
        self._map_line.setText("" if card is None or card.has_map else "No sensitivity map yet (Ctrl+M makes one)")
        if card is not None and card.has_map:
            workspace = self._bridge.workspace
            self._bridge.ask(lambda: _newest_map(workspace, card), self._on_map, owner=self, key="map")

    def _on_map(self, found: SensitivityMap | None) -> None:
        if found is None or self._card is None or found.card_id != self._card.id:
            return
        ratio = self.devicePixelRatioF()
        side = round(_MAP_SIDE * ratio)
        picture = QPixmap.fromImage(map_picture(found.errors)).scaled(side, side)
        picture.setDevicePixelRatio(ratio)
        self._picture.setPixmap(picture)
        mean = float(found.errors.mean())
        self._picture.setAccessibleName(f"Sensitivity map, mean error {percent(mean)} %")
        self._map_line.setText(
            f"Fourier sensitivity: mean error {percent(mean)} %, clean {percent(found.clean_error)} %.\n"
            f"Norm {found.options.norm:g}, {found.images} test images. Low frequencies are in the middle; "
            "dark is 0 % error, bright 100 %."
        )


def numbers_of(card: Card) -> list[tuple[str, str, str]]:
    """Return a card's numbers: name, figure with its unit, and what it means."""
    suite = card.suite.definition if card.suite is not None else "not evaluated yet (Ctrl+E does)"
    clean = "of uncorrupted test images" if card.suite is not None else suite
    kept = f"{card.kept_weights:,} of {card.prunable_weights:,} weights kept"
    above = 100 * (card.file_bytes / card.reference_bytes - 1)
    allowed = (
        f"its file; the reference size, which theory allows, is {kilobytes(card.reference_bytes)} kB ({above:+.1f} %)"
    )
    return [
        ("Clean", f"{percent(card.clean_accuracy)} %", clean),
        ("Robust", f"{percent(card.robust_accuracy)} %", suite),
        ("Validation", f"{percent(card.validation_accuracy)} %", "when it was made"),
        ("Sparsity", f"{percent(card.sparsity, 2)} %", kept),
        ("File size", f"{kilobytes(card.file_bytes)} kB", allowed),
        ("Trained", f"{card.total_epochs:g} epochs", f"in all, up to level {card.level}"),
    ]


def map_picture(errors: NDArray[np.float32]) -> QImage:
    """Return a map as a picture, one pixel per frequency, error 0 to 1 over the whole colour scale."""
    from card_studio.ui.theme import SEQUENTIAL

    indices = np.clip(np.round(errors * 255), 0, 255).astype(np.uint8)
    pixels = np.ascontiguousarray(SEQUENTIAL[indices])
    height, width = errors.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _headline(card: Card | None, selected: int) -> str:
    if card is None:
        return "Its numbers, map and recipe are shown here."
    parts = [card.data_label, f"made {moment(card.created_at)}", f"{card.id[:12]}"]
    if selected > 1:
        parts.insert(0, f"{counted(selected, 'card')} selected")
    return "  ·  ".join(parts)


def _newest_map(workspace: "Workspace", card: Card) -> SensitivityMap | None:
    return next(iter(workspace.maps([card.id])), None)
