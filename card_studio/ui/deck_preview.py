"""The preview: drop a picture, and see its spectrum, the distances, the choice, the margin and what every card says."""

from functools import partial

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from card_studio.domain.names import CorruptionName, DeckMode
from card_studio.domain.prediction import Neighbours, Prediction
from card_studio.ui.deck_answers_panel import AnswersPanel
from card_studio.ui.deck_choices import ChoicesModel, ChoicesTable, compared, margin_text
from card_studio.ui.deck_corruption import CorruptionBar, told
from card_studio.ui.deck_faces import FaceStore
from card_studio.ui.deck_mime import Pictures
from card_studio.ui.deck_neighbours import NeighboursPanel
from card_studio.ui.deck_oracle import MOST_CORRUPTED, Oracle
from card_studio.ui.deck_pictures import DistanceBars, PixelView, SuitMark, image_of, spectrum_image
from card_studio.ui.deck_speech import breakable
from card_studio.ui.picture_target import PictureTarget, draw_receiving_frame
from card_studio.ui.pieces import button, label, row
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

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


class Preview(PictureTarget):
    """What a deck makes of pictures."""

    chosen = Signal(object)
    """The cards (frozenset of ids) that the gate chose for the picture looked at; None for none."""
    said = Signal(str)

    def __init__(self, oracle: Oracle, store: FaceStore, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.oracle, self._theme = oracle, theme
        self._index = 0
        self._looked_at: Prediction | None = None
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

    def show_samples(self, corruption: CorruptionName | None, severity: int) -> None:
        """Show test images of the deck's dataset."""
        self._problem.clear()
        self._index = 0
        self.oracle.show_samples(corruption, severity)

    def show_receiving(self) -> None:
        """Show a frame while pictures are held over the preview, and have the cards ready for them."""
        if self.receiving:
            self.oracle.prepare()
        self.update()

    def refresh(self) -> None:
        """Something changed in the workspace: reference images may be there now."""
        if self._neighbours.wanting and self.oracle.predictions:
            self._find_neighbours()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a frame while pictures can be dropped."""
        super().paintEvent(event)
        if self.receiving:
            draw_receiving_frame(self, self._theme)

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
        self._neighbours = NeighboursPanel(theme)
        self._neighbours.images_asked.connect(self.oracle.queue_reference_images)
        self.answers = AnswersPanel(store, theme)
        self.answers.retry_asked.connect(self.oracle.retry)
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
        shown.addWidget(self.answers)
        shown.addWidget(label("What if it were corrupted?", "section"))
        shown.addWidget(self._corruption)
        shown.addWidget(self._neighbours)
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
            menu.addAction(text).triggered.connect(partial(self._on_sample_asked, corruption, severity))
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
        corruption, severity = self.oracle.corruption, self.oracle.severity
        how = f", {told(corruption)} {severity}" if corruption and severity else ""
        self._image_words.setText(f"{one.source}{how}\n{size} × {size}, as the cards see it")
        self._spectrum.show_image(spectrum_image(one.spectrum), "log amplitude, frequency 0 in the middle")
        self._spectrum_words.setText("Spectrum\nlog amplitude, 0 in the middle")
        self._symbol.show_suit(one.chosen)
        self._verdict.setText(f"{one.chosen}: {one.verdict}" if len(one.suits) > 1 else one.chosen)
        self._margin.setText(_margin_words(one))
        self._bars.show_distances(one.suits, one.distances, one.chosen)
        self._show_corruption()
        self.answers.show_prediction(one, self.oracle)
        self.chosen.emit(None if one.mode is DeckMode.DOMAIN_AGNOSTIC else frozenset(one.chosen_cards))
        if not _alike(one, self._looked_at):
            self._looked_at = one
            QTimer.singleShot(0, self, self._find_neighbours)  # after the choice is painted

    def _find_neighbours(self) -> None:
        predictions = self.oracle.predictions
        if predictions:
            one = predictions[self._index]
            self.oracle.find_neighbours(one.image, lambda found: self._on_neighbours(found, one.chosen))

    def _on_neighbours(self, found: list[Neighbours], chosen: str) -> None:
        self._neighbours.show_neighbours(found, chosen)

    def _show_corruption(self) -> None:
        oracle = self.oracle
        note = "" if oracle.can_corrupt else f"For up to {MOST_CORRUPTED} pictures."
        choices = oracle.choices(self._index)
        if oracle.corruption is not None and len(choices) <= oracle.severity:
            note = "They could not be made." if oracle.trouble else "Making the corrupted pictures…"
        self._corruption.show_state(
            oracle.corruption, oracle.severity, choices, own=oracle.own, usable=oracle.can_corrupt, note=note
        )

    def _on_picked(self, index: int) -> None:
        predictions = self.oracle.predictions
        if 0 <= index < len(predictions) and index != self._index:
            self._index = index
            self._show_one(predictions[index])

    def _on_refused(self, reason: str) -> None:
        self._problem.setText(breakable(_sentence(reason)))
        self.said.emit(_sentence(reason))

    def _on_sample_asked(self, corruption: CorruptionName | None, severity: int, _checked: bool = False) -> None:
        self.show_samples(corruption, severity)

    def _noop(self) -> None:
        """The button opens its menu by itself."""


def _alike(one: Prediction, other: Prediction | None) -> bool:
    """Return whether two predictions are of the same pixels and references: whether the cards spoke does not count."""
    if other is None or (one.cards, one.suits, one.distances) != (other.cards, other.suits, other.distances):
        return False
    return np.array_equal(one.image, other.image)


def _margin_words(one: Prediction) -> str:
    if len(one.suits) == 1:
        return "The deck has one suit only: there is nothing to choose between."
    second = sorted(zip(one.distances, one.suits, strict=True))[1][1]
    decided = (
        "decided on this picture alone" if one.batch == 1 else f"decided on {counted(one.batch, 'picture')} together"
    )
    unused = "; this deck averages all cards, whatever the gate says" if one.mode is DeckMode.DOMAIN_AGNOSTIC else ""
    return f"{margin_text(one.margin)} % nearer than {second}, {decided}{unused}"


def _sentence(text: str) -> str:
    """Return a line with a capital at its start, unless it begins with a file's name."""
    first = text.split(maxsplit=1)[0] if text else ""
    return text[:1].upper() + text[1:] if first.isalpha() else text


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE // 2)
    for widget in widgets:
        layout.addWidget(widget)
    return holder
