"""Speed of AugMix on batches beside AugMix one image at a time with Pillow. Run with `-m benchmark`.

The goal is ten times the baseline for each thread, and 9,400 images/s.
"""

import time
from typing import Any

import numpy as np
import pytest
import torch

from card_studio.domain.options import AugmixAugmentation
from card_studio.engine.data.augment import augmix, augmix_views, flip_crop, gaussian
from tests.engine.data.natural import as_batch, natural_pictures
from tests.engine.data.per_image_augmix import augmix_one

pytestmark = pytest.mark.benchmark

IMAGES, ALONE = 512, 128


@pytest.fixture(params=[1, 2], ids=["1_thread", "2_threads"])
def threads(request: pytest.FixtureRequest) -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def _baseline_images_per_s() -> float:
    pictures, random = natural_pictures(ALONE), np.random.default_rng(0)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        for picture in pictures:
            augmix_one(picture, random)
        times.append(time.perf_counter() - start)
    return ALONE / min(times)


def _keep(benchmark: Any, baseline: float, views: int = 1) -> None:
    ours = IMAGES / benchmark.stats.stats.min
    benchmark.extra_info |= {"images_per_s": round(ours), "baseline_images_per_s": round(baseline / views)}
    benchmark.extra_info["ratio"] = round(ours * views / baseline, 1)


def test_augmix(benchmark: Any, threads: int) -> None:
    images, generator = as_batch(natural_pictures(IMAGES)).float() / 255, torch.Generator().manual_seed(0)
    baseline = _baseline_images_per_s()
    benchmark.pedantic(lambda: augmix(images, generator), rounds=9, warmup_rounds=2)
    _keep(benchmark, baseline)


def test_augmix_views_for_the_consistency_loss(benchmark: Any, threads: int) -> None:
    images, generator = as_batch(natural_pictures(IMAGES)).float() / 255, torch.Generator().manual_seed(0)
    baseline = _baseline_images_per_s()
    options = AugmixAugmentation(jsd=True)
    benchmark.pedantic(lambda: augmix_views(images, generator, options), rounds=7, warmup_rounds=1)
    _keep(benchmark, baseline, views=2)


def test_gaussian_noise_flip_and_crop(benchmark: Any, threads: int) -> None:
    images, generator = as_batch(natural_pictures(IMAGES)).float() / 255, torch.Generator().manual_seed(0)
    benchmark.pedantic(lambda: gaussian(flip_crop(images, generator), generator), rounds=9, warmup_rounds=1)
    benchmark.extra_info["images_per_s"] = round(IMAGES / benchmark.stats.stats.min)
