"""Evaluation with ResNet-20 on 32-pixel images: time outside the network, settings, bfloat16: `-m benchmark -n 0 -s`.

Three tables, each measured in children of two threads with a worker's environment, or with glibc's own thresholds.
"""

import sys
from collections.abc import Callable

import pytest
import torch

from card_studio.engine.arithmetic import gains_from_bfloat16
from tests.benchmarks.measured import rows_of, table

pytestmark = pytest.mark.benchmark
SPEED, SHIFT = "tests.benchmarks.evaluate_speed", "tests.benchmarks.precision_shift"
GLIBCS_OWN = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
THREADS = 2


def test_at_most_a_tenth_of_the_time_is_spent_outside_the_network(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    rows = rows_of(SPEED, THREADS, "outside")
    record_property("rows", rows)
    with capsys.disabled():
        sys.stdout.write(table("Evaluation: where the time goes", rows))
    assert rows[0]["corruptions, s"] > 0 == rows[1]["corruptions, s"]
    assert min(row["outside, %"] for row in rows if row["pass"] == "cached") <= 10


def test_what_each_setting_is_worth(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    own, kept = rows_of(SPEED, THREADS, "levers", **GLIBCS_OWN), rows_of(SPEED, THREADS, "levers")
    rows = [
        {
            "setting": before["setting"],
            "images/s": before["images/s"],
            "with malloc thresholds": after["images/s"],
            "of the first": f"{after['images/s'] / own[0]['images/s']:.2f}x",
        }
        for before, after in zip(own, kept, strict=True)
    ]
    record_property("rows", rows)
    with capsys.disabled():
        sys.stdout.write(table("Evaluation: what each setting is worth, two threads", rows))
    assert max(row["with malloc thresholds"] for row in rows) > rows[0]["images/s"]


@pytest.mark.skipif(not gains_from_bfloat16(torch.device("cpu")), reason="this processor has no bfloat16 instructions")
@pytest.mark.timeout(900)
def test_bfloat16_moves_accuracy_by_at_most_a_tenth_of_a_point(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    rows = rows_of(SHIFT, THREADS)
    record_property("rows", rows)
    with capsys.disabled():
        sys.stdout.write(table("A trained ResNet-20 in bfloat16 against float32", rows))
    assert rows[0]["n"] == 10_000
    assert max(abs(rows[0]["clean, points"]), abs(rows[0]["robust, points"])) <= 0.1
