"""Edge-popup and biprop against NumPy and the stated formulas; frozen weights; schedule, ties and empty layers."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own convention)
from torch import Tensor, nn
from torch.func import functional_call

from card_studio.domain.names import NetworkName
from card_studio.domain.options import Biprop, EdgePopup, Scored
from card_studio.engine.compress.edge_popup import ScoredNet, binary_values, effective_state, scheduled_sparsity
from card_studio.engine.compress.mask import removed_count
from card_studio.engine.nets import NETS, initialise, prunable

BOTH = pytest.mark.parametrize("method", [EdgePopup, Biprop])
SCOPES = pytest.mark.parametrize("scope", ["global", "layerwise"])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def scored(options: Scored, name: NetworkName = NetworkName.RESNET8) -> ScoredNet:
    net = NETS[name](10, affine=False)
    initialise(net, "kaiming_normal", generator())
    return ScoredNet.wrap(net, options, generator(1))


def tiny(weights: list[float], scores: list[float], options: Scored) -> ScoredNet:
    """One linear layer of chosen weights and scores."""
    net = nn.Sequential(nn.Linear(len(weights), 1, bias=False))
    net[0].weight.data = torch.tensor([weights])
    wrapped = ScoredNet.wrap(net, options, generator())
    wrapped.scores[0].data = torch.tensor([scores])
    return wrapped


def test_edge_popup_by_hand() -> None:
    net = tiny([1.0, -2.0, 3.0, -4.0], [-9.0, 0.1, 2.0, -0.2], EdgePopup(sparsity=0.5))
    (weight,) = net.effective_weights().values()
    assert weight.tolist() == [[1, 0, 3, 0]]
    net(torch.tensor([[5.0, 6.0, 7.0, 8.0]])).backward()  # dL/dW_eff is the input
    assert net.scores[0].grad is not None
    assert net.scores[0].grad.tolist() == [[5 * 1 * -1, 6 * -2 * 1, 7 * 3 * 1, 8 * -4 * -1]]


def test_biprop_by_hand() -> None:
    net = tiny([1.0, -2.0, 3.0, -4.0], [-9.0, 3.0, 2.0, -0.2], Biprop(sparsity=0.5))
    (weight,) = net.effective_weights().values()
    assert weight.tolist() == [[1.5, -1.5, 0, 0]]  # alpha = (1 + 2) / 2
    net(torch.tensor([[5.0, 6.0, 7.0, 8.0]])).backward()
    assert net.scores[0].grad is not None
    assert net.scores[0].grad.tolist() == [[5 * 1 * -1, 6 * -2 * 1, 7 * 3 * 1, 8 * -4 * -1]]


@BOTH
@pytest.mark.parametrize(("scope", "sparsity"), [("global", 0.5), ("layerwise", 0.9)])
def test_effective_weights_equal_numpy(method: type[Scored], scope: str, sparsity: float) -> None:
    net = scored(method(sparsity=sparsity, scope=scope))
    weights = {name: weight.detach().numpy() for name, weight in prunable(net.net).items()}
    scores = {name: np.abs(score.detach().numpy()) for name, score in zip(net.names, net.scores, strict=True)}
    pool = np.sort(np.concatenate([score.ravel() for score in scores.values()]))
    counted = 0
    for name, effective in net.effective_weights().items():
        result = effective.detach().numpy()
        kept = np.count_nonzero(result)
        counted += kept
        if scope == "global":
            mask = scores[name] >= pool[round(sparsity * pool.size)]
        else:
            assert abs(kept - (1 - sparsity) * result.size) < 1
            mask = scores[name] >= np.sort(scores[name].ravel())[-kept]
        expected = weights[name] * mask
        if method is Biprop:
            expected = np.abs(weights[name][mask].astype(np.float64)).mean() * np.sign(weights[name]) * mask
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=0)
    assert counted == pool.size - removed_count(pool.size, sparsity)


@BOTH
def test_gradient_is_straight_through_in_a_whole_network(method: type[Scored]) -> None:
    net = scored(method(sparsity=0.8)).eval()  # eval: the running statistics are constants of both passes
    images, labels = torch.rand(4, 3, 32, 32, generator=generator(2)), torch.tensor([0, 1, 2, 3])
    F.cross_entropy(net(images), labels).backward()
    leaves = {name: weight.detach().requires_grad_() for name, weight in net.effective_weights().items()}
    F.cross_entropy(functional_call(net.net, leaves, (images,)), labels).backward()
    weights = prunable(net.net)
    for name, score in zip(net.names, net.scores, strict=True):
        upstream = leaves[name].grad
        assert upstream is not None
        torch.testing.assert_close(score.grad, upstream * weights[name] * score.detach().sign())


@BOTH
@SCOPES
def test_training_moves_scores_and_never_weights(method: type[Scored], scope: str) -> None:
    net = scored(method(sparsity=0.9, scope=scope))
    before = {name: weight.detach().clone() for name, weight in prunable(net.net).items()}
    scores = [score.detach().clone() for score in net.scores]
    trainable = [parameter for parameter in net.parameters() if parameter.requires_grad]
    assert {id(parameter) for parameter in trainable} == {id(score) for score in net.scores}
    optimiser = torch.optim.SGD(trainable, lr=0.1, momentum=0.9, weight_decay=5e-4)
    for seed in range(3):
        images = torch.rand(8, 3, 32, 32, generator=generator(seed))
        optimiser.zero_grad()
        F.cross_entropy(net(images), torch.arange(8)).backward()
        optimiser.step()
    assert all(torch.equal(weight, before[name]) for name, weight in prunable(net.net).items())
    assert all(not torch.equal(score, old) for score, old in zip(net.scores, scores, strict=True))


@BOTH
def test_effective_state_is_a_plain_network_with_the_same_answers(method: type[Scored]) -> None:
    net = scored(method(sparsity=0.9))
    net(torch.rand(8, 3, 32, 32, generator=generator(3)))  # moves the running statistics
    net.eval()
    plain = NETS[NetworkName.RESNET8](10, affine=False).eval()
    state = effective_state(net)
    plain.load_state_dict(state)
    images = torch.rand(4, 3, 32, 32, generator=generator(4))
    assert torch.equal(plain(images), net(images))
    masks = net.masks()
    for name, mask in masks.items():
        assert not state[name][~mask].any()
        assert not state[name][~mask].signbit().any()
        if method is Biprop:
            assert state[name][mask].abs().unique().numel() == 1


def test_effective_state_of_a_plain_network_is_a_copy() -> None:
    net = NETS[NetworkName.RESNET8](10)
    state = effective_state(net)
    assert all(torch.equal(tensor, state[name]) for name, tensor in net.state_dict().items())
    assert state["fc.weight"].data_ptr() != net.state_dict()["fc.weight"].data_ptr()


def test_ties_are_exact_and_deterministic() -> None:
    net = tiny([1.0, 2.0, 3.0, 4.0], [0.5, -0.5, 0.5, 0.5], EdgePopup(sparsity=0.5))
    assert [mask.tolist() for mask in net.masks().values()] == [[[True, True, False, False]]]


def test_an_empty_layer_gives_zeros_and_finite_gradients() -> None:
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 2, bias=False))
    wrapped = ScoredNet.wrap(net, Biprop(sparsity=0.5, scope="global", schedule_epochs=0), generator())
    wrapped.scores[0].data.fill_(5.0)
    wrapped.scores[1].data.fill_(1e-3)
    first, last = wrapped.effective_weights().values()
    assert first.count_nonzero() == 12
    assert not last.any()
    wrapped(torch.rand(3, 4)).sum().backward()
    assert all(score.grad is not None and score.grad.isfinite().all() for score in wrapped.scores)
    assert not binary_values(torch.ones(3), torch.zeros(3, dtype=torch.bool)).any()


def test_scores_start_kaiming_uniform_from_the_generator() -> None:
    one, same = scored(EdgePopup(), NetworkName.CONV2), scored(EdgePopup(), NetworkName.CONV2)
    assert all(torch.equal(a, b) for a, b in zip(one.scores, same.scores, strict=True))
    score: Tensor = one.scores[2].detach()  # 256 x 16384
    assert score.abs().max().item() == pytest.approx(1 / 128, rel=1e-3)
    assert score.std().item() == pytest.approx(1 / 128 / np.sqrt(3), rel=0.01)


def test_schedule_against_its_closed_form() -> None:
    at = [scheduled_sparsity(0.9, epoch, schedule_epochs=10, scope="global") for epoch in (0, 5, 9, 10, 50)]
    assert at == pytest.approx([0.5, 0.9 - 0.4 * 0.5**3, 0.9 - 0.4 * 0.1**3, 0.9, 0.9])
    assert scheduled_sparsity(0.9, 0, schedule_epochs=10, scope="layerwise") == 0.9
    assert scheduled_sparsity(0.3, 0, schedule_epochs=10, scope="global") == 0.3
    assert scheduled_sparsity(0.9, 0, schedule_epochs=0, scope="global") == 0.9


def test_set_epoch_moves_the_kept_count_to_the_target() -> None:
    net = scored(Biprop(sparsity=0.9, scope="global", schedule_epochs=4))
    total = sum(score.numel() for score in net.scores)
    counts = []
    for epoch in range(6):
        net.set_epoch(epoch)
        counts.append(sum(int(mask.sum()) for mask in net.masks().values()))
    assert counts[0] == total // 2
    assert counts == sorted(counts, reverse=True)
    assert counts[4] == counts[5] == total - removed_count(total, 0.9)


def test_dense_ends_keep_all_their_weights() -> None:
    net = scored(EdgePopup(sparsity=0.9, dense_first=True, dense_last=True))
    masks = net.masks()
    assert masks["conv1.weight"].all()
    assert masks["fc.weight"].all()
    assert not masks["layer1.0.conv1.weight"].all()
