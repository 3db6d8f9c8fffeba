"""Speed of the corruptions beside the same one image at a time, in one process and on the same number of threads.

Run with `-m benchmark`. Each corruption is timed in a batch by pytest-benchmark; its baseline is timed right beside it
and the ratio is kept in `extra_info` and shown. The last test sums the fifteen and states the two goals: ten times the
baseline, and 1.6 ms for an image.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from card_studio.domain.names import STANDARD_CORRUPTIONS, CorruptionName
from card_studio.engine.data.corrupt import corrupt
from tests.engine.data.natural import as_batch, natural_pictures
from tests.engine.data.per_image_corruptions import PER_IMAGE

pytestmark = pytest.mark.benchmark

IMAGES, ALONE, SEVERITY = 256, 16, 3


def _microseconds(work: Callable[[], Any], images: int, repeats: int) -> float:
    """Return the least time for an image, in microseconds of the wall clock."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) / images * 1e6


def _pair(name: CorruptionName) -> tuple[Callable[[], Any], float]:
    """Return the batch's work, and the baseline's microseconds for an image."""
    pictures = natural_pictures(IMAGES)
    images, random = as_batch(pictures), np.random.default_rng(0)

    def alone() -> None:
        for picture in pictures[:ALONE]:
            PER_IMAGE[name](picture, SEVERITY, random)

    alone_us = _microseconds(alone, ALONE, repeats=2)
    return lambda: corrupt(images, name, SEVERITY, torch.Generator().manual_seed(0)), alone_us


@pytest.fixture(params=[1, 2], ids=["1_thread", "2_threads"])
def threads(request: pytest.FixtureRequest) -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", STANDARD_CORRUPTIONS)
def test_one_corruption(benchmark: Any, name: CorruptionName, threads: int) -> None:
    work, alone_us = _pair(name)
    work()
    benchmark.pedantic(work, rounds=5)
    ours_us = benchmark.stats.stats.min / IMAGES * 1e6
    benchmark.extra_info |= {"ours_us": round(ours_us, 1), "baseline_us": round(alone_us, 1)}
    benchmark.extra_info["ratio"] = round(alone_us / ours_us, 1)


def test_the_fifteen_together(benchmark: Any, threads: int) -> None:
    pairs = [_pair(name) for name in STANDARD_CORRUPTIONS]

    def all_fifteen() -> None:
        for work, _ in pairs:
            work()

    all_fifteen()
    benchmark.pedantic(all_fifteen, rounds=5)
    ours_ms = benchmark.stats.stats.min / IMAGES * 1e3
    alone_ms = sum(alone_us for _, alone_us in pairs) / 1e3
    benchmark.extra_info |= {"ours_ms": round(ours_ms, 3), "baseline_ms": round(alone_ms, 2), "goal_ms": 1.6}
    benchmark.extra_info |= {"ratio": round(alone_ms / ours_ms, 1), "goal_ratio": 10}
