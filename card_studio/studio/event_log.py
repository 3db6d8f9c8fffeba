"""Reading a worker child's event log, from a byte offset, whole lines only."""

import logging
from pathlib import Path

from pydantic import ValidationError

from card_studio.domain.run import EVENT, AnyEvent

_AT_MOST_BYTES = 4 << 20
"""Read at once: a long log is brought in over several rounds, each a transaction of its own."""

log = logging.getLogger(__name__)


def read_events(path: Path, offset: int) -> tuple[list[AnyEvent], int]:
    """Return the events whose lines are complete after `offset`, and the offset after them.

    A last line that is still being written is left for the next round. A complete line that is no event, as a full disk
    can leave behind, is logged and passed over.

    Args:
        path: the log; it may not exist yet.
        offset: bytes already read.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(_AT_MOST_BYTES)
    except FileNotFoundError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    events: list[AnyEvent] = []
    for line in whole.splitlines():
        try:
            events.append(EVENT.validate_json(line))
        except ValidationError:
            log.warning("%s: a line that is no event was passed over: %.200r", path, line)
    return events, offset + len(whole)
