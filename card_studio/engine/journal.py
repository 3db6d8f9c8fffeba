"""Events on their way out of a job: the one place where a checkpoint is taken, so that none is lost or told twice."""

from collections import deque
from collections.abc import Callable, Generator, Iterable

from card_studio.domain.run import AnyEvent, CheckpointSaved
from card_studio.engine.context import Command

EventStream = Generator[AnyEvent, Command | None, None]


class Journal:
    """A queue of events that have happened but were not yet told.

    Work is done in small units; after each, its events are noted and told. A checkpoint asked for at any of them
    holds the state after the unit and the events still untold, so resuming goes on with the very next event.
    """

    def __init__(self, save: Callable[[], None], pending: Iterable[AnyEvent] = ()) -> None:
        """Begin with the events that a checkpoint held.

        Args:
            save: saves the job's state, `pending` included.
            pending: events to be told first.
        """
        self.pending = deque(pending)
        self._save = save

    def note(self, *events: AnyEvent) -> None:
        """Add events to be told."""
        self.pending.extend(events)

    def told(self) -> EventStream:
        """Yield what has happened; on Command.SAVE save a checkpoint between two events and say so."""
        while self.pending:
            command = yield self.pending.popleft()
            while command is Command.SAVE:
                self._save()
                command = yield CheckpointSaved()
