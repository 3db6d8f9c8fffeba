"""Training through the product against the bare forward-backward-step, and what each lever brings: `-m benchmark -n 0`.

Two tables: the ratios, for one thread and two; and ResNet-20 at batch 128 with one lever after another, each in a child
of its own, as the allocator's thresholds and OpenMP's way of waiting are read when a process starts.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
import torch

from card_studio.domain.options import Dense
from card_studio.engine.checkpoint import Position, save_checkpoint
from tests.benchmarks.measured import rows_of, table, timed
from tests.benchmarks.train_speed import CLEAN, STEPS, course_of, product_epoch, recipe_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

MODULE = "tests.benchmarks.train_speed"
GLIBCS_OWN = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
LEVERS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("none", "contiguous", "float32", GLIBCS_OWN),
    ("channels_last", "channels_last", "float32", GLIBCS_OWN),
    ("and malloc thresholds", "channels_last", "float32", {}),
    ("and bfloat16", "channels_last", "bfloat16", {}),
    ("the same, threads spin while they wait", "channels_last", "bfloat16", {"GOMP_SPINCOUNT": "30000000000"}),
    ("the same, threads sleep while they wait", "channels_last", "bfloat16", {"GOMP_SPINCOUNT": "0"}),
)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Measure one thread, as a worker with one runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_product_trains_about_as_fast_as_the_bare_step(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for threads in (1, 2) for row in rows_of(MODULE, threads)]
    with capsys.disabled():
        sys.stdout.write(table("Training ResNet-20, batch 128, against the bare step", rows))
    assert [row for row in rows if row["threads"] == 1 and row["ratio"] < row["goal"]] == []


def test_what_each_lever_brings(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for name, layout, precision, environment in LEVERS:
        found = [rows_of(MODULE, threads, layout, precision, **environment)[0]["images/s"] for threads in (1, 2)]
        rows.append({"levers": name, "1 thread, images/s": found[0], "2 threads, images/s": found[1]})
    with capsys.disabled():
        sys.stdout.write(table("The bare step of ResNet-20, batch 128", rows))
    assert rows[3]["1 thread, images/s"] > rows[0]["1 thread, images/s"]


@pytest.mark.usefixtures("one_thread")
def test_a_checkpoint_costs_less_than_a_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker saves one every 30 s: well under 1 % of its time."""
    course = course_of(recipe_of(Dense(), CLEAN, "float32"))
    epoch = product_epoch(course)
    epoch()
    step_us = timed(epoch, STEPS)
    position = Position(fingerprint="", maker="", place=0, pending=())
    times = [timed(lambda: save_checkpoint(tmp_path / "checkpoint", position, course.fit.state()), 1) for _ in range(5)]
    with capsys.disabled():
        sys.stdout.write(f"\na checkpoint costs {median(times) / step_us:.2f} of a step")
    assert median(times) < step_us
