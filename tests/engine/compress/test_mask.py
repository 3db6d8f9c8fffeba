"""Masks: exact counts, deterministic ties, nesting, no revival; against sorting in plain Python."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from card_studio.engine.compress.mask import (
    Masks,
    apply_masks,
    kept_counts,
    random_masks_like,
    removed_count,
    sparsity_of,
    top_mask,
    top_masks,
)
from card_studio.errors import RecipeError

SPARSITIES = st.floats(0, 0.999)
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=6)
FEW_VALUES = st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]), min_size=1, max_size=60)


def kept(masks: Masks) -> int:
    return sum(int(mask.sum()) for mask in masks.values())


def ranks_of(sizes: list[int], seed: int, levels: int = 4) -> dict[str, Tensor]:
    """Ranks with many ties."""
    draws = np.random.default_rng(seed)
    return {f"layer{i}": torch.from_numpy(draws.integers(0, levels, n).astype(np.float32)) for i, n in enumerate(sizes)}


@given(FEW_VALUES, st.data())
def test_top_mask_is_a_stable_sort(values: list[float], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(values)))
    order = sorted(range(len(values)), key=lambda index: (-values[index], index))
    expected = [index in order[:count] for index in range(len(values))]
    assert top_mask(torch.tensor(values), count).tolist() == expected


def test_ties_by_hand_follow_the_logical_order_whatever_the_memory_format() -> None:
    ranks = torch.tensor([[[[1.0, 1.0]], [[2.0, 1.0]]]])
    expected = [[[[True, False]], [[True, False]]]]
    assert top_mask(ranks, 2).tolist() == expected
    assert top_mask(ranks.contiguous(memory_format=torch.channels_last), 2).tolist() == expected


def test_infinite_and_nan_ranks_still_give_exact_counts() -> None:
    ranks = torch.tensor([1.0, torch.nan, 3.0, torch.inf, torch.nan, 2.0])
    assert top_mask(ranks, 2).tolist() == [False, True, False, True, False, False]
    assert top_mask(ranks, 4).tolist() == [False, True, True, True, True, False]


@given(SIZES, SPARSITIES, st.integers(0, 10), st.sampled_from(["global", "layerwise"]))
def test_counts_are_exact_to_the_weight(sizes: list[int], sparsity: float, seed: int, scope: str) -> None:
    masks = top_masks(ranks_of(sizes, seed), sparsity, scope=scope)
    assert kept(masks) == sum(sizes) - removed_count(sum(sizes), sparsity)


@given(SIZES, SPARSITIES)
def test_layerwise_gives_every_layer_its_share_within_one_weight(sizes: list[int], sparsity: float) -> None:
    named = {str(i): n for i, n in enumerate(sizes)}
    share = removed_count(sum(sizes), sparsity) / sum(sizes)
    for name, count in kept_counts(named, sparsity).items():
        assert abs(named[name] - count - share * named[name]) < 1


@given(st.lists(SPARSITIES, min_size=2, max_size=5), SIZES, st.integers(0, 5), st.sampled_from(["global", "layerwise"]))
def test_levels_nest_and_nothing_comes_back(sparsities: list[float], sizes: list[int], seed: int, scope: str) -> None:
    previous = None
    for level, sparsity in enumerate(sorted(sparsities)):
        ranks = ranks_of(sizes, seed + level)  # other ranks at each level, as after training
        masks = top_masks(ranks, sparsity, scope=scope, previous=previous)
        assert kept(masks) == sum(sizes) - removed_count(sum(sizes), sparsity)
        if previous is not None:
            assert not any((masks[name] & ~previous[name]).any() for name in masks)
        previous = masks


def test_a_layer_never_gets_weights_back_by_rounding() -> None:
    sizes = {"a": 1, "b": 3, "c": 3}  # one more seat, and "a" loses its own: the Alabama paradox
    counts = [kept_counts(sizes, removed / 7) for removed in range(7)]
    assert any(later["a"] > earlier["a"] for earlier, later in itertools.pairwise(counts))
    left = dict(sizes)
    for removed in range(7):
        now = kept_counts(sizes, removed / 7, previous=left)
        assert sum(now.values()) == 7 - removed
        assert all(now[name] <= left[name] for name in sizes)
        left = now


def test_a_removed_weight_ranks_below_a_survivor_that_is_zero() -> None:
    previous = {"a": torch.tensor([False, True, True])}
    masks = top_masks({"a": torch.tensor([9.0, 0.0, 1.0])}, 1 / 3, scope="global", previous=previous)
    assert masks["a"].tolist() == [False, True, True]


def test_growing_back_is_refused() -> None:
    previous = {"a": torch.tensor([True, False, False, False])}
    with pytest.raises(ValueError, match="back"):
        top_masks({"a": torch.ones(4)}, 0.5, scope="global", previous=previous)


@pytest.mark.parametrize(
    ("weights", "sparsity", "removed"),
    [(10, 0.8, 8), (3, 0.5, 2), (77_360, 0.95, 73_492), (10, 0, 0), (1, 0.999, 1), (1000, 0.29, 290)],
)
def test_removed_count_rounds_to_the_nearest_weight(weights: int, sparsity: float, removed: int) -> None:
    assert removed_count(weights, sparsity) == removed


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, float("nan")])
def test_a_sparsity_outside_its_range_is_a_bug(sparsity: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        removed_count(10, sparsity)


@pytest.mark.parametrize("scope", ["global", "layerwise"])
def test_dense_ends_stay_whole_and_the_rest_makes_up_for_them(scope: str) -> None:
    ranks = {"first": torch.zeros(10), "middle": torch.rand(80) + 1, "last": torch.zeros(10)}
    masks = top_masks(ranks, 0.7, scope=scope, dense_first=True, dense_last=True)
    assert {name: int(mask.sum()) for name, mask in masks.items()} == {"first": 10, "middle": 10, "last": 10}
    one = top_masks(ranks, 0.7, scope=scope, dense_last=True)
    assert int(one["last"].sum()) == 10
    assert kept(one) == 30


def test_a_sparsity_beyond_the_dense_ends_is_refused_with_the_reason() -> None:
    with pytest.raises(RecipeError, match="cannot be reached with the first layer and the last layer dense"):
        top_masks({"a": torch.rand(9), "b": torch.rand(2), "c": torch.rand(9)}, 0.5, scope="global",
                  dense_first=True, dense_last=True)  # fmt: skip


def test_a_layer_may_be_emptied_by_global_ranking() -> None:
    masks = top_masks({"a": torch.zeros(4), "b": torch.ones(4)}, 0.5, scope="global")
    assert not masks["a"].any()
    assert masks["b"].all()


def test_apply_masks_leaves_positive_zeros_and_touches_nothing_else() -> None:
    weights = {"a": torch.tensor([-1.0, torch.nan, 2.0]), "b": torch.tensor([3.0])}
    apply_masks(weights, {"a": torch.tensor([False, False, True])})
    assert torch.equal(weights["a"], torch.tensor([0.0, 0.0, 2.0]))
    assert not weights["a"].signbit().any()
    assert weights["b"].item() == 3


def test_measured_sparsity() -> None:
    assert sparsity_of({"a": torch.tensor([0.0, -0.0, 1.0]), "b": torch.tensor([2.0])}) == 0.5
    assert sparsity_of({}) == 0


def test_random_masks_copy_each_layers_count_and_depend_on_the_seed_alone() -> None:
    masks = top_masks({"a": torch.rand(500), "b": torch.rand(20, 30)}, 0.8, scope="global")
    drawn = [random_masks_like(masks, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    for name, mask in masks.items():
        assert drawn[0][name].sum() == mask.sum()
        assert drawn[0][name].shape == mask.shape
        assert torch.equal(drawn[0][name], drawn[1][name])
    assert not torch.equal(drawn[0]["b"], drawn[2]["b"])
    overlap = (drawn[0]["a"] & masks["a"]).sum() / masks["a"].sum()
    assert overlap < 0.5  # chance would give the layer's density, about 0.2
