"""How distances become weights and weights a mean: by hand, and as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_studio.domain.deck import DeckMode, card_weights, combine, suits_of

OWNERS = np.array([0, 1, 0])


def test_suits_come_in_deck_order() -> None:
    suits, owners = suits_of(["gaussian", "clean", "gaussian", "augmix"])
    assert suits == ("gaussian", "clean", "augmix")
    assert owners.tolist() == [0, 1, 0, 2]
    assert suits_of([])[0] == ()


def test_weights_by_hand() -> None:
    distances = np.array([[1, 2], [3, 2], [1, 1]], np.float32)
    adaptive = card_weights(distances, OWNERS, DeckMode.DOMAIN_ADAPTIVE)
    assert adaptive.tolist() == [[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]]  # the last is a tie: the first suit
    batched = card_weights(distances, OWNERS, DeckMode.DOMAIN_ADAPTIVE, m=2)
    assert batched.tolist() == [[0.5, 0, 0.5]] * 3  # means 2 and 2, a tie; then the last alone
    agnostic = card_weights(distances, OWNERS, DeckMode.DOMAIN_AGNOSTIC)
    assert agnostic == pytest.approx(np.full((3, 3), 1 / 3))
    soft = card_weights(distances, OWNERS, DeckMode.SOFT, temperature=2.0)
    near = 1 / (1 + np.exp(-0.5))  # softmax of -1/2 and -2/2
    assert soft[0] == pytest.approx([near / 2, 1 - near, near / 2])
    assert soft[2] == pytest.approx([0.25, 0.5, 0.25])


@given(
    st.integers(0, 1_000),
    st.integers(1, 30),
    st.lists(st.integers(0, 3), min_size=1, max_size=6),
    st.sampled_from(DeckMode),
    st.integers(1, 40),
    st.floats(0.01, 100),
)
def test_each_images_weights_sum_to_one(
    seed: int, images: int, labels: list[int], mode: DeckMode, m: int, temperature: float
) -> None:
    suits, owners = suits_of([str(label) for label in labels])
    distances = (50 * np.random.default_rng(seed).random((images, len(suits)))).astype(np.float32)
    weights = card_weights(distances, owners, mode, m=m, temperature=temperature)
    assert weights.shape == (images, len(labels))
    assert (weights >= 0).all()
    assert weights.sum(axis=1) == pytest.approx(np.ones(images), abs=1e-5)
    for start in range(0, images, m):
        batch = weights[start : start + m]
        assert (batch == batch[0]).all()


def test_soft_goes_over_into_adaptive_and_agnostic() -> None:
    distances = np.random.default_rng(0).random((50, 2)).astype(np.float32)
    cold = card_weights(distances, np.array([0, 1]), DeckMode.SOFT, temperature=1e-6)
    assert cold == pytest.approx(card_weights(distances, np.array([0, 1]), DeckMode.DOMAIN_ADAPTIVE), abs=1e-3)
    warm = card_weights(distances, np.array([0, 1]), DeckMode.SOFT, temperature=1e6)
    assert warm == pytest.approx(np.full((50, 2), 0.5), abs=1e-3)


def test_the_deck_answers_with_the_weighted_mean() -> None:
    cards = np.array([[[1, 0], [0.5, 0.5]], [[0, 1], [0.25, 0.75]]], np.float16)
    weights = np.array([[0.75, 0.25], [0, 1]], np.float32)
    assert combine(cards, weights).tolist() == [[0.75, 0.25], [0.25, 0.75]]
    assert combine(cards, weights).dtype == np.float32


def test_combined_probabilities_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    cards = rng.random((3, 20, 5)).astype(np.float32)
    cards /= cards.sum(axis=2, keepdims=True)
    weights = card_weights(rng.random((20, 2)).astype(np.float32), OWNERS, DeckMode.SOFT)
    assert combine(cards, weights).sum(axis=1) == pytest.approx(np.ones(20), abs=1e-5)
