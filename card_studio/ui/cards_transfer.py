"""Files on their way into the workspace and out of it: jobs of the queue, watched until their end can be told."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from card_studio.domain.card import Card
from card_studio.domain.deck import Deck
from card_studio.domain.ids import JobId
from card_studio.domain.job import ExportDeck, ImportCards, Job, JobState, PrepareGate
from card_studio.domain.options import ValueType
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import CardExported
from card_studio.errors import UserError
from card_studio.studio.deck_sharing import deck_target
from card_studio.studio.targets import IMPORTABLE
from card_studio.ui.bridge import Bridge
from card_studio.ui.pieces import label
from card_studio.ui.theme import SPACE
from card_studio.ui.words import counted, kilobytes, percent

if TYPE_CHECKING:
    from card_studio.studio.workspace import Workspace

_MOST_NAMED = 3
News = list[tuple[Job, str]]
"""Watched jobs, each with what came of it, empty while it goes on."""


class Transfers(QObject):
    """Queues imports and exports, follows them, and tells their end once."""

    said = Signal(str)
    wrote = Signal(str, object)
    """What is to be said of a deck's file that was written, and the file (Path)."""
    brought = Signal(str)
    """A file has brought the deck of this name."""
    watching = Signal(list)
    """The jobs (Job) that have not ended yet."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._watched: set[JobId] = set()
        self._afterwards: list[tuple[set[JobId], Callable[[], None]]] = []
        bridge.changed.connect(self.look)

    def bring(self, files: Sequence[Path], recipe: Recipe | Path | None = None) -> None:
        """Queue the import of files.

        Args:
            files: cards, decks and state dicts.
            recipe: what is known of how the foreign ones were made.
        """
        workspace = self._bridge.workspace
        for file in files:
            known = recipe if IMPORTABLE[file.suffix.lower()] else None
            self._bridge.ask(partial(workspace.import_cards, file, known), self._on_queued, owner=self)

    def take(self, cards: Sequence[Card], out: Path, values: ValueType) -> None:
        """Write cards to a file or folder: a copy where their values stay as they are, else by a job."""
        workspace = self._bridge.workspace
        for card in cards:
            if card.recipe.values == values:
                self._bridge.ask(partial(workspace.export_card, card.id, out), self._on_copied, owner=self)
            else:
                self._bridge.ask(partial(workspace.export_rounded, card.id, out, values), self._on_queued, owner=self)

    def take_deck(self, deck: Deck, out: Path) -> None:
        """Write a deck to a file, after the references that its gate lacks are built."""
        workspace = self._bridge.workspace
        self._bridge.ask(
            lambda: _begun(workspace, deck, out),
            partial(self._on_deck_begun, partial(self.take_deck, deck, out)),
            owner=self,
        )

    def look(self) -> None:
        """Ask how those that are watched stand."""
        if self._watched:
            workspace, ids = self._bridge.workspace, tuple(self._watched)
            self._bridge.ask(lambda: _news(workspace, ids), self._on_news, owner=self, key="news")

    def _on_queued(self, job: Job) -> None:
        self._watched.add(job.id)
        self.look()

    def _on_deck_begun(self, again: Callable[[], None], jobs: Sequence[Job]) -> None:
        self._watched.update(job.id for job in jobs)
        if any(isinstance(job.spec, PrepareGate) for job in jobs):
            self.said.emit("The gate's references are built first")
            self._afterwards.append(({job.id for job in jobs}, again))
        self.look()

    def _on_copied(self, path: Path) -> None:
        self.said.emit(f"Exported to {path}")

    def _on_news(self, news: News) -> None:
        for job, outcome in news:
            if not job.state.ended or job.id not in self._watched:
                continue
            self._watched.discard(job.id)
            if job.state is not JobState.FINISHED:
                self._bridge.failed.emit(outcome)
            elif isinstance(job.spec, ExportDeck):
                self.wrote.emit(outcome, job.spec.out)
            elif outcome:
                self.said.emit(outcome)
            if isinstance(job.spec, ImportCards) and job.state is JobState.FINISHED:
                self._tell_deck(job)
            self._go_on_after(job)
        self.watching.emit([job for job, _outcome in news if not job.state.ended])

    def _tell_deck(self, job: Job) -> None:
        """Tell the name of the deck that a job has brought, if it has."""
        workspace = self._bridge.workspace
        self._bridge.ask(
            lambda: workspace.deck_brought_by(job),
            lambda deck: self.brought.emit(deck.name) if deck is not None else None,
            owner=self,
        )

    def _go_on_after(self, job: Job) -> None:
        """Do what has waited for this job as the last of several; nothing if it failed."""
        waiting, self._afterwards = self._afterwards, []
        for jobs, then in waiting:
            left = jobs - {job.id}
            if job.id not in jobs or (left and job.state is JobState.FINISHED):
                self._afterwards.append((left, then))
            elif job.state is JobState.FINISHED:
                then()


class TransferLine(QWidget):
    """One line under the page while files come in or go out: which, what is done, and how far."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Imports and exports under way")
        self._words = label("", "caption")
        self._words.setMinimumWidth(1)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(16 * SPACE)
        self.bar.setAccessibleName("Imported or exported so far")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE * 3 // 2)
        layout.addWidget(self.bar)
        layout.addWidget(self._words, 1)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show how these stand; none hides the line."""
        self.setVisible(bool(jobs))
        if not jobs:
            return
        self.bar.setValue(round(100 * sum(job.progress for job in jobs) / len(jobs)))
        waiting = all(job.state is not JobState.RUNNING for job in jobs)
        running = next((job for job in jobs if job.state is JobState.RUNNING), jobs[0])
        doing = "waits in the queue" if waiting else running.phase or "starting"
        others = f"  ·  and {len(jobs) - 1} more" if len(jobs) > 1 else ""
        self._words.setText(f"{running.name}: {doing}{others}")


def sorted_out(files: Sequence[Path]) -> tuple[list[Path], str]:
    """Return those files that can be imported, and why the others cannot, empty if there are none."""
    good = [file for file in files if file.suffix.lower() in IMPORTABLE and not file.is_dir()]
    bad = [file.name for file in files if file not in good]
    if not bad:
        return good, ""
    named = ", ".join(bad[:_MOST_NAMED]) + (f" and {len(bad) - _MOST_NAMED} more" if len(bad) > _MOST_NAMED else "")
    return good, f"{named}: not a card, deck or state dict; files that end in {spoken_suffixes()} can be imported"


def spoken_suffixes() -> str:
    """Return what can be imported: `.card, .pt or .pth`."""
    *most, last = IMPORTABLE
    return f"{', '.join(most)} or {last}"


def _news(workspace: "Workspace", ids: Sequence[JobId]) -> News:
    jobs = [workspace.job(each) for each in ids]
    return [(job, _outcome(workspace, job) if job.state.ended else "") for job in jobs]


def _outcome(workspace: "Workspace", job: Job) -> str:
    if job.state is not JobState.FINISHED:
        return job.error or f"{job.name}: {job.state}"
    if isinstance(job.spec, ImportCards):
        made = workspace.cards_made_by(job)
        deck = workspace.deck_brought_by(job)
        if deck is not None:
            return f"Imported the deck {deck.name} with {counted(len(made), 'card')} from {job.spec.path.name}"
        if len(made) != 1:
            return f"{counted(len(made), 'card')} imported from {job.spec.path.name}"
        return f"Imported {_name(workspace, made[0])} from {job.spec.path.name}"
    if isinstance(job.spec, PrepareGate):
        return ""
    if isinstance(job.spec, ExportDeck):
        size = kilobytes(job.spec.out.stat().st_size) if job.spec.out.exists() else "0"
        return f"Exported the deck {job.spec.name} to {job.spec.out.name}, {size} kB"
    return exported_in_words(workspace.exported_by(job))


def _begun(workspace: "Workspace", deck: Deck, out: Path) -> list[Job]:
    """Queue what a deck's gate lacks; or, where it lacks nothing, the deck's export."""
    deck_target(out)
    return workspace.queue_references(deck) or [workspace.export_deck(deck, out)]


def _name(workspace: "Workspace", card_id: str) -> str:
    try:
        return workspace.card(card_id).name
    except UserError:  # taken out again by another process in the meantime
        return "a card"


def exported_in_words(exported: CardExported) -> str:
    """Return what an export has written and what rounding has changed."""
    written = f"Exported {exported.path.name}, {kilobytes(exported.file_bytes)} kB as {exported.values}"
    if exported.exact_accuracy is None or exported.stored_accuracy is None:
        return f"{written}; the change in accuracy is not known: the card's images are not here"
    change = 100 * (exported.stored_accuracy - exported.exact_accuracy)
    now = percent(exported.stored_accuracy, 2)
    return f"{written}: validation accuracy {percent(exported.exact_accuracy, 2)} → {now} % ({change:+.2f} points)"
