"""The networks: published sizes, RobustBench's tensor names and arithmetic, seeded initial weights."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (PyTorch's own convention)
from torch import Tensor

from card_studio.domain.names import NetworkName
from card_studio.domain.options import NetworkOptions, smallest_images
from card_studio.engine.nets import NETS, build_net, initialise, is_affine, prunable
from card_studio.errors import RecipeError

EVERY = list(NetworkName)
SMALL = [NetworkName.CONV2, NetworkName.CONV4, NetworkName.RESNET8, NetworkName.RESNET20]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def parameters(name: NetworkName, classes: int = 10, **options: bool | float | int) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in NETS[name](classes, **options).parameters())


def test_every_name_has_a_network() -> None:
    assert set(NETS) == set(NetworkName)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        (NetworkName.CARD_RESNET18_2, 44_662_922),  # METHODS 2, both counted in RobustBench's code
        (NetworkName.CARD_BINARY_RESNET18, 24_868_032),
        (NetworkName.RESNET18, 11_173_962),  # the usual CIFAR ResNet-18
        (NetworkName.RESNET20, 272_474),  # open_lth's, with projection shortcuts
    ],
)
def test_published_parameter_counts(name: NetworkName, count: int) -> None:
    assert parameters(name) == count


def test_conv4_has_the_lottery_ticket_papers_layers() -> None:
    convolutions = 9 * (3 * 64 + 64 * 64 + 64 * 128 + 128 * 128)
    linear = 128 * 8 * 8 * 256 + 256 * 256 + 256 * 10
    assert parameters(NetworkName.CONV4, affine=False) == convolutions + linear
    assert parameters(NetworkName.CONV4) == convolutions + linear + 64 + 64 + 128 + 128 + 256 + 256 + 10


def test_resnext29_4x32d_has_the_papers_layers() -> None:
    def block(inputs: int, inner: int, outputs: int) -> int:
        projection = inputs * outputs + 2 * outputs if inputs != outputs else 0
        main = inputs * inner + 9 * inner * inner // 4 + inner * outputs
        return main + 4 * inner + 2 * outputs + projection

    stages = [(64, 128, 256), (256, 256, 512), (512, 512, 1024)]
    blocks = sum(block(*stage) + 2 * block(stage[2], *stage[1:]) for stage in stages)
    assert parameters(NetworkName.RESNEXT29) == 27 * 64 + 2 * 64 + blocks + 1024 * 10 + 10


@pytest.mark.parametrize("name", EVERY)
def test_takes_images_of_several_sizes_and_any_number_of_classes(name: NetworkName) -> None:
    for size, classes in ((32, 3), (40, 1)):
        net = NETS[name](classes, size=size, width=0.125).eval()
        assert net(torch.rand(2, 3, size, size)).shape == (2, classes)


@pytest.mark.parametrize("name", EVERY)
def test_too_small_images_are_refused_with_the_networks_name(name: NetworkName) -> None:
    with pytest.raises(RecipeError, match=f"network {name} needs images of at least (8x8|16x16) pixels, not 4x4"):
        NETS[name](10, size=4)


@pytest.mark.parametrize("name", EVERY)
def test_smallest_images_pass(name: NetworkName) -> None:
    size = smallest_images(name)
    assert NETS[name](10, size=size, width=0.125).eval()(torch.rand(1, 3, size, size)).shape == (1, 10)


@pytest.mark.parametrize("name", EVERY)
def test_without_affine_only_prunable_weights_are_parameters(name: NetworkName) -> None:
    with torch.device("meta"):
        net = NETS[name](10, affine=False)
    assert set(dict(net.named_parameters())) == set(prunable(net))
    assert not is_affine(net.state_dict())


@pytest.mark.parametrize("name", [name for name in EVERY if name is not NetworkName.CARD_BINARY_RESNET18])
def test_affine_is_told_from_the_state(name: NetworkName) -> None:
    with torch.device("meta"):
        assert is_affine(NETS[name](10).state_dict())


def test_prunable_names_are_the_state_dicts_in_order_from_first_layer_to_classifier() -> None:
    net = NETS[NetworkName.RESNET8](10)
    names = list(prunable(net))
    assert names[0] == "conv1.weight"
    assert names[-1] == "fc.weight"
    assert "layer2.0.downsample.0.weight" in names
    assert all(net.state_dict()[name].data_ptr() == weight.data_ptr() for name, weight in prunable(net).items())
    assert not any("bn" in name or name.endswith("bias") for name in names)


def test_width_multiplies_channels() -> None:
    weights = prunable(build_net(NetworkOptions(name=NetworkName.RESNET8, width=2), **ten_classes()))
    assert weights["conv1.weight"].shape == (32, 3, 3, 3)
    assert weights["fc.weight"].shape == (10, 128)
    assert parameters(NetworkName.RESNET18, width=2) == parameters(NetworkName.WIDERESNET18_2)


def ten_classes() -> dict[str, object]:
    return {"classes": 10, "size": 32, "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25), "affine": True}


def test_normalisation_is_inside_the_network_and_no_parameter() -> None:
    plain = NETS[NetworkName.RESNET8](10, mean=(0, 0, 0), std=(1, 1, 1)).eval()
    initialise(plain, "kaiming_normal", generator())
    normalising = NETS[NetworkName.RESNET8](10, mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 0.125)).eval()
    initialise(normalising, "kaiming_normal", generator())
    images = torch.rand(2, 3, 32, 32)
    inputs = (images - torch.tensor([0.1, 0.2, 0.3])[:, None, None]) / torch.tensor([0.5, 0.25, 0.125])[:, None, None]
    torch.testing.assert_close(normalising(images), plain(inputs))
    assert not {"mu", "sigma"} & set(dict(normalising.named_parameters()))


# --- initial weights ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_fixes_every_weight(name: NetworkName) -> None:
    torch.manual_seed(1)
    one = NETS[name](10)
    torch.manual_seed(2)
    other = NETS[name](10)
    initialise(one, "kaiming_normal", generator(7))
    initialise(other, "kaiming_normal", generator(7))
    state = other.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in one.state_dict().items())
    initialise(other, "kaiming_normal", generator(8))
    assert not torch.equal(one.state_dict()[next(iter(prunable(one)))], next(iter(prunable(other).values())))


def test_kaiming_normal_has_std_root_two_over_fan_in() -> None:
    net = NETS[NetworkName.CONV4](10)
    initialise(net, "kaiming_normal", generator())
    weight = prunable(net)["classifier.0.weight"]
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (128 * 8 * 8)), rel=0.01)
    assert weight.mean().item() == pytest.approx(0, abs=1e-4)


def test_signed_constant_is_the_sign_of_the_normal_draws_times_their_std() -> None:
    normal, constant = NETS[NetworkName.RESNET8](10), NETS[NetworkName.RESNET8](10)
    initialise(normal, "kaiming_normal", generator())
    initialise(constant, "signed_constant", generator())
    for name, weight in prunable(normal).items():
        expected = weight.sign() * math.sqrt(2 / weight[0].numel())
        torch.testing.assert_close(prunable(constant)[name].detach(), expected.detach())


def test_batch_norm_weights_are_uniform_and_biases_zero() -> None:
    net = NETS[NetworkName.RESNET56](10)
    initialise(net, "kaiming_normal", generator())
    weights = torch.cat([tensor for name, tensor in net.state_dict().items() if "bn" in name and "weight" in name])
    assert weights.min() >= 0
    assert weights.max() < 1
    assert weights.mean().item() == pytest.approx(0.5, abs=0.02)
    assert all(not tensor.any() for name, tensor in net.state_dict().items() if name.endswith("bias"))


def test_an_unknown_init_is_a_bug() -> None:
    with pytest.raises(ValueError, match="unknown init"):
        initialise(NETS[NetworkName.RESNET8](10), "xavier", generator())


# --- RobustBench's two networks: names, shapes and arithmetic, written down from its public code ----------------------


def norm(prefix: str, channels: int, affine: bool) -> dict[str, tuple[int, ...]]:
    parts = {"running_mean": (channels,), "running_var": (channels,), "num_batches_tracked": ()}
    parts |= {"weight": (channels,), "bias": (channels,)} if affine else {}
    return {f"{prefix}.{part}": shape for part, shape in parts.items()}


def robustbench_lrr(classes: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"mu": (1, 3, 1, 1), "sigma": (1, 3, 1, 1), "conv1.weight": (128, 3, 3, 3)}
    shapes |= norm("bn1", 128, True)
    source = 128
    for stage, width in enumerate((128, 256, 512, 1024), 1):
        for block in (0, 1):
            prefix = f"layer{stage}.{block}"
            shapes |= {f"{prefix}.conv1.weight": (width, source, 3, 3), f"{prefix}.conv2.weight": (width, width, 3, 3)}
            shapes |= norm(f"{prefix}.bn1", width, True) | norm(f"{prefix}.bn2", width, True)
            if source != width:
                shapes |= {f"{prefix}.downsample.0.weight": (width, source, 1, 1)}
                shapes |= norm(f"{prefix}.downsample.1", width, True)
            source = width
    return shapes | {"fc.weight": (classes, 1024), "fc.bias": (classes,)}


def robustbench_binary(classes: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"mu": (1, 3, 1, 1), "sigma": (1, 3, 1, 1), "conv1.weight": (64, 3, 3, 3)}
    shapes |= norm("bn1", 768, False)
    source = 64
    for stage, width in enumerate((64, 192, 384, 768), 1):
        for block in (0, 1):
            prefix = f"layer{stage}.{block}"
            shapes |= {f"{prefix}.conv1.weight": (width, source, 3, 3), f"{prefix}.conv2.weight": (width, width, 3, 3)}
            shapes |= norm(f"{prefix}.bn1", source, False) | norm(f"{prefix}.bn2", width, False)
            if source != width:
                shapes |= {f"{prefix}.shortcut.0.weight": (width, source, 1, 1)}
                shapes |= norm(f"{prefix}.shortcut.1", width, False)
            source = width
    return shapes | {"fc.weight": (classes, 768, 1, 1)}


@pytest.mark.parametrize("classes", [10, 100])
def test_robustbench_names_and_shapes(classes: int) -> None:
    with torch.device("meta"):
        lrr = NETS[NetworkName.CARD_RESNET18_2](classes).state_dict()
        binary = NETS[NetworkName.CARD_BINARY_RESNET18](classes).state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in lrr.items()} == robustbench_lrr(classes)
    assert {name: tuple(tensor.shape) for name, tensor in binary.items()} == robustbench_binary(classes)


def _norm(x: Tensor, state: dict[str, Tensor], prefix: str) -> Tensor:
    mean, variance = state[f"{prefix}.running_mean"], state[f"{prefix}.running_var"]
    scaled = (x - mean[:, None, None]) / (variance[:, None, None] + 1e-5).sqrt()
    if f"{prefix}.weight" in state:
        scaled = scaled * state[f"{prefix}.weight"][:, None, None] + state[f"{prefix}.bias"][:, None, None]
    return scaled


def trained_state(name: NetworkName) -> tuple[torch.nn.Module, dict[str, Tensor]]:
    """A narrow network in eval mode whose running statistics are not trivial."""
    net = NETS[name](10, width=0.125)
    initialise(net, "kaiming_normal", generator())
    net(torch.rand(16, 3, 32, 32, generator=generator()))
    return net.eval(), net.state_dict()


def test_binary_card_computes_what_robustbench_computes() -> None:
    net, state = trained_state(NetworkName.CARD_BINARY_RESNET18)
    images = torch.rand(2, 3, 32, 32, generator=generator(1))
    x = F.conv2d((images - state["mu"]) / state["sigma"], state["conv1.weight"], padding=1)
    for prefix, stride in [(f"layer{s}.{b}", 2 if s > 1 and b == 0 else 1) for s in (1, 2, 3, 4) for b in (0, 1)]:
        active = F.relu(_norm(x, state, f"{prefix}.bn1"))
        shortcut = active  # also where the shortcut is empty
        if f"{prefix}.shortcut.0.weight" in state:
            shortcut = F.conv2d(active, state[f"{prefix}.shortcut.0.weight"], stride=stride)
            shortcut = _norm(shortcut, state, f"{prefix}.shortcut.1")
        out = F.conv2d(active, state[f"{prefix}.conv1.weight"], stride=stride, padding=1)
        out = F.relu(_norm(out, state, f"{prefix}.bn2"))
        x = F.conv2d(out, state[f"{prefix}.conv2.weight"], padding=1) + shortcut
    x = F.avg_pool2d(F.relu(_norm(x, state, "bn1")), 4)
    expected = F.conv2d(x, state["fc.weight"]).flatten(1)
    torch.testing.assert_close(net(images), expected, rtol=1e-4, atol=1e-4)


def test_lrr_card_computes_what_robustbench_computes() -> None:
    net, state = trained_state(NetworkName.CARD_RESNET18_2)
    images = torch.rand(2, 3, 32, 32, generator=generator(1))
    x = F.conv2d((images - state["mu"]) / state["sigma"], state["conv1.weight"], padding=1)
    x = F.relu(_norm(x, state, "bn1"))
    for prefix, stride in [(f"layer{s}.{b}", 2 if s > 1 and b == 0 else 1) for s in (1, 2, 3, 4) for b in (0, 1)]:
        shortcut = x
        if f"{prefix}.downsample.0.weight" in state:
            shortcut = F.conv2d(x, state[f"{prefix}.downsample.0.weight"], stride=stride)
            shortcut = _norm(shortcut, state, f"{prefix}.downsample.1")
        out = F.conv2d(x, state[f"{prefix}.conv1.weight"], stride=stride, padding=1)
        out = F.relu(_norm(out, state, f"{prefix}.bn1"))
        out = _norm(F.conv2d(out, state[f"{prefix}.conv2.weight"], padding=1), state, f"{prefix}.bn2")
        x = F.relu(out + shortcut)
    expected = F.linear(F.avg_pool2d(x, 4).flatten(1), state["fc.weight"], state["fc.bias"])
    torch.testing.assert_close(net(images), expected, rtol=1e-4, atol=1e-4)
