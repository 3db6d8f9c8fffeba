"""The preview: drop a picture, and see its spectrum, the distances, the choice, the margin and what every card says."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from card_studio.domain.names import CorruptionName
from card_studio.domain.prediction import Prediction
from card_studio.pictures import PICTURE_SUFFIXES
from card_studio.ui.card_paint import rounded
from card_studio.ui.deck_answers import AnswersModel, AnswersTable
from card_studio.ui.deck_choices import ChoicesModel, ChoicesTable, compared, margin_text
from card_studio.ui.deck_corruption import CorruptionBar
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_mime import Pictures, may_hold_pictures, pictures_of
from card_studio.ui.deck_oracle import MOST_CORRUPTED, Oracle
from card_studio.ui.deck_pictures import DistanceBars, PixelView, image_of, spectrum_image
from card_studio.ui.deck_speech import breakable
from card_studio.ui.pieces import button, label, row
from card_studio.ui.suits import draw_suit
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted, percent

_NOTHING = (
    "Drop a picture here",
    "A file, several, a folder, or an image from a browser; or paste one with Ctrl+V. You see its spectrum, which suit "
    "of cards the gate deals, by what margin, and what every card says.",
)
_SAMPLES: tuple[tuple[str, CorruptionName | None, int], ...] = (
    ("Clean test images", None, 0),
    ("Gaussian noise, severity 3", CorruptionName.GAUSSIAN_NOISE, 3),
    ("Gaussian noise, severity 5", CorruptionName.GAUSSIAN_NOISE, 5),
    ("Defocus blur, severity 5", CorruptionName.DEFOCUS_BLUR, 5),
    ("Pixelate, severity 5", CorruptionName.PIXELATE, 5),
)
_VISIBLE_CLASSES = 10


class Preview(QWidget):
    """What a deck makes of pictures."""

    chosen = Signal(object)
    """The cards (frozenset of ids) that the gate chose for the picture looked at; None for none."""
    said = Signal(str)

    def __init__(self, oracle: Oracle, store: FaceStore, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.oracle, self._theme = oracle, theme
        self._index = 0
        self._receiving = False
        self.setAcceptDrops(True)
        self.setAccessibleName("Preview of pictures")
        self.setMinimumWidth(352)
        self._make_widgets(store)
        self._lay_out()
        oracle.changed.connect(self._on_changed)
        oracle.refused.connect(self._on_refused)
        self._on_changed()

    # --- taking pictures -------------------------------------------------------------------------------------------

    def take(self, pictures: Pictures) -> None:
        """Show pictures that were dropped, pasted or chosen."""
        self._problem.clear()
        self._index = 0
        self.oracle.show(pictures)

    def paste(self) -> None:
        """Show what is on the clipboard."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is not None:
            self.take(pictures_of(mime))

    def choose_files(self) -> None:
        """Ask for image files."""
        pattern = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        names, _ = QFileDialog.getOpenFileNames(self, "Open pictures", "", f"Pictures ({pattern});;All files (*)")
        if names:
            self.take(Pictures(sources=tuple(Path(name) for name in names)))

    def show_samples(self, corruption: CorruptionName | None, severity: int) -> None:
        """Show test images of the deck's dataset."""
        self._problem.clear()
        self._index = 0
        self.oracle.show_samples(corruption, severity)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome pictures; cards are left to the page."""
        self._show_receiving(may_hold_pictures(event.mimeData()))
        event.setAccepted(self._receiving)
        if self._receiving:
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing is over the preview any more."""
        self._show_receiving(False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Show the pictures, or say why not."""
        self._show_receiving(False)
        event.acceptProposedAction()
        self.take(pictures_of(event.mimeData()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a frame while pictures can be dropped."""
        super().paintEvent(event)
        if self._receiving:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.colour("accent"), 2))
            painter.drawPath(rounded(self.rect().toRectF().adjusted(3, 3, -3, -3), 6))
            painter.end()

    # --- building --------------------------------------------------------------------------------------------------

    def _make_widgets(self, store: FaceStore) -> None:
        theme = self._theme
        self._open = button("Open…", self.choose_files, tip="Choose image files")
        self._paste = button("Paste", self.paste, tip="Show the image on the clipboard  (Ctrl+V)")
        self._samples = button("Samples", self._noop, tip="Test images of the deck's dataset")
        self._samples.setMenu(self._sample_menu())
        self._problem = label("", "problem", wrap=True, selectable=True)
        self._empty_title, self._empty_text = label(_NOTHING[0], "title"), label(_NOTHING[1], "muted", wrap=True)
        self._image, self._spectrum = PixelView(theme, "The picture"), PixelView(theme, "Its spectrum")
        self._image_words, self._spectrum_words = label("", "caption", wrap=True), label("", "caption", wrap=True)
        self._symbol, self._verdict = SuitMark(theme), label("", "title", wrap=True)
        self._margin = label("", "muted", wrap=True)
        self._bars = DistanceBars(theme)
        self._corruption = CorruptionBar(theme)
        self._corruption.corruption_picked.connect(self.oracle.set_corruption)
        self._corruption.severity_picked.connect(self.oracle.set_severity)
        self._answer = label("", "title", wrap=True)
        self._answers = AnswersModel(store.get, theme, self)
        self._answers_table = AnswersTable(self._answers, theme)
        self._choices = ChoicesModel(self)
        self._choices_table = ChoicesTable(self._choices)
        self._choices_table.picked.connect(self._on_picked)
        self._compared = label("", "caption", wrap=True)
        self._together = QCheckBox("Decide on all as one batch")
        self._together.toggled.connect(self.oracle.set_together)

    def _lay_out(self) -> None:
        self._several = _column(self._choices_table, self._compared, self._together)
        pictures = QHBoxLayout()
        pictures.setSpacing(2 * SPACE)
        pictures.addWidget(_column(self._image, self._image_words))
        pictures.addWidget(_column(self._spectrum, self._spectrum_words))
        self._shown = QWidget()
        shown = QVBoxLayout(self._shown)
        shown.setContentsMargins(0, 0, 0, 0)
        shown.setSpacing(SPACE)
        shown.addWidget(self._several)
        shown.addLayout(pictures)
        shown.addLayout(row(self._symbol, self._verdict))
        shown.addWidget(self._margin)
        shown.addWidget(label("Distance to the nearest reference", "section"))
        shown.addWidget(self._bars)
        shown.addWidget(label("What if it were corrupted?", "section"))
        shown.addWidget(self._corruption)
        shown.addWidget(label("What the cards say, %", "section"))
        shown.addWidget(self._answer)
        shown.addWidget(self._answers_table)
        shown.addStretch(1)
        self._empty = _column(self._empty_title, self._empty_text)
        inner = QWidget()
        body = QVBoxLayout(inner)
        body.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        body.addWidget(self._empty)
        body.addWidget(self._shown)
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        head.addLayout(row(label("Preview", "section"), None, self._open, self._paste, self._samples))
        head.addWidget(self._problem)
        whole.addLayout(head)
        whole.addWidget(scroll, 1)

    def _sample_menu(self) -> QMenu:
        menu = QMenu(self)
        for text, corruption, severity in _SAMPLES:
            menu.addAction(text).triggered.connect(
                lambda _checked=False, name=corruption, level=severity: self.show_samples(name, level)
            )
        return menu

    # --- showing ---------------------------------------------------------------------------------------------------

    def _on_changed(self) -> None:
        predictions = self.oracle.predictions
        self._index = min(self._index, max(0, len(predictions) - 1))
        self._empty.setVisible(not predictions)
        self._shown.setVisible(bool(predictions))
        if not predictions:
            self._show_nothing()
            return
        self._show_several(predictions)
        self._show_one(predictions[self._index])

    def _show_nothing(self) -> None:
        title, text = _NOTHING
        if self.oracle.reading:
            title, text = "Reading…", ""
        elif self.oracle.problem:
            title, text = "The gate cannot choose yet", _sentence(self.oracle.problem)
        self._empty_title.setText(title)
        self._empty_text.setText(text)
        self.chosen.emit(None)

    def _show_several(self, predictions: tuple[Prediction, ...]) -> None:
        self._several.setVisible(len(predictions) > 1)
        self._choices.show_predictions(predictions)
        step = self._choices_table.verticalHeader().defaultSectionSize()
        self._choices_table.setFixedHeight(34 + step * min(len(predictions), 5))
        if self._choices_table.currentIndex().row() != self._index:
            self._choices_table.selectRow(self._index)
        severity = self.oracle.severity if self.oracle.severity < len(self.oracle.reasons) else 0
        self._compared.setText(compared(self.oracle.reasons[severity]) if len(predictions) > 1 else "")

    def _show_one(self, one: Prediction) -> None:
        size = one.image.shape[1]
        self._image.show_image(image_of(one.image), one.source)
        self._image_words.setText(f"{one.source}\n{size} × {size}, as the cards see it")
        self._spectrum.show_image(spectrum_image(one.spectrum), "log amplitude, frequency 0 in the middle")
        self._spectrum_words.setText("Spectrum\nlog amplitude, 0 in the middle")
        self._symbol.show_suit(one.chosen)
        self._verdict.setText(f"{one.chosen}: {one.verdict}" if len(one.suits) > 1 else one.chosen)
        self._margin.setText(_margin_words(one))
        self._bars.show_distances(one.suits, one.distances, one.chosen)
        self._show_corruption()
        self._show_answers(one)
        self.chosen.emit(frozenset(one.chosen_cards))

    def _show_corruption(self) -> None:
        oracle = self.oracle
        note = "" if oracle.can_corrupt else f"For up to {MOST_CORRUPTED} pictures."
        choices = oracle.choices(self._index)
        if oracle.corruption is not None and len(choices) <= oracle.severity:
            note = "Making the corrupted pictures…"
        self._corruption.show_state(oracle.corruption, oracle.severity, choices, usable=oracle.can_corrupt, note=note)

    def _show_answers(self, one: Prediction) -> None:
        self._answers.show_prediction(one)
        known = one.probabilities is not None
        self._answers_table.setVisible(known)
        self._answers_table.fit()
        if one.probabilities is not None:
            self._answer.setText(f"{one.label}, {percent(float(one.probabilities.max()))} %")
            rows = min(len(one.classes), _VISIBLE_CLASSES)
            step = self._answers_table.verticalHeader().defaultSectionSize()
            self._answers_table.setFixedHeight(
                self._answers_table.horizontalHeader().sizeHint().height() + rows * step + 14
            )
        elif self.oracle.warming:
            self._answer.setText("Warming up…")
        else:
            self._answer.setText("No answer")

    def _on_picked(self, index: int) -> None:
        predictions = self.oracle.predictions
        if 0 <= index < len(predictions) and index != self._index:
            self._index = index
            self._show_one(predictions[index])

    def _on_refused(self, reason: str) -> None:
        self._problem.setText(breakable(_sentence(reason)))
        self.said.emit(_sentence(reason))

    def _show_receiving(self, receiving: bool) -> None:
        self._receiving = receiving
        self.update()

    def _noop(self) -> None:
        """The button opens its menu by itself."""


class SuitMark(QWidget):
    """A suit's symbol beside the verdict."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suit = ""
        self.setFixedSize(3 * SPACE, 3 * SPACE)
        theme.changed.connect(self.update)

    def show_suit(self, suit: str) -> None:
        """Show another suit."""
        self._suit = suit
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the symbol in its colour."""
        if self._suit:
            painter = QPainter(self)
            draw_suit(painter, self._suit.split()[0], self.rect().toRectF().adjusted(2, 2, -2, -2))
            painter.end()


def _margin_words(one: Prediction) -> str:
    if len(one.suits) == 1:
        return "The deck has one suit only: there is nothing to choose between."
    second = sorted(zip(one.distances, one.suits, strict=True))[1][1]
    decided = (
        "decided on this picture alone" if one.batch == 1 else f"decided on {counted(one.batch, 'picture')} together"
    )
    return f"{margin_text(one.margin)} % nearer than {second}, {decided}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE // 2)
    for widget in widgets:
        layout.addWidget(widget)
    return holder
