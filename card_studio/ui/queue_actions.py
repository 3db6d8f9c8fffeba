"""What can be done on the Queue page, with its keys."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from card_studio.domain.ids import JobId
from card_studio.domain.job import JobState, MakeCard
from card_studio.ui import queue_rules as rules
from card_studio.ui.actions import ActionRegistry

if TYPE_CHECKING:
    from card_studio.ui.queue_page import QueuePage

Enabled = Callable[[], bool]


def add_queue_actions(page: "QueuePage", actions: ActionRegistry) -> None:
    """Register the page's actions, in the order of the menu."""

    def some(states: Sequence[JobState]) -> Enabled:
        return lambda: bool(rules.ids_in(page.selected(), states))

    def ask(work: Callable[[Any, list[JobId]], object], states: Sequence[JobState]) -> Callable[[], None]:
        return lambda: page.request(work, rules.ids_in(page.selected(), states))

    def add(
        name: str, text: str, keys: str, slot: Callable[[], object], icon: str, enabled: Enabled, tip: str = ""
    ) -> None:
        actions.add(f"queue.{name}", text, keys, slot, menu="Jobs", icon=icon, scope=page, enabled=enabled, tip=tip)

    for name, text, keys, work, states, icon, tip in (
        ("pause", "&Pause", "Ctrl+P", _pause, rules.PAUSABLE, "mdi6.pause", "Save the state and wait"),
        ("resume", "&Resume", "Ctrl+R", _resume, rules.RESUMABLE, "mdi6.play", "Go on from where it paused"),
        ("retry", "Re&try", "Ctrl+T", _retry, rules.RETRIABLE, "mdi6.restart", "Again, from its last checkpoint"),
        ("duplicate", "&Duplicate", "Ctrl+D", _duplicate, tuple(JobState), "mdi6.content-duplicate", "The same anew"),
    ):
        add(name, text, keys, ask(work, states), icon, some(states), tip)
    add(
        "edit", "New job &like this…", "Ctrl+Shift+N", partial(_edit, page), "mdi6.pencil-outline", partial(_made, page)
    )
    for name, text, keys, icon, step in (
        ("up", "Move &up", "Alt+Up", "mdi6.arrow-up", -1),
        ("down", "Move do&wn", "Alt+Down", "mdi6.arrow-down", 1),
    ):
        add(name, text, keys, partial(page.move_selected, step), icon, some(rules.MOVABLE))
    for name, text, keys, icon, step in (
        ("raise", "&Higher priority", "Alt+Shift+Up", "mdi6.chevron-double-up", 1),
        ("lower", "&Lower priority", "Alt+Shift+Down", "mdi6.chevron-double-down", -1),
    ):
        add(name, text, keys, partial(page.change_priority, step), icon, some(rules.CANCELLABLE))
    stop = "End without a result; asks first"
    add("cancel", "&Cancel…", "Del", page.cancel_selected, "mdi6.close", some(rules.CANCELLABLE), stop)
    off = "Remove ended jobs from the list; their cards stay"
    ended = [state for state in JobState if state.ended]
    add("forget", "&Take off the list…", "Ctrl+Del", page.forget_selected, "mdi6.playlist-remove", some(ended), off)


def _pause(workspace: Any, ids: list[JobId]) -> object:
    return workspace.pause(ids)


def _resume(workspace: Any, ids: list[JobId]) -> object:
    return workspace.resume(ids)


def _retry(workspace: Any, ids: list[JobId]) -> object:
    return workspace.retry(ids)


def _duplicate(workspace: Any, ids: list[JobId]) -> object:
    return workspace.duplicate(ids)


def _edit(page: "QueuePage") -> None:
    page.new_job(page.selected()[0])


def _made(page: "QueuePage") -> bool:
    return any(isinstance(job.spec, MakeCard) for job in page.selected()[:1])
