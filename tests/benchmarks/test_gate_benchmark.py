"""The gate and the score line: one image's choice, and a deck of six on 15 x 5 x 2,000 images."""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from card_studio.domain.deck import DeckMode
from card_studio.domain.gate import Gate
from card_studio.domain.statistics import bootstrap, draws
from card_studio.studio.scoring import Rules, judge

pytestmark = pytest.mark.benchmark


def test_the_choice_for_one_dropped_image(benchmark: BenchmarkFixture) -> None:
    """Stated goal: 50 ms from the drop, of which this is the arithmetic: three sets of 2,000 references."""
    rng = np.random.default_rng(0)
    images = {suit: rng.integers(0, 256, (2_000, 3, 32, 32), np.uint8) for suit in ("clean", "gaussian", "augmix")}
    gate = Gate.from_images(images)
    dropped = rng.integers(0, 256, (1, 3, 32, 32), np.uint8)
    benchmark(gate.choose, dropped)


@pytest.mark.parametrize("mode", DeckMode)
def test_the_score_of_six_cards(benchmark: BenchmarkFixture, mode: DeckMode) -> None:
    """Stated goal: 100 ms after each edit."""
    rng = np.random.default_rng(0)
    answers = []
    for _ in range(6):
        p = rng.random((76, 2_000, 10), np.float32) ** 4
        answers.append((p / p.sum(axis=2, keepdims=True)).astype(np.float16))
    labels = rng.integers(0, 10, 2_000)
    distances = [rng.random((76, 2_000), np.float32) for _ in range(3)]
    rules = Rules(mode=mode, owners=np.array([0, 0, 1, 1, 2, 2]), m=1, temperature=1.0)
    draws(2_000)  # drawn once in the life of a process

    def score() -> tuple[float, float]:
        verdict = judge(answers, labels, distances, rules)
        return bootstrap(verdict.deck.mean(axis=0) - verdict.agnostic.mean(axis=0))

    benchmark(score)


def test_the_first_score_also_draws_the_resamples(benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(draws, args=(2_000,), setup=draws.cache_clear, rounds=3)
