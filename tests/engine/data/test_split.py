"""The stratified split is a seeded permutation that gives each part its share of every class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_studio.engine.data.split import stratified
from card_studio.errors import DataError


@given(
    counts=st.lists(st.integers(6, 60), min_size=2, max_size=6),
    shares=st.tuples(st.floats(0.01, 0.4), st.floats(0.01, 0.4)),
    seed=st.integers(0, 1000),
)
def test_parts_are_a_partition_with_rounded_shares(counts: list[int], shares: tuple[float, float], seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    classes = [f"class {i}" for i in range(len(counts))]
    parts = stratified(labels, classes, shares, seed=seed, source="data")
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for part, share in zip(parts[1:], shares, strict=True):
        held = np.bincount(labels[part], minlength=len(counts))
        np.testing.assert_array_equal(held, [max(1, round(share * count)) for count in counts])
    assert np.bincount(labels[parts[0]], minlength=len(counts)).min() >= 1


def test_the_seed_decides() -> None:
    labels = np.arange(300) % 3
    draws = [stratified(labels, "abc", (0.1,), seed=seed, source="data")[1].tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_class_with_too_few_images_is_named(count: int) -> None:
    labels = np.array([0] * 30 + [1] * count)
    with pytest.raises(DataError, match=rf"^here: class 'rare' has {count} images, too few to hold out 2 of them"):
        stratified(labels, ("common", "rare"), (0.1, 0.1), seed=0, source="here")
