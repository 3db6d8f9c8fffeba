"""Levels of LTH and LRR: survivors rewound or kept, bit for bit, along a trajectory of nested masks."""

import pytest
import torch
from torch import Tensor

from card_studio.domain.names import NetworkName
from card_studio.domain.options import Lrr, Lth
from card_studio.domain.recipe import level_sparsities
from card_studio.engine.compress.mask import removed_count, sparsity_of
from card_studio.engine.compress.rewind import all_kept, next_masks, next_state
from card_studio.engine.nets import NETS, initialise, prunable


def state_of(seed: int) -> tuple[dict[str, Tensor], list[str]]:
    net = NETS[NetworkName.RESNET8](10)
    initialise(net, "kaiming_normal", torch.Generator().manual_seed(seed))
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}, list(prunable(net))


@pytest.mark.parametrize("options", [Lth(sparsity=0.6), Lrr(sparsity=0.6)], ids=["lth", "lrr"])
def test_survivors_along_a_trajectory(options: Lth | Lrr) -> None:
    early, names = state_of(0)
    masks = all_kept({name: early[name] for name in names})
    total = sum(mask.numel() for mask in masks.values())
    for level, sparsity in enumerate(level_sparsities(0.6, 0.2)[1:], 1):
        trained, _ = state_of(level)  # stands for what training did
        trained = {n: t.masked_fill(~masks[n], 0) if n in masks else t for n, t in trained.items()}
        before, masks = masks, next_masks(trained, masks, sparsity, options=options)
        assert sum(int(mask.sum()) for mask in masks.values()) == total - removed_count(total, sparsity)
        assert not any((masks[name] & ~before[name]).any() for name in names)
        smallest = min(trained[name][masks[name]].abs().min() for name in names)
        assert all((trained[name][before[name] & ~masks[name]].abs() <= smallest).all() for name in names)
        state = next_state(trained, early, masks, options=options)
        source = early if isinstance(options, Lth) else trained
        for name, tensor in state.items():
            where = masks.get(name, torch.ones(tensor.shape, dtype=torch.bool))
            assert torch.equal(tensor[where], source[name][where])
            assert not tensor[~where].any()
    assert sparsity_of({name: state[name] for name in names}) == pytest.approx(0.6, abs=1 / total)


def test_the_next_state_shares_no_memory_with_its_source() -> None:
    early, names = state_of(0)
    state = next_state(early, early, all_kept({name: early[name] for name in names}), options=Lrr())
    assert all(state[name].data_ptr() != tensor.data_ptr() for name, tensor in early.items())
