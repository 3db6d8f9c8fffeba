"""Beside the gallery's wall: the original, the current picture and how it differs, and pictures to choose from."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from card_studio.ui.deck_pictures import PixelView, thumbnail
from card_studio.ui.gallery_pictures import Original
from card_studio.ui.gallery_sheet import Line, Sheet, change, errors_told
from card_studio.ui.picture_target import draw_receiving_frame
from card_studio.ui.pieces import button, label, row, rule
from card_studio.ui.theme import SPACE, Theme

if TYPE_CHECKING:
    from card_studio.studio.gallery import Samples

_SIDE = 136
_THUMB = 40
_WIDTH = 2 * _SIDE + 5 * SPACE


class GalleryPanel(QWidget):
    """The looking glass and the samples."""

    sample_picked = Signal(object, int)
    """Samples, and which of them."""
    open_asked = Signal()
    paste_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Picture")
        self.setFixedWidth(_WIDTH)
        self._theme, self._receiving = theme, False
        self._samples: list[Samples] = []
        self._views = {
            name: PixelView(theme, words)
            for name, words in (
                ("original", "Original"),
                ("original spectrum", "Spectrum of the original"),
                ("current", "Current picture"),
                ("current spectrum", "Spectrum of the current picture"),
                ("difference", "Difference of the current picture"),
                ("spectrum difference", "Difference of its spectrum"),
            )
        }
        for view in self._views.values():
            view.setFixedSize(_SIDE, _SIDE)
        self._name, self._title = label("", "caption", wrap=True), label("", "section")
        self._note, self._numbers = label("", "caption", wrap=True), label("", "caption", wrap=True)
        self._problem = label("", "problem", wrap=True)
        self._problem.hide()
        self.datasets = QComboBox()
        self.datasets.setAccessibleName("Dataset of the samples")
        self.datasets.activated.connect(self._on_dataset_picked)
        self.list = self._sample_list()
        self._lay_out()

    def show_sheet(self, sheet: Sheet | None, original: Original | None) -> None:
        """Show the picture that all others are made from."""
        self._problem.hide()
        if sheet is None or original is None:
            return
        self._name.setText(f"{sheet.name} · {sheet.size} × {sheet.size} px")
        self._views["original"].show_image(original.image(sheet.original, difference=False), sheet.name)
        spectrum = original.spectrum_image(sheet.original, difference=False)
        self._views["original spectrum"].show_image(spectrum, "log amplitude, zero frequency at the centre")

    def show_current(self, sheet: Sheet | None, original: Original | None, line: Line, column: int) -> None:
        """Show the wall's current picture, once it is made."""
        self._title.setText(line.title(column))
        problem = "" if sheet is None else sheet.problems.get(line.key, "")
        self._note.setText(problem or line.note)
        self._note.setVisible(bool(self._note.text()))
        made = None if sheet is None else sheet.picture(line, column)
        names = ("current", "current spectrum", "difference", "spectrum difference")
        if made is None or sheet is None or original is None:
            for name in names:
                self._views[name].show_image(None)
            self._numbers.setText("")
            return
        images = [
            draw(made, difference=difference)
            for difference in (False, True)
            for draw in (original.image, original.spectrum_image)
        ]
        for name, image in zip(names, images, strict=True):
            self._views[name].show_image(image, line.title(column))
        found = change(sheet.original, made)
        quality = "no change" if found.rms == 0 else f"PSNR {found.psnr_db:.1f} dB"
        numbers = f"mean {found.mean:.1f} of 255 · RMS {found.rms:.1f} · {quality}"
        self._numbers.setText(f"{numbers}\n{errors_told(sheet, line)}")

    def show_samples(self, samples: "list[Samples]") -> None:
        """Offer test images of each dataset."""
        if samples == self._samples:
            return
        self._samples = samples
        self.datasets.clear()
        self.datasets.addItems([each.label for each in samples])
        self.datasets.setVisible(len(samples) > 1)
        self._fill(0)

    def show_problem(self, text: str) -> None:
        """Say why a picture was refused."""
        self._problem.setText(text)
        self._problem.show()

    def set_receiving(self, receiving: bool) -> None:
        """Show that a picture can be dropped."""
        self._receiving = receiving
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a frame while a picture can be dropped."""
        super().paintEvent(event)
        if self._receiving:
            draw_receiving_frame(self, self._theme)

    def _sample_list(self) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName("Sample images")
        made.setViewMode(QListView.ViewMode.IconMode)
        made.setMovement(QListView.Movement.Static)
        made.setResizeMode(QListView.ResizeMode.Adjust)
        made.setIconSize(QSize(_THUMB, _THUMB))
        made.setGridSize(QSize(_THUMB + 4, _THUMB + 4))
        made.setStyleSheet("QListWidget { background: transparent; }")
        made.setUniformItemSizes(True)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.itemActivated.connect(self._on_sample_picked)
        made.itemClicked.connect(self._on_sample_picked)
        return made

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, SPACE)
        whole.setSpacing(SPACE)
        whole.addWidget(label("Original", "section"))
        whole.addLayout(self._pair("original", "original spectrum"))
        whole.addWidget(self._name)
        whole.addWidget(self._title)
        whole.addWidget(self._note)
        whole.addLayout(self._pair("current", "current spectrum"))
        whole.addWidget(label("Difference to the original", "caption"))
        whole.addLayout(self._pair("difference", "spectrum difference"))
        whole.addWidget(self._numbers)
        whole.addWidget(rule())
        open_, paste = (
            button("Open…", self.open_asked.emit, tip="An image file of your own  (Ctrl+O)"),
            button("Paste", self.paste_asked.emit, tip="The image on the clipboard  (Ctrl+V)"),
        )
        whole.addLayout(row(label("Pictures", "section"), None, open_, paste))
        whole.addWidget(self._problem)
        whole.addWidget(self.datasets)
        whole.addWidget(self.list, 1)

    def _pair(self, first: str, second: str) -> QHBoxLayout:
        return row(self._views[first], self._views[second], None)

    def _fill(self, which: int) -> None:
        self.list.clear()
        if not self._samples:
            return
        samples = self._samples[which]
        for image, name in zip(samples.images, samples.names, strict=True):
            item = QListWidgetItem(QIcon(thumbnail(image, _THUMB, self.devicePixelRatioF())), "")
            item.setToolTip(name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            self.list.addItem(item)

    def _on_dataset_picked(self, which: int) -> None:
        self._fill(which)

    def _on_sample_picked(self, item: QListWidgetItem) -> None:
        self.sample_picked.emit(self._samples[max(0, self.datasets.currentIndex())], self.list.row(item))
