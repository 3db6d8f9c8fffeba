"""What the benchmarks share: timing in a child with a worker's environment, turns taken with a baseline, a table.

Thread counts, the way threads wait, and the malloc thresholds act only where they are set before torch is loaded, so
each number of threads is measured in a process of its own: `python -m tests.benchmarks.NAME THREADS` prints rows.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch

from card_studio.studio.launch import child_environment

Row = dict[str, Any]


def rows_of(module: str, threads: int, *arguments: str, **environment: str) -> list[Row]:
    """Run a module of measurements in a child as a worker with so many threads is run, and return its rows."""
    told = subprocess.run(
        [sys.executable, "-m", module, str(threads), *arguments],
        env=child_environment(threads) | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    rows: list[Row] = json.loads(told.stdout)
    return rows


def tell(rows: Sequence[Row]) -> None:
    """Print a child's rows for its parent."""
    sys.stdout.write(json.dumps(rows))


def timed(work: Callable[[], object], images: int) -> float:
    """Return microseconds for each image: of processor time on one thread, which other work distorts less."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    began = clock()
    work()
    return (clock() - began) / images * 1e6


def in_turns(
    ours: Callable[[], object], images: int, alone: Callable[[], object], images_alone: int, turns: int
) -> tuple[float, float]:
    """Return the median microseconds for an image of two ways that take turns, after one unmeasured turn."""
    timed(ours, images), timed(alone, images_alone)
    times = [(timed(ours, images), timed(alone, images_alone)) for _ in range(turns)]
    mine, theirs = zip(*times, strict=True)
    return median(mine), median(theirs)


def table(title: str, rows: Sequence[Row]) -> str:
    """Return rows of the same keys as lines of aligned columns."""
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    aligned = ["  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(["", title, *aligned, ""])
