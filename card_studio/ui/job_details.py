"""All about the selected job: curves while it trains, its log, what was asked, and every attempt."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from card_studio.domain.ids import JobId
from card_studio.domain.job import Job, MakeCard
from card_studio.domain.recipe import write_recipe
from card_studio.domain.run import CellEvaluated, History, Run
from card_studio.ui.bridge import Bridge
from card_studio.ui.curves import Curves
from card_studio.ui.pieces import label, on_surface
from card_studio.ui.queue_rules import elapsed_s, second_line
from card_studio.ui.theme import SPACE, Theme, fixed_font
from card_studio.ui.words import duration, moment, percent, spoken

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

T = TypeVar("T")
_UNBROKEN, _SHORT = "\u00a0", 20
"""Between the words of short parts, so that no number is parted from its unit."""
_NO_STEPS = 2**62
"""After this step there is none."""


class JobDetails(QWidget):
    """The right half of the Queue page."""

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setAccessibleName("Details of the selected job")
        on_surface(self)
        self._bridge = bridge
        self._job: Job | None = None
        self._last_step = -1
        self._title, self._line = label("", "title", wrap=True, selectable=True), label("", "muted", wrap=True)
        self._error = label("", "problem", wrap=True, selectable=True)
        self.curves = Curves(theme)
        self.log, self.request, self.attempts = _text("Log"), _text("What was asked"), _text("Attempts")
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.curves, "Curves")
        self.tabs.addTab(self.log, "Log")
        self.tabs.addTab(self.request, "Recipe")
        self.tabs.addTab(self.attempts, "Attempts")
        self.tabs.currentChanged.connect(lambda _index: self._ask())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, SPACE)
        for part in (self._title, self._line, self._error):
            layout.addWidget(part)
        layout.addSpacing(SPACE)
        layout.addWidget(self.tabs, 1)

    def show_job(self, job: Job | None) -> None:
        """Show a job, and fetch what is new of it."""
        self.setEnabled(job is not None)
        before, self._job = self._job, job
        if job is None:
            self._title.setText("Select a job")
            self._line.clear()
            self._error.clear()
            self._clear()
            return
        if before is None or (job.id, job.attempt) != (before.id, before.attempt):
            self._clear()
            self.request.setPlainText(_asked(job))
            self._offer_curves(isinstance(job.spec, MakeCard))
        self._show_headline(job)
        self._ask()

    def let_go(self) -> None:
        """Free what the plots hold on to."""
        self.curves.let_go()

    def _offer_curves(self, trains: bool) -> None:
        """Show the curves' tab for jobs that train; for others begin with the log, unless another tab is open."""
        place = self.tabs.indexOf(self.curves)
        if trains and not self.tabs.isTabVisible(place):
            self.tabs.setTabVisible(place, True)
            self.tabs.setCurrentIndex(place)
        elif not trains and self.tabs.isTabVisible(place):
            self.tabs.setTabVisible(place, False)

    def _show_headline(self, job: Job) -> None:
        self._title.setText(job.name)
        parts = [spoken(job.state)]
        if job.state.value == "running":
            parts += [second_line(job), f"{duration(job.eta_s)} left" if job.eta_s is not None else ""]
        parts += [job.device, f"attempt {job.attempt}" if job.attempt > 1 else ""]
        if job.started_at is not None:
            parts.append(f"{'for' if job.ended_at is None else 'took'} {duration(elapsed_s(job))}")
        self._line.setText(
            "  ·  ".join(part.replace(" ", _UNBROKEN) if len(part) < _SHORT else part for part in parts if part)
        )
        self._error.setVisible(bool(job.error))
        self._error.setText(job.error)

    def _clear(self) -> None:
        self._last_step = -1
        self.curves.clear()
        for text in (self.log, self.request, self.attempts):
            text.clear()

    def _ask(self) -> None:
        """Read what the open tab shows; of the steps of a training only those that are new."""
        if self._job is None:
            return
        workspace, job, last, tab = self._bridge.workspace, self._job.id, self._last_step, self.tabs.currentWidget()
        if tab is self.curves:
            self._read(lambda: workspace.history(job, after_step=last), self._show_history)
        elif tab is self.log:
            self._read(lambda: _log_in_words(workspace, job), partial(_refill, self.log))
        elif tab is self.attempts:
            self._read(lambda: "\n\n".join(map(_run_in_words, workspace.runs(job))), partial(_refill, self.attempts))

    def _read(self, work: Callable[[], T], show: Callable[[T], None]) -> None:
        """Read in a thread, and show it if the same attempt at the same job is still on show."""
        asked = self._place()

        def then(found: T) -> None:
            if self._place() == asked:
                show(found)

        self._bridge.ask(work, then, owner=self, key="news")

    def _place(self) -> tuple[int, int, int] | None:
        return (self._job.id, self._job.attempt, self.tabs.currentIndex()) if self._job is not None else None

    def _show_history(self, history: History) -> None:
        new = [step for step in history.steps if step.step > self._last_step]
        self._last_step = new[-1].step if new else self._last_step
        self.curves.add(new, history.epochs)


def _asked(job: Job) -> str:
    if isinstance(job.spec, MakeCard):
        return write_recipe(job.spec.recipe)
    return json.dumps(job.spec.model_dump(mode="json", exclude_none=True), indent=2)


def _log_line(at: float, text: str) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%H:%M:%S}  {text}"


def _log_in_words(workspace: "Workspace", job: JobId) -> str:
    cells = workspace.history(job, after_step=_NO_STEPS).cells
    return "\n".join([_log_line(*line) for line in workspace.log(job)] + [_cell_in_words(cell) for cell in cells])


def _cell_in_words(cell: CellEvaluated) -> str:
    name = f"{cell.card[:8]}  {cell.corruption or 'clean'} {cell.severity or ''}"
    return f"{name:<34}{percent(cell.accuracy):>6} %   n = {cell.images:,}"


def _run_in_words(run: Run) -> str:
    ended = f"{spoken(run.outcome)} {moment(run.ended_at)}" if run.outcome else "under way"
    lines = [f"Attempt {run.attempt}: started {moment(run.started_at)}, {ended}; seed {run.seed}"]
    if run.error:
        lines.append(f"  {run.error}")
    if run.fingerprint:
        lines.append(f"  fingerprint {run.fingerprint}")
    if env := run.environment:
        lines.append(f"  {env.machine}, {env.device}, {env.threads} threads, {env.processor}")
        lines.append(f"  {env.system}, Python {env.python}, git {env.git_revision or 'none'}")
        lines += [f"    {name} {version}" for name, version in sorted(env.packages.items())]
    return "\n".join(lines)


def _text(name: str) -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setReadOnly(True)
    made.setFont(fixed_font())
    made.setAccessibleName(name)
    made.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    made.setFrameShape(QPlainTextEdit.Shape.NoFrame)
    return made


def _refill(text: QPlainTextEdit, content: str) -> None:
    """Bring in new content without a jump: what is there stays, what is new is added, the end is followed."""
    present = text.toPlainText()
    if content == present:
        return
    bar = text.verticalScrollBar()
    at_end = bar.value() >= bar.maximum() - 2
    if present and content.startswith(present):
        cursor = QTextCursor(text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(content[len(present) :])
    else:
        text.setPlainText(content)
    if at_end:
        bar.setValue(bar.maximum())
