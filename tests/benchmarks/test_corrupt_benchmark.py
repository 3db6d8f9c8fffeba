"""Speed of the corruptions beside the same one image at a time. Run with `-m benchmark -n 0`; it prints a table.

The goals, on one thread: the fifteen together ten times as fast as one image at a time, and in 1.6 ms for an image;
none slower than its baseline. The baseline is one process on one core whatever the number of threads. JPEG goes through
Pillow on both sides, image by image: on one thread it cannot be faster than its baseline, on more it can.
"""

import sys

import pytest

from tests.benchmarks.measured import rows_of, table

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

GOAL = 10


def test_the_fifteen_are_ten_times_as_fast_as_one_image_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    single, double = (rows_of("tests.benchmarks.corrupt_speed", threads) for threads in (1, 2))
    rows = [row for pair in zip(single, double, strict=True) for row in pair]
    with capsys.disabled():
        sys.stdout.write(table(f"Corruptions at severity 3: the goal is a ratio of {GOAL} for the fifteen", rows))
    assert single[-1]["ratio"] >= GOAL
    assert min(row["ratio"] for row in single) >= 0.9  # of JPEG, which is at 1 but for noise
