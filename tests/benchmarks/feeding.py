"""Two jobs that train, as the database sees it: `python -m tests.benchmarks.feeding WORKSPACE SECONDS RUN ...`.

It is a process of its own, as the host is, so that it takes nothing of the window's interpreter.
"""

import sys
import time
from pathlib import Path

import numpy as np

from card_studio.domain.ids import RunId
from card_studio.domain.job import MakeCard
from card_studio.domain.recipe import recipe_from
from card_studio.domain.run import Advanced, AnyEvent, EpochFinished, Logged, StepReported
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger

PAST_STEPS = 6_000
"""Reports that each job has behind it: those of about an hour."""
_PER_EPOCH = 40
_EVERY_S = 0.5


def begin(workspace: Path, jobs: int = 2, ended: int = 100) -> list[RunId]:
    """Fill a workspace with ended jobs, and with running ones that have trained for long."""
    ledger = Ledger(open_database(workspace))
    specs = [MakeCard(recipe=recipe_from({"seed": seed, "name": f"job {seed}"})) for seed in range(ended + jobs + 5)]
    ledger.add_all(specs[:ended])
    for _ in range(ended):
        claim = ledger.claim("feeding")
        assert claim is not None
        ledger.end(claim.run.id, "finished")
    ledger.add_all(specs[ended:])
    runs = []
    for _ in range(jobs):
        claim = ledger.claim("feeding")
        assert claim is not None
        events = [event for step in range(PAST_STEPS) for event in told(step)]
        assert ledger.ingest(claim.run.id, events, offset=1)
        runs.append(claim.run.id)
    return runs


def told(step: int) -> list[AnyEvent]:
    """Return what a job says at a step."""
    epoch, level = (step + 1) / _PER_EPOCH, step // 2_000
    loss = 0.2 + 2 * float(np.exp(-(step % 2_000) / 400)) + 0.05 * float(np.sin(1.7 * step))
    at = time.time()
    events: list[AnyEvent] = [
        StepReported(
            at=at,
            step=step,
            epoch=epoch,
            level=level,
            loss=loss,
            accuracy=float(np.exp(-loss)),
            learning_rate=0.1,
            sparsity=1 - 0.8**level,
            images_per_s=1_000,
        )
    ]
    if step % _PER_EPOCH == _PER_EPOCH - 1:
        rates = {"validation_loss": loss + 0.1, "validation_accuracy": float(np.exp(-loss - 0.1))}
        events.append(EpochFinished(at=at, step=step, epoch=epoch, level=level, **rates))
        events.append(Logged(at=at, text=f"epoch {epoch:.0f}: validation loss {loss + 0.1:.3f}"))
    return events


def feed(workspace: Path, runs: list[RunId], seconds: float) -> None:
    """Report of each run twice a second."""
    ledger = Ledger(open_database(workspace))
    ends = time.monotonic() + seconds
    step = PAST_STEPS
    while time.monotonic() < ends:
        for run in runs:
            progress = min(1.0, step / (2 * PAST_STEPS))
            ledger.ingest(run, [*told(step), Advanced(progress=progress, eta_s=600)], offset=step)
        step += 1
        time.sleep(_EVERY_S)


if __name__ == "__main__":
    feed(Path(sys.argv[1]), [RunId(int(each)) for each in sys.argv[3:]], float(sys.argv[2]))
