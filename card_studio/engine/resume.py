"""Jobs made of stages that are kept as files: what they reported before a checkpoint is not reported again after it."""

import json
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import TypeVar

from card_studio.domain.job import JobSpec
from card_studio.domain.run import (
    Advanced,
    AnyEvent,
    CardEvaluated,
    CardMade,
    CellEvaluated,
    CheckpointSaved,
    DeckBrought,
    DistancesMeasured,
    MapMeasured,
    ReferenceBuilt,
)
from card_studio.engine.context import Command, Context
from card_studio.engine.data.progress import Result, Work
from card_studio.files import write_atomically

_LASTING = (CardMade, CellEvaluated, CardEvaluated, MapMeasured, ReferenceBuilt, DistancesMeasured, DeckBrought)
Spec = TypeVar("Spec", bound=JobSpec)
Events = Iterator[AnyEvent]
Task = Generator[AnyEvent, Command | None, None]


def resumable(stages: Callable[[Spec, Context], Events]) -> Callable[[Spec, Context], Task]:
    """Make a task of a generator whose stages begin with "is it there? then return it".

    Its results come in the same order each time, so the checkpoint is no more than how many were reported: after a
    resume the first so many are passed over.
    """

    @wraps(stages)
    def task(spec: Spec, context: Context) -> Task:
        passed_over = _reported(context.checkpoint)
        reported = 0
        for event in stages(spec, context):
            if isinstance(event, _LASTING):
                reported += 1
                if reported <= passed_over:
                    continue
            command = yield event
            while command is Command.SAVE:
                write_atomically(context.checkpoint, json.dumps({"reported": reported}).encode())
                command = yield CheckpointSaved()

    return task


def _reported(checkpoint: Path) -> int:
    return int(json.loads(checkpoint.read_bytes())["reported"]) if checkpoint.exists() else 0


class Pace:
    """Turns units of work done into Advanced events, at most about twice a second."""

    def __init__(self, units: float, every_s: float = 0.5) -> None:
        """Expect `units` of work in all."""
        self._units = max(units, 1e-9)
        self._every_s = every_s
        self._done = 0.0
        self._worked = 0.0
        self._started = self._last = monotonic()

    def step(self, units: float, *, reused: bool = False) -> Iterator[Advanced]:
        """Count work as done; yield an event if the last is long enough ago. Reused work does not set the pace."""
        self._done += units
        self._worked += 0 if reused else units
        now = monotonic()
        if now - self._last >= self._every_s or self._done >= self._units:
            self._last = now
            yield Advanced(progress=min(1.0, self._done / self._units), eta_s=self._eta(now))

    def _eta(self, now: float) -> float | None:
        if not self._worked:
            return None
        return max(0.0, self._units - self._done) * (now - self._started) / self._worked


def paced(work: Work[Result], pace: Pace, units: float = 1.0) -> Generator[AnyEvent, Command | None, Result]:
    """Do work that counts as so many units of a pace; return its result."""
    done = 0.0
    while True:
        try:
            share = next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        yield from pace.step(units * (share - done))
        done = share
