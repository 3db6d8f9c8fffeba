"""What can be done on the Queue page, with its keys."""

from typing import TYPE_CHECKING

from card_studio.ui import queue_rules as rules
from card_studio.ui.actions import ActionRegistry

if TYPE_CHECKING:
    from card_studio.ui.queue_page import QueuePage


def add_queue_actions(page: "QueuePage", actions: ActionRegistry) -> None:
    """Register the page's actions."""
    _add_running(page, actions)
    _add_ordering(page, actions)
    _add_ending(page, actions)


def _add_running(page: "QueuePage", actions: ActionRegistry) -> None:
    actions.add(
        "queue.pause",
        "&Pause",
        "Ctrl+P",
        lambda: page.request(lambda ws, ids: ws.pause(ids), rules.ids_in(page.selected(), rules.PAUSABLE)),
        menu="Jobs",
        icon="mdi6.pause",
        scope=page,
        enabled=lambda: bool(rules.ids_in(page.selected(), rules.PAUSABLE)),
        tip="Save the state and wait",
    )
    actions.add(
        "queue.resume",
        "&Resume",
        "Ctrl+R",
        lambda: page.request(lambda ws, ids: ws.resume(ids), rules.ids_in(page.selected(), rules.RESUMABLE)),
        menu="Jobs",
        icon="mdi6.play",
        scope=page,
        enabled=lambda: bool(rules.ids_in(page.selected(), rules.RESUMABLE)),
        tip="Go on from where it paused",
    )
    actions.add(
        "queue.retry",
        "Re&try",
        "Ctrl+T",
        lambda: page.request(lambda ws, ids: ws.retry(ids), rules.ids_in(page.selected(), rules.RETRIABLE)),
        menu="Jobs",
        icon="mdi6.restart",
        scope=page,
        enabled=lambda: bool(rules.ids_in(page.selected(), rules.RETRIABLE)),
        tip="Queue it again; it goes on from its last checkpoint",
    )
    actions.add(
        "queue.duplicate",
        "&Duplicate",
        "Ctrl+D",
        lambda: page.request(lambda ws, ids: ws.duplicate(ids), [job.id for job in page.selected()]),
        menu="Jobs",
        icon="mdi6.content-duplicate",
        scope=page,
        enabled=lambda: bool(page.selected()),
        tip="Queue the same work once more",
    )
    actions.add(
        "queue.edit",
        "New job &like this…",
        "Ctrl+Shift+N",
        lambda: page.new_job(page.selected()[0]),
        menu="Jobs",
        icon="mdi6.pencil-outline",
        scope=page,
        enabled=lambda: any(job.spec.kind.value == "make_card" for job in page.selected()[:1]),
    )


def _add_ordering(page: "QueuePage", actions: ActionRegistry) -> None:
    for name, text, keys, icon, step in (
        ("up", "Move &up", "Alt+Up", "mdi6.arrow-up", -1),
        ("down", "Move do&wn", "Alt+Down", "mdi6.arrow-down", 1),
    ):
        actions.add(
            f"queue.{name}",
            text,
            keys,
            lambda step=step: page.move_selected(step),  # type: ignore[misc]  # mypy cannot type the default
            menu="Jobs",
            icon=icon,
            scope=page,
            enabled=lambda: bool(rules.ids_in(page.selected(), rules.MOVABLE)),
        )
    for name, text, keys, icon, step in (
        ("raise", "&Higher priority", "Alt+Shift+Up", "mdi6.chevron-double-up", 1),
        ("lower", "&Lower priority", "Alt+Shift+Down", "mdi6.chevron-double-down", -1),
    ):
        actions.add(
            f"queue.{name}",
            text,
            keys,
            lambda step=step: page.change_priority(step),  # type: ignore[misc]  # as above
            menu="Jobs",
            icon=icon,
            scope=page,
            enabled=lambda: any(not job.state.ended for job in page.selected()),
        )


def _add_ending(page: "QueuePage", actions: ActionRegistry) -> None:
    actions.add(
        "queue.cancel",
        "&Cancel…",
        "Del",
        page.cancel_selected,
        menu="Jobs",
        icon="mdi6.close",
        scope=page,
        enabled=lambda: bool(rules.ids_in(page.selected(), rules.CANCELLABLE)),
        tip="End without a result; asks first",
    )
    actions.add(
        "queue.forget",
        "&Take off the list…",
        "Ctrl+Del",
        page.forget_selected,
        menu="Jobs",
        icon="mdi6.playlist-remove",
        scope=page,
        enabled=lambda: bool(rules.ended_ids(page.selected())),
        tip="Remove ended jobs from the list; their cards stay",
    )
