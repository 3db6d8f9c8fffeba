"""A whole sensitivity map against all 1,024 cells evaluated plainly, ResNet-20, 256 images: `-m benchmark -n 0 -s`.

Each way has a process of its own with two threads, ours as a worker is run; the plain one with glibc's own thresholds,
and once more with a worker's. They take turns, so all meet the same machine, and ratios are asserted, not times.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median

import pytest
import torch

from card_studio.engine.arithmetic import gains_from_bfloat16
from card_studio.studio.launch import child_environment
from tests.benchmarks.measured import table

pytestmark = pytest.mark.benchmark
TURNS, CELLS, DISTINCT, THREADS = 8, 1_024, 514, 2
WORKERS = child_environment(THREADS)
USERS = os.environ | {"OMP_NUM_THREADS": str(THREADS), "MKL_NUM_THREADS": str(THREADS)}
PLAIN, AIDED, OURS = "all cells plainly", "all cells plainly, a worker's environment", "a map"


def child(what: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.map_speed", what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def turn(process: "subprocess.Popen[str]") -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def test_a_map_takes_under_a_third_of_all_cells_evaluated_plainly(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    ways = {PLAIN: child("plain", dict(USERS)), AIDED: child("plain", WORKERS), OURS: child("float32", WORKERS)}
    if gains_from_bfloat16(torch.device("cpu")):
        ways[f"{OURS}, bfloat16"] = child("bfloat16", WORKERS)
    times = [{name: turn(process) for name, process in ways.items()} for _ in range(TURNS)]
    for process in ways.values():
        process.communicate()
    whole = {name: median(each[name] for each in times) * (DISTINCT if OURS in name[:5] else CELLS) for name in ways}
    rows = [
        {"way": name, "s": f"{seconds:.1f}", "times as fast as plainly": f"{whole[PLAIN] / seconds:.2f}"}
        for name, seconds in whole.items()
    ]
    record_property("rows", rows)
    with capsys.disabled():
        sys.stdout.write(table("One sensitivity map, ResNet-20, 256 images, two threads", rows))
    assert whole[PLAIN] / whole[OURS] >= 3
