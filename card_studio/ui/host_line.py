"""The status line's word on the host: whether work goes on, how much, and that it outlives the window."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from card_studio.domain.job import JobState
from card_studio.domain.run import HostState
from card_studio.ui.bridge import Bridge
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """What the status line tells of."""

    host: HostState | None
    running: int
    queued: int


def queue_state(workspace: "Workspace") -> QueueState:
    """Ask a workspace how its queue stands."""
    _none, counts = workspace.queue(0)
    return QueueState(host=workspace.host(), running=counts[JobState.RUNNING], queued=counts[JobState.QUEUED])


def described(state: QueueState) -> str:
    """Return the status line's words."""
    waiting = f", {state.queued} waiting" if state.queued else ""
    if state.host is None:
        return f"{counted(state.queued, 'job')} waiting for a host" if state.queued else "Nothing is running"
    if not state.running:
        return f"{counted(state.host.workers, 'worker')}, idle{waiting}"
    working = f"{counted(state.host.workers, 'worker')}, {counted(state.running, 'job')} running{waiting}"
    return f"{working}  ·  goes on if you close this window"


class HostLine(QWidget):
    """A dot and a line of words, refreshed when the workspace changes."""

    wants_host = Signal()
    """Work waits, or was left behind, and no host lives."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("State of the queue")
        self._bridge, self._theme = bridge, theme
        self._state = QueueState(host=None, running=0, queued=0)
        self._dot, self._words = QLabel(), label("", "caption")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        layout.setSpacing(SPACE)
        layout.addWidget(self._dot)
        layout.addWidget(self._words)
        layout.addStretch(1)
        theme.changed.connect(self._show_state)

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def refresh(self) -> None:
        """Ask again."""
        self._bridge.ask(lambda: queue_state(self._bridge.workspace), self._on_state, owner=self, key="state")

    def _on_state(self, state: QueueState) -> None:
        self._state = state
        self._show_state()
        if state.host is None and (state.queued or state.running):
            self.wants_host.emit()

    def _show_state(self) -> None:
        alive = self._state.host is not None
        waiting_in_vain = not alive and self._state.queued
        colour = "warning" if waiting_in_vain else "positive" if self._state.running else "muted"
        icon = "mdi6.circle" if alive else "mdi6.circle-outline"
        self._dot.setPixmap(self._theme.icon(icon, colour).pixmap(10, 10))
        self._words.setText(described(self._state))
        self.setAccessibleDescription(self._words.text())
