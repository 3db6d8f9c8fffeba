"""The Gallery page: one picture through every augmentation, corruption and severity, with its spectrum beside it."""

import math
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from card_studio.domain.job import CorruptDataset, Job
from card_studio.errors import UserError
from card_studio.files import write_atomically
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_mime import Pictures
from card_studio.ui.deck_reading import png_bytes
from card_studio.ui.gallery_actions import add_gallery_actions
from card_studio.ui.gallery_easel import Easel
from card_studio.ui.gallery_grid import GalleryGrid
from card_studio.ui.gallery_panel import GalleryPanel
from card_studio.ui.gallery_pictures import SPECTRUM_LIMIT, Original, Show
from card_studio.ui.gallery_set import set_dialog
from card_studio.ui.gallery_sheet import OURS, Sheet
from card_studio.ui.measure_dialog import MeasureDialog
from card_studio.ui.picture_target import PictureTarget
from card_studio.ui.pieces import EmptyState, action_button, button, label, on_surface, row, rule
from card_studio.ui.theme import SPACE, Theme

_SPECTRA = "Spectra: log amplitude, zero frequency at the centre, all on the original's scale"
_DIFFERENCES = (
    "Differences: mid-grey, and white in spectra, is no change; blue is a lower, yellow a higher amplitude, "
    f"up to {math.exp(SPECTRUM_LIMIT):.0f} times"
)


