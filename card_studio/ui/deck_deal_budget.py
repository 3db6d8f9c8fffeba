"""A byte budget: a slider by equal factors, and the same number to type."""

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from card_studio.ui.card_face import size_text
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE

_STOPS = 400


class BudgetField(QWidget):
    """From the smallest card to the whole hand."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._least, self._whole = 1, 0
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STOPS)
        self.slider.setPageStep(_STOPS // 20)
        self.slider.setAccessibleName("Byte budget, from the smallest card to the whole hand")
        self.number = QDoubleSpinBox()
        self.number.setDecimals(1)
        self.number.setSuffix(" kB")
        self.number.setGroupSeparatorShown(True)
        self.number.setKeyboardTracking(False)
        self.number.setAccessibleName("Byte budget in kB")
        self._whole_text = label("", "caption")
        self.slider.valueChanged.connect(self._on_slid)
        self.number.valueChanged.connect(self._on_typed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.number)
        layout.addWidget(self._whole_text)

    @property
    def bytes(self) -> int:
        """The budget."""
        return round(1000 * self.number.value())

    def set_range(self, least: int, whole: int) -> None:
        """Offer budgets in this range; one that was outside it, or was the whole hand, becomes the whole hand."""
        whole_before = self.bytes >= self._whole
        self._least, self._whole = least, whole
        self._whole_text.setText(f"of {size_text(whole)}, the whole hand")
        with QSignalBlocker(self.number):
            self.number.setRange(math.ceil(least / 100) / 10, math.ceil(whole / 100) / 10)
            self.number.setSingleStep(max(0.1, round(whole / 50_000, 1)))
            if whole_before:
                self.number.setValue(self.number.maximum())
        self._show_on_slider()

    def _on_slid(self, stop: int) -> None:
        share = stop / _STOPS
        with QSignalBlocker(self.number):
            self.number.setValue(self._least * (self._whole / self._least) ** share / 1000 if share < 1 else math.inf)
        self.slider.setToolTip(size_text(self.bytes))
        self.edited.emit()

    def _on_typed(self, _kilobytes: float) -> None:
        self._show_on_slider()
        self.edited.emit()

    def _show_on_slider(self) -> None:
        span = math.log(self._whole / self._least)
        share = math.log(max(self.bytes, self._least) / self._least) / span if span else 1.0
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(_STOPS * min(share, 1.0)))
