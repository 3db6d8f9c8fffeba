"""Where the gallery's pictures come from: samples or the user's own, and a warm child that corrupts and augments."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from card_studio.domain.names import SEVERITIES, CorruptionName
from card_studio.domain.options import OwnCorruption
from card_studio.domain.own import OwnMethods
from card_studio.pictures import read_picture
from card_studio.ui.bridge import Bridge
from card_studio.ui.deck_mime import Pictures, Source
from card_studio.ui.deck_reading import content_of, name_of
from card_studio.ui.gallery_sheet import COLUMNS, OURS, Line, Pixels, Sheet, Wall, wall_with

if TYPE_CHECKING:
    from card_studio.studio.dealing import DealerClient
    from card_studio.studio.gallery import Samples

T = TypeVar("T")
_POLL_MS = 100
_SIZE = 32


class Easel(QObject):
    """One picture at a time, drawn in every way, section by section, off the window's thread.

    Lines of one's own are drawn last, one by one: what fails there, or ends the child, costs its own line only.
    """

    changed = Signal()
    """The picture, the samples or the state are others."""
    drawn = Signal()
    """More of the present picture is made."""
    refused = Signal(str)
    """A picture could not be read; the one before stays."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.samples: list[Samples] = []
        self.sheet: Sheet | None = None
        self.wall: Wall = OURS
        self.warming = False
        self.problem = ""
        """Why nothing is drawn; "" where all is well."""
        self._dealer: DealerClient | None = None
        self._waiting: Callable[[], None] | None = None
        self._turn = 0
        self._seed = 0
        self._busy = False
        self._poller = QTimer(self)
        self._poller.setInterval(_POLL_MS)
        self._poller.timeout.connect(self._on_polled)

    @property
    def settled(self) -> bool:
        """Whether nothing is under way: all is drawn, or it is said why not."""
        return not self._busy

    @property
    def size(self) -> int:
        """Pixels on each side of pictures that are read: as the datasets have them."""
        return int(self.samples[0].images.shape[-1]) if self.samples else _SIZE

    def start(self) -> None:
        """Look for samples, and begin with the first; without any, have some rendered. Later, look for one's own."""
        workspace = self._bridge.workspace
        if self.sheet is not None:
            self._bridge.ask(workspace.own_methods, self._on_own, owner=self, key="own")
        elif not self._busy and not self.problem:
            self._busy = True
            self._ask("samples", lambda: (workspace.own_methods(), workspace.sample_datasets()), self._on_begun)
            self.changed.emit()

    def show_sample(self, samples: "Samples", index: int) -> None:
        """Draw one of the samples."""
        self.show_image(samples.images[index], f"{samples.label}: {samples.names[index]}")

    def show_image(self, image: Pixels, name: str) -> None:
        """Draw a picture, uint8 [3, H, W]."""
        self._show(Sheet(name=name, original=image, seed=self._seed, wall=self.wall))

    def _show(self, sheet: Sheet) -> None:
        self._turn += 1
        self.problem = ""
        self.sheet = sheet
        self._busy = True
        self.changed.emit()
        self._when_warm(self._draw_next)

    def draw_anew(self) -> None:
        """Let chance decide again: another seed for all that is random."""
        if self.sheet is not None:
            self._seed += 1
            self.show_image(self.sheet.original, self.sheet.name)

    def take(self, pictures: Pictures) -> None:
        """Draw the first picture that was dropped, pasted or chosen."""
        if not pictures.sources:
            self.refused.emit(pictures.problem)
            return
        source, size = pictures.sources[0], self.size
        self._busy = True
        self._ask("read", lambda: _read(source, size), self._on_read, self._on_unreadable)

    def retry(self) -> None:
        """Try again after a problem."""
        self.problem = ""
        if self.sheet is None:
            self.start()
        else:
            self.show_image(self.sheet.original, self.sheet.name)

    def let_go(self) -> None:
        """Wait for nothing any more."""
        self._poller.stop()
        self._turn += 1

    # --- samples and pictures --------------------------------------------------------------------------------------

    def _on_begun(self, begun: "tuple[OwnMethods, list[Samples]]") -> None:
        own, found = begun
        self.wall = wall_with(own)
        if found:
            self._begin(found)
        else:
            self._when_warm(self._render)

    def _render(self) -> None:
        self._ask("samples", self._bridge.workspace.rendered_samples, lambda found: self._begin([found]))

    def _begin(self, found: "list[Samples]") -> None:
        self.samples = found
        if self.sheet is None:
            self.show_sample(found[0], 0)
        else:
            self.changed.emit()

    def _on_own(self, own: OwnMethods) -> None:
        wall = wall_with(own)
        if wall != self.wall:
            self.wall = wall
            if self.sheet is not None:
                self._show(self.sheet.on(wall))

    def _on_read(self, found: tuple[Pixels, str]) -> None:
        self.show_image(*found)

    def _on_unreadable(self, reason: str) -> None:
        self._busy = self.sheet is not None and bool(self.sheet.waiting())
        self.refused.emit(reason)

    # --- the warm child --------------------------------------------------------------------------------------------

    def _when_warm(self, then: Callable[[], None]) -> None:
        """Go on once the child is warm: it is looked at now and then, so that no thread waits for it."""
        self._waiting = then
        self._ask("dealer", self._bridge.workspace.picture_dealer, self._on_dealer)

    def _on_dealer(self, dealer: "DealerClient") -> None:
        self._dealer = dealer
        self.warming = dealer.warming
        if self.warming:
            self._poller.start()
            self.changed.emit()
        else:
            self._on_polled()

    def _on_polled(self) -> None:
        if self._dealer is None or self._dealer.warming:
            return
        self._poller.stop()
        was, self.warming = self.warming, False
        if was:
            self.changed.emit()
        then, self._waiting = self._waiting, None
        if then is not None:
            then()

    def _draw_next(self) -> None:
        sheet, dealer = self.sheet, self._dealer
        if sheet is None or dealer is None:
            return
        lines = sheet.waiting()
        if not lines:
            self._busy = False
            self.changed.emit()
            return
        work = partial(draw_lines, dealer, sheet.original, lines, sheet.seed)
        failed = partial(self._on_own_failed, lines[0]) if lines[0].is_own else self._on_failed
        self._ask("draw", work, self._on_drawn, failed)

    def _on_drawn(self, made: dict[str, Pixels]) -> None:
        if self.sheet is not None:
            self.sheet.made.update(made)
            self.drawn.emit()
            self._draw_next()

    def _on_own_failed(self, line: Line, reason: str) -> None:
        """Go on with the next line; with another child, if the code ended this one."""
        if self.sheet is not None:
            self.sheet.problems[line.key] = reason
            self.drawn.emit()
            self._when_warm(self._draw_next)

    def _on_failed(self, reason: str) -> None:
        self._poller.stop()
        self._busy = self.warming = False
        self.problem = reason
        self.changed.emit()

    def _ask(
        self, key: str, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None] | None = None
    ) -> None:
        """Ask in a thread; an answer about a picture that is no longer shown is dropped."""
        turn = self._turn

        def current(call: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda value: call(value) if turn == self._turn else None

        self._bridge.ask(work, current(then), owner=self, failed=current(failed or self._on_failed), key=key)


def draw_lines(dealer: "DealerClient", image: Pixels, lines: Sequence[Line], seed: int) -> dict[str, Pixels]:
    """Return the pictures of some lines, [COLUMNS, 3, H, W] by line.

    Raises:
        UserError: code of one's own fails, or the dealer ended.
    """
    made = {}
    for line in lines:
        if isinstance(line.maker, CorruptionName | OwnCorruption):
            stages = [dealer.corrupt(image[None], line.maker, severity, seed) for severity in SEVERITIES]
            made[line.key] = np.concatenate(stages)
        else:
            made[line.key] = dealer.augment(np.repeat(image[None], COLUMNS, axis=0), line.maker, seed)
    return made


def _read(source: Source, size: int) -> tuple[Pixels, str]:
    """Read a file, an image of another program or an address as the networks would see it.

    Raises:
        UserError: it is no image, or the address gives nothing.
    """
    name = name_of(source)
    return read_picture(content_of(source), size, name=name), name
