"""Deal for me: a proposal from a hand of a hundred cards on 20 corrupted cells of 2,000 images, ten classes."""

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from card_studio.domain.deck import DeckMode
from card_studio.domain.job import SELECTION_SUITE
from card_studio.studio.proposing import Proposer
from tests.studio.test_scoring import card, evaluation

pytestmark = pytest.mark.benchmark
_CARDS, _IMAGES = 100, 2_000


@pytest.mark.parametrize("mode", DeckMode)
def test_a_proposal_from_a_hundred_cards(benchmark: BenchmarkFixture, mode: DeckMode) -> None:
    """Stated goal: seconds."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, _IMAGES)
    suits = ("clean", "gaussian", "augmix")
    cards = [card(number, suits[number % 3], int(rng.integers(20_000, 900_000))) for number in range(_CARDS)]
    answers = []
    for _ in cards:
        logits = rng.normal(size=(21, _IMAGES, 10)).astype(np.float32)
        logits[:, np.arange(_IMAGES), labels] += 3 + rng.normal(size=(21, _IMAGES))
        p = np.exp(1.5 * logits)
        answers.append((p / p.sum(axis=2, keepdims=True)).astype(np.float16))
    distances = {suit: rng.random((21, _IMAGES)).astype(np.float32) for suit in suits}
    evaluations = [evaluation(each, SELECTION_SUITE, _IMAGES) for each in cards]

    def propose() -> int:
        hand = Proposer(cards, evaluations, probabilities=answers, labels=labels, distances=distances, mode=mode)
        return len(hand.propose(2_000_000).cards)

    benchmark.pedantic(propose, rounds=1)
