"""Between the window and the workspace: work in threads, answers in the window's thread, and word of every change."""

import logging
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from card_studio.errors import UserError

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

T = TypeVar("T")
POLL_MS = 400
_THREADS = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a piece of work, on its way to the window's thread."""

    owner: "weakref.ref[QObject]"
    ticket: tuple[int, str, int] | None
    call: Callable[[], None]


class Bridge(QObject):
    """All that the pages know of the world: a workspace that is asked in threads, and a signal when it changed."""

    changed = Signal()
    """Something in the workspace changed, by anyone's hand: another process's too."""
    failed = Signal(str)
    """One line for the user, from work that nobody else answers for."""
    _arrived = Signal(object)

    def __init__(self, workspace: "Workspace", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="bridge")
        self._pending: set[Future[None]] = set()
        self._tickets: dict[tuple[int, str], int] = {}
        self._version: int | None = None
        self._polling = False
        self._closed = False
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._on_poll_due)
        self._timer.start()
        self._on_poll_due()

    def ask(
        self,
        work: Callable[[], T],
        then: Callable[[T], None],
        *,
        owner: QObject,
        failed: Callable[[str], None] | None = None,
        key: str = "",
    ) -> None:
        """Do `work` in a thread, then call `then` with its result in the window's thread.

        Args:
            work: touches no widget; it should end within seconds, for closing waits for it.
            then: gets the result; never called if `owner` is gone or the bridge is closed by then.
            owner: whose answer it is, normally a page.
            failed: gets the one line of a failure; without it, `self.failed` is emitted.
            key: names a question that repeats, such as "rows": a newer one of the same owner and key replaces an
                older one, whose work is skipped if it has not begun, and whose answer is dropped.
        """
        if self._closed:
            return
        reference = weakref.ref(owner)
        ticket = self._new_ticket(owner, key) if key else None

        def run() -> None:
            if ticket is not None and not self._is_newest(ticket):
                return
            call = self._outcome(work, then, failed)
            if not self._closed:
                self._arrived.emit(_Answer(reference, ticket, call))

        future = self._pool.submit(run)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)

    def poke(self) -> None:
        """Look for changes at once, as after one's own request."""
        self._on_poll_due()

    @property
    def busy(self) -> bool:
        """Whether any work is under way or waits its turn; answers may still be on their way afterwards."""
        return bool(self._pending)

    def close(self) -> None:
        """Stop polling and wait for the work that was begun or asked for; its answers are dropped."""
        self._closed = True
        self._timer.stop()
        self._pool.shutdown(wait=True)

    def _outcome(
        self, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[str], None] | None
    ) -> Callable[[], None]:
        try:
            result = work()
        except UserError as error:
            text = str(error)
        except Exception as error:  # noqa: BLE001 - a bug must reach the user as a line and the log as a report
            _log.exception("work asked for by the window failed")
            text = f"Something went wrong, and a report is in the log: {type(error).__name__}: {error}"
        else:
            return lambda: then(result)
        report = failed or self.failed.emit
        return lambda: report(text)

    def _new_ticket(self, owner: QObject, key: str) -> tuple[int, str, int]:
        place = (id(owner), key)
        self._tickets[place] = self._tickets.get(place, 0) + 1
        return (*place, self._tickets[place])

    def _is_newest(self, ticket: tuple[int, str, int]) -> bool:
        return self._tickets.get(ticket[:2]) == ticket[2]

    def _on_arrived(self, answer: Any) -> None:
        owner = answer.owner()
        if self._closed or owner is None or not shiboken6.isValid(owner):
            return
        if answer.ticket is None or self._is_newest(answer.ticket):
            answer.call()

    def _on_poll_due(self) -> None:
        if self._polling or self._closed:
            return
        self._polling = True
        self.ask(self.workspace.version, self._on_version, owner=self, failed=self._on_poll_failed)

    def _on_version(self, version: int) -> None:
        self._polling = False
        was, self._version = self._version, version
        if was is not None and version != was:
            self.changed.emit()

    def _on_poll_failed(self, text: str) -> None:
        self._polling = False
        _log.warning("cannot see whether the workspace changed: %s", text)