class GalleryPage(PictureTarget):
    """The panel with the original, and the wall."""

    said = Signal(str)
    open_page = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Gallery")
        self._bridge = bridge
        self._original: Original | None = None
        self.easel = Easel(bridge, self)
        self.grid_, self.panel = GalleryGrid(theme), GalleryPanel(theme)
        self._state, self._legend = label("", "caption"), label("", "caption", wrap=True)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Pictures made")
        self._bar.setFixedWidth(15 * SPACE)
        self.empty = EmptyState(
            theme,
            "mdi6.image-off-outline",
            "No pictures",
            "",
            [button("Try again", self.easel.retry, primary=True)],
        )
        add_gallery_actions(self, actions)
        self._build(actions)
        self._connect()
        self._on_changed()

    @property
    def settled(self) -> bool:
        """Whether the wall is complete, or it is said why not."""
        return self.easel.settled

    def refresh(self) -> None:
        """Begin, the first time; later, hang what has been added of one's own."""
        self.easel.start()

    def let_go(self) -> None:
        """Wait for no answer any more."""
        self.easel.let_go()

    def show_images(self, files: list[Path]) -> None:
        """Show a picture file of the user's."""
        self.take(Pictures(sources=tuple(files)))

    def take(self, pictures: Pictures) -> None:
        """Show the first of some pictures that were dropped, pasted or chosen."""
        self.easel.take(pictures)

    def choose_file(self) -> None:
        """Ask for an image file."""
        self.choose_files(several=False)

    def show_receiving(self) -> None:
        """Show on the panel that a picture can be dropped."""
        self.panel.set_receiving(self.receiving)

    def look_at(self, show: Show) -> None:
        """Show images, spectra, or both."""
        self.grid_.show_look(replace(self.grid_.look, show=show))
        self._say_legend()

    def show_difference(self, difference: bool) -> None:
        """Show how pictures differ from the original, or themselves."""
        self.grid_.show_look(replace(self.grid_.look, difference=difference))
        self._say_legend()

    def copy(self) -> None:
        """Copy the whole wall as a picture."""
        QGuiApplication.clipboard().setImage(self.grid_.sheet_image())
        self.said.emit("The wall is on the clipboard")

    def ask_set(self) -> MeasureDialog:
        """Ask for a corrupted set of one's own, then queue the job that writes it."""
        dialog = set_dialog(self)
        dialog.confirmed.connect(lambda chosen: self._queue(chosen.spec()))
        dialog.open()
        return dialog

    def ask_export(self) -> None:
        """Ask for a file, and write the wall into it."""
        name, _ = QFileDialog.getSaveFileName(self, "Export the gallery", "gallery.png", "PNG (*.png)")
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        """Write the whole wall into a PNG file; say where it went, or why not."""
        path = path if path.suffix else path.with_suffix(".png")
        try:
            write_atomically(path, png_bytes(self.grid_.sheet_image()))
        except UserError as error:
            self.said.emit(str(error))
        else:
            self.said.emit(f"Written to {path}")

    # --- within ----------------------------------------------------------------------------------------------------

    def _build(self, actions: ActionRegistry) -> None:
        tools = [action_button(actions.action(f"gallery.{name}"), text=True) for name in ("image", "spectrum", "both")]
        difference = action_button(actions.action("gallery.difference"), text=True)
        rest = [action_button(actions.action(f"gallery.{name}")) for name in ("anew", "zoom_out", "zoom_in", "fit")]
        export = action_button(actions.action("gallery.export"))
        write = action_button(actions.action("gallery.write_set"), text=True)
        bar = row(*tools, SPACE, difference, None, write, SPACE, *rest, export, spacing=SPACE // 2)
        bar.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE // 2)
        under = row(self._legend, self._state, self._bar)
        under.setStretch(0, 1)
        under.setContentsMargins(2 * SPACE, 0, 2 * SPACE, SPACE)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.grid_)
        self._stack.addWidget(self.empty)
        wall = QWidget()
        column = QVBoxLayout(on_surface(wall))
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addLayout(under)
        column.addWidget(rule())
        column.addWidget(self._stack, 1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._scrolled_panel())
        whole.addWidget(rule(upright=True))
        whole.addWidget(wall, 1)
        self.setFocusProxy(self.grid_)
        self._say_legend()

    def _scrolled_panel(self) -> QScrollArea:
        """Return the panel so that it fits low windows too."""
        made = QScrollArea()
        made.setWidgetResizable(True)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setFixedWidth(self.panel.width())
        made.setWidget(self.panel)
        made.viewport().setAutoFillBackground(False)
        self.panel.setAutoFillBackground(False)
        return made

    def _connect(self) -> None:
        self.easel.changed.connect(self._on_changed)
        self.easel.drawn.connect(self._on_drawn)
        self.easel.refused.connect(self._on_refused)
        self.grid_.current_changed.connect(self._on_current_changed)
        self.panel.sample_picked.connect(self.easel.show_sample)
        self.panel.open_asked.connect(self.choose_file)
        self.panel.paste_asked.connect(self.paste)

    def _queue(self, spec: CorruptDataset) -> None:
        workspace = self._bridge.workspace

        def then(jobs: list[Job]) -> None:
            self.said.emit(f"{jobs[0].name} is queued")
            self.open_page.emit("queue")

        self._bridge.ask(lambda: workspace.submit_all([spec]), then, owner=self)

    def _on_changed(self) -> None:
        sheet = self.easel.sheet
        if sheet is not self.grid_.sheet:
            self._original = None if sheet is None else Original(sheet.original)
            self.grid_.show_sheet(sheet, self._original)
            self.panel.show_sheet(sheet, self._original)
        self.panel.show_samples(self.easel.samples)
        self.empty.say("No pictures can be made", self.easel.problem)
        self._stack.setCurrentWidget(self.empty if self.easel.problem else self.grid_)
        self._say_state(sheet)

    def _on_drawn(self) -> None:
        self.grid_.on_drawn()
        self._say_state(self.easel.sheet)

    def _on_refused(self, reason: str) -> None:
        self.panel.show_problem(reason)
        self._say_state(self.easel.sheet)

    def _on_current_changed(self) -> None:
        self.panel.show_current(self.easel.sheet, self._original, self.grid_.current, self.grid_.column)

    def _say_state(self, sheet: Sheet | None) -> None:
        self._bar.setRange(0, len((sheet.wall if sheet is not None else OURS).lines))
        self._bar.setValue(sheet.done if sheet is not None else 0)
        busy = not self.easel.settled
        self._bar.setVisible(busy)
        text = "Warming up: a few seconds" if self.easel.warming else "Drawing"
        self._state.setText(text if busy else "")

    def _say_legend(self) -> None:
        look = self.grid_.look
        spectra = "" if look.show == "image" else _SPECTRA
        self._legend.setText(_DIFFERENCES if look.difference else spectra or "Pictures as the networks see them")
