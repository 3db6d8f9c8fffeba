"""The Queue page: jobs in order at the left, the selected one at the right."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QItemSelection, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from card_studio.domain.ids import JobId
from card_studio.domain.job import Job, JobSpec, JobState
from card_studio.domain.own import OwnMethods
from card_studio.ui import queue_rules as rules
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.job_details import JobDetails
from card_studio.ui.new_job_dialog import NewJobDialog
from card_studio.ui.pieces import EmptyState, action_button, button, label, on_surface, row, rule
from card_studio.ui.questions import ask_first
from card_studio.ui.queue_actions import add_queue_actions
from card_studio.ui.queue_model import QueueModel, QueueTable
from card_studio.ui.theme import SPACE, Theme
from card_studio.ui.words import counted

_BUTTONS = ("queue.pause", "queue.resume", "queue.up", "queue.down", "queue.retry", "queue.duplicate", "queue.cancel")


class QueuePage(QWidget):
    """Every job, what it does, and what can be asked of it."""

    open_page = Signal(str)
    said = Signal(str)

    def __init__(self, bridge: Bridge, theme: Theme, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Queue")
        self.bridge, self.theme, self.actions_ = bridge, theme, actions
        self._loaded = False
        self._own = OwnMethods()
        self.model = QueueModel()
        self.model.setParent(self)
        self.table = QueueTable(self.model, theme)
        self.details = JobDetails(bridge, theme)
        add_queue_actions(self, actions)
        self.empty = EmptyState(
            theme,
            "mdi6.tray-full",
            "Nothing to do yet",
            "A job makes a card: a small, robust network. Begin with the tour: it trains two compact cards on the "
            "embedded pictures, measures them, and takes about four minutes.",
            [
                button("Run the tour's jobs", self.submit_tour, primary=True),
                button("New job…", self.new_job),
            ],
        )
        self._build()
        self.table.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.table.customContextMenuRequested.connect(self._on_menu_asked)
        self.model.moved.connect(self._on_moved)
        self.model.wants_more.connect(self.refresh)
        self.setFocusProxy(self.table)

    def refresh(self) -> None:
        """Ask for the jobs, and for the methods that a new one may use."""
        self.bridge.ask(self.bridge.workspace.own_methods, self._on_own_methods, owner=self, key="own")
        workspace, wanted = self.bridge.workspace, self.model.wanted
        self.bridge.ask(lambda: workspace.queue(wanted), lambda found: self._on_jobs(*found), owner=self, key="jobs")

    def selected(self) -> list[Job]:
        """Return the selected jobs, from top to bottom."""
        return self.table.selected_records()

    def select(self, job_id: JobId) -> None:
        """Select one job, if it is listed."""
        if (at := self.model.row_of(job_id)) is not None:
            self.table.selectRow(at)

    def new_job(self, template: Job | None = None) -> NewJobDialog:
        """Open the form for a new job."""
        dialog = NewJobDialog(self.theme, self, template, own=self._own)
        dialog.confirmed.connect(self.submit)
        dialog.open()
        return dialog

    def _on_own_methods(self, own: OwnMethods) -> None:
        self._own = own

    def submit(self, specs: Sequence[JobSpec], priority: int = 0) -> None:
        """Queue jobs."""
        workspace = self.bridge.workspace
        work = partial(workspace.submit_all, specs, priority=priority)
        self.bridge.ask(work, self._on_submitted, owner=self)

    def submit_tour(self) -> None:
        """Queue the tour's jobs."""
        from card_studio.studio.tour import tour_specs  # here, since few starts need it

        self.submit(tour_specs())

    def request(self, work: Callable[[Any, list[JobId]], object], ids: list[JobId]) -> None:
        """Ask something of jobs in a thread, then look at once at what became of it.

        Args:
            work: gets the workspace and the ids.
            ids: the jobs; none of them is no request.
        """
        if ids:
            workspace = self.bridge.workspace
            self.bridge.ask(lambda: work(workspace, ids), lambda _done: self.refresh(), owner=self)

    def cancel_selected(self) -> None:
        """Ask, then cancel what can be cancelled."""
        ids = rules.ids_in(self.selected(), rules.CANCELLABLE)
        if ids:
            ask_first(
                self,
                f"Cancel {counted(len(ids), 'job')}?",
                "What a running job has trained since its last finished level is lost.",
                "Cancel " + ("it" if len(ids) == 1 else "them"),
                lambda: self.request(lambda workspace, these: workspace.cancel(these), ids),
            )

    def forget_selected(self) -> None:
        """Ask, then take ended jobs off the list."""
        ids = rules.ended_ids(self.selected())
        if ids:
            ask_first(
                self,
                f"Take {counted(len(ids), 'job')} off the list?",
                "Their logs and curves go with them; cards that they made stay.",
                "Take off",
                lambda: self.request(lambda workspace, these: workspace.forget(these), ids),
            )

    def move_selected(self, step: int) -> None:
        """Move the selected queued jobs one place up (-1) or down (+1)."""
        ids = rules.ids_in(self.selected(), rules.MOVABLE)
        spot = rules.place_after_step(self.model.records, ids, step)
        if spot is not None and (spot.before is not None or not self.model.canFetchMore(QModelIndex())):
            self._on_moved(ids, spot.before)

    def change_priority(self, step: int) -> None:
        """Raise or lower the priority of the selected jobs that have not ended, each from where it is."""
        jobs = [job for job in self.selected() if not job.state.ended]
        for priority in sorted({job.priority for job in jobs}):
            self._set_priority([job.id for job in jobs if job.priority == priority], priority + step)

    def _set_priority(self, ids: list[JobId], priority: int) -> None:
        self.request(lambda workspace, these: workspace.prioritise(these, priority), ids)

    def let_go(self) -> None:
        """Free what the plots hold on to."""
        self.details.let_go()

    def _build(self) -> None:
        self._count = label("", "caption")
        self._count.setMinimumWidth(1)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        new = button("New job…", self.new_job, primary=True, tip="Ctrl+N")
        tools = [action_button(self.actions_.action(each)) for each in _BUTTONS]
        bar = row(label("Queue", "title"), self._count, None, *tools, SPACE, new, spacing=SPACE // 2)
        bar.setContentsMargins(2 * SPACE, SPACE * 3 // 2, 2 * SPACE, SPACE)
        left = on_surface(QWidget())
        layout = QVBoxLayout(left)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(rule())
        layout.addWidget(self.table, 1)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([810, 540])
        self.details.setMinimumWidth(36 * SPACE)
        splitter.setChildrenCollapsible(False)
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        self._stack.addWidget(self.empty)
        self._stack.addWidget(splitter)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _on_jobs(self, jobs: list[Job], counts: dict[JobState, int]) -> None:
        first = not self._loaded
        self._loaded = True
        self.model.total = sum(counts.values())
        self.model.set_records(jobs)
        self._stack.setCurrentIndex(2 if jobs else 1)
        if first and self.isVisible():
            self._focus_first()
        waiting = sum(number for state, number in counts.items() if not state.ended)
        self._count.setText((f"{waiting:,} to do" if waiting else "all done") if jobs else "")
        self._count.setToolTip(f"{self.model.total - waiting:,} ended")
        if jobs and (first or not self.table.selectionModel().hasSelection()):
            self.table.selectRow(0)
        self._show_details()
        self.actions_.refresh()

    def _focus_first(self) -> None:
        """Put the keyboard where one will want it, unless someone is already typing elsewhere."""
        if not isinstance(QApplication.focusWidget(), QLineEdit):
            (self.table if self.model.rowCount() else self.empty).setFocus()

    def _show_details(self) -> None:
        chosen = self.selected()
        current = self.table.currentIndex()
        here = self.model.record(current.row()) if current.isValid() else None
        self.details.show_job(here if here in chosen else chosen[0] if chosen else None)

    def _on_selection_changed(self, _now: QItemSelection, _before: QItemSelection) -> None:
        self._show_details()
        self.actions_.refresh()

    def _on_submitted(self, jobs: list[Job]) -> None:
        self.said.emit(f"{counted(len(jobs), 'job')} queued")
        self.refresh()

    def _on_moved(self, ids: list[JobId], before: JobId | None) -> None:
        self.request(lambda workspace, these: workspace.reorder(these, before), ids)

    def _on_menu_asked(self) -> None:
        self.actions_.refresh()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for entry in self.actions_.entries():
            if entry.scope is self and entry.action.isEnabled():
                menu.addAction(entry.action)
        if not menu.isEmpty():
            menu.popup(self.cursor().pos())
