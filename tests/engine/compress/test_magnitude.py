"""Magnitude pruning on hand-worked tensors, and the gradual schedule against its closed form."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from card_studio.domain.options import Gradual
from card_studio.engine.compress.magnitude import GradualSchedule, gradual_sparsity, magnitude_masks

WEIGHTS = {
    "a": torch.tensor([0.1, -5.0, 0.2, -0.3]),
    "b": torch.tensor([[4.0, -0.4], [0.05, 3.0]]),
}


def test_global_by_hand() -> None:
    masks = magnitude_masks(WEIGHTS, 0.5)
    assert masks["a"].tolist() == [False, True, False, False]
    assert masks["b"].tolist() == [[True, True], [False, True]]


def test_layerwise_by_hand() -> None:
    masks = magnitude_masks(WEIGHTS, 0.5, scope="layerwise")
    assert masks["a"].tolist() == [False, True, False, True]
    assert masks["b"].tolist() == [[True, False], [False, True]]


def test_masks_carry_no_gradient() -> None:
    assert not magnitude_masks({"a": torch.rand(4, requires_grad=True)}, 0.5)["a"].requires_grad


def test_gradual_sparsity_by_hand() -> None:
    levels = [
        gradual_sparsity(step, final=0.8, begin=10, prunings=4, every=5) for step in (0, 10, 15, 19, 20, 29, 30, 99)
    ]
    expected = [0, 0, 0.8 * (1 - 0.75**3), 0.8 * (1 - 0.75**3), 0.8 * (1 - 0.5**3), 0.8 * (1 - 0.25**3), 0.8, 0.8]
    assert levels == pytest.approx(expected, abs=1e-12)


@given(
    st.integers(1, 2_000), st.floats(0, 0.9), st.floats(0.05, 0.6), st.integers(1, 500), st.floats(0, 0.99),
)  # fmt: skip
def test_schedule_reaches_the_final_sparsity_within_the_training(
    total: int, start: float, length: float, every: int, final: float
) -> None:
    options = Gradual(start=start, end=min(1.0, start + length), prune_every=every, sparsity=final)
    schedule = GradualSchedule.of(options, total)
    levels = [schedule.sparsity(step) for step in range(total + 2)]
    assert levels == sorted(levels)
    assert levels[0] == 0 or schedule.end == 0
    assert levels[max(schedule.end, 0)] == final
    assert schedule.end <= max(schedule.begin + 1, math.floor(options.end * total))
    grown = [step for step in range(1, total + 2) if levels[step] != levels[step - 1]]
    assert all(schedule.prunes_at(step) for step in grown)
    assert sum(schedule.prunes_at(step) for step in range(total + 2)) <= schedule.prunings
