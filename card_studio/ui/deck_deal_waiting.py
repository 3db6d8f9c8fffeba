"""What a proposal waits for: what is missing, one click that queues it, and how far that work is."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from card_studio.domain.job import Job
from card_studio.ui.deck_deal_work import Prepared
from card_studio.ui.pieces import button, label, row
from card_studio.ui.theme import SPACE
from card_studio.ui.words import counted, duration

_WHY = (
    "A deck is chosen by what each card answers on validation images under four corruptions that are never reported. "
    "Each card is asked once; then every budget is at hand at once."
)


class WaitingPanel(QWidget):
    """Shown until every card of the hand has answered."""

    queue_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = label("", "title", wrap=True)
        self.queue = button("Queue", self.queue_asked.emit, primary=True)
        self._why = label(_WHY, "muted", wrap=True)
        self._bars: list[QProgressBar] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(SPACE // 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        layout.setSpacing(2 * SPACE)
        layout.addStretch(1)
        layout.addWidget(self.words)
        layout.addWidget(self._why)
        layout.addLayout(row(self.queue, None))
        layout.addLayout(self._lines)
        layout.addStretch(2)

    def show_prepared(self, prepared: Prepared) -> None:
        """Show what is missing of a hand, and the jobs under way."""
        self.words.setText(prepared.lacking)
        count = len(prepared.left)
        self.queue.setVisible(bool(count))
        self.queue.setText(f"Queue {counted(count, 'job')}")
        self._show_jobs(prepared.under_way)
        self.setAccessibleName(prepared.lacking)

    def _show_jobs(self, jobs: Sequence[Job]) -> None:
        while item := self._lines.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for job in jobs:
            left = f", {duration(job.eta_s)} left" if job.eta_s is not None else ""
            text = f"{job.name}: {job.phase or job.state.value}{left}"
            bar = QProgressBar()
            bar.setRange(0, 100)
            bar.setValue(round(100 * job.progress))
            bar.setAccessibleName(text)
            self._lines.addWidget(label(text, "caption"))
            self._lines.addWidget(bar)
