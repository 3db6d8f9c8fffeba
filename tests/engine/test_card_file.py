"""The card file: exact answers back, the size that theory allows, rounding, and identity."""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import torch
from hypothesis import given
from hypothesis import strategies as st

from card_studio.domain.names import NetworkName
from card_studio.domain.options import VALUE_BITS, Biprop, NetworkOptions
from card_studio.domain.recipe import Recipe
from card_studio.engine.card_codec import pack, unpack
from card_studio.engine.card_file import CardContent, ValueType, card_id, card_net, load_card, save_card
from card_studio.engine.nets import NETS, initialise, prunable
from card_studio.errors import CardFileError
from tests.engine.card_files import binary, content_of, sparse

# --- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [sparse, binary, lambda: sparse(0.0), lambda: sparse(0.999)])
def test_everything_comes_back_and_answers_are_the_same_bits(make: Callable[[], CardContent], tmp_path: Path) -> None:
    content = make()
    loaded = load_card(save_card(content, tmp_path).path)
    assert replace(loaded, state={}) == replace(content, state={})
    assert loaded.state.keys() == content.state.keys()
    for name, tensor in content.state.items():
        assert torch.equal(loaded.state[name], tensor)
        assert loaded.state[name].dtype == tensor.dtype
    original = NETS[NetworkName.RESNET8](10, width=0.25, affine=make is not binary)
    original.load_state_dict(dict(content.state))
    images = torch.rand(4, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(card_net(loaded)(images), original.eval()(images))


def test_the_network_of_a_card_is_in_eval_mode_and_a_copy(tmp_path: Path) -> None:
    content = load_card(save_card(sparse(), tmp_path).path)
    before = {name: tensor.clone() for name, tensor in content.state.items()}
    net = card_net(content)
    assert not net.training
    with torch.no_grad():
        next(net.parameters()).fill_(7)
    assert all(torch.equal(tensor, before[name]) for name, tensor in content.state.items())


@pytest.mark.parametrize("name", [name for name in NetworkName if not name.startswith(("card", "wide"))])
def test_every_network_makes_the_round_trip(name: NetworkName, tmp_path: Path) -> None:
    net = NETS[name](3, width=0.0625)
    initialise(net, "signed_constant", torch.Generator().manual_seed(0))
    recipe = Recipe(network=NetworkOptions(name=name, width=0.0625))
    loaded = load_card(save_card(content_of(recipe, net.state_dict(), 3), tmp_path).path)
    assert all(torch.equal(loaded.state[key], tensor) for key, tensor in net.state_dict().items())


@pytest.mark.parametrize("network", [NetworkName.CARD_RESNET18_2, NetworkName.CARD_BINARY_RESNET18])
def test_narrow_card_networks_make_the_round_trip(network: NetworkName, tmp_path: Path) -> None:
    net = NETS[network](10, width=0.0625)
    initialise(net, "kaiming_normal", torch.Generator().manual_seed(0))
    recipe = Recipe(network=NetworkOptions(name=network, width=0.0625))
    card = save_card(content_of(recipe, net.state_dict()), tmp_path)
    assert card.parameters == sum(parameter.numel() for parameter in net.parameters())
    loaded = load_card(card.path)
    assert all(torch.equal(loaded.state[key], tensor) for key, tensor in net.state_dict().items())


def test_odd_values_come_back_to_the_bit(tmp_path: Path) -> None:
    content = sparse()
    weight = content.state["conv1.weight"].view(-1)
    weight[:6] = torch.tensor([torch.nan, torch.inf, -torch.inf, 1e-45, -1e-45, 3e38])
    weight[6] = -0.0  # a removed weight: comes back as +0.0
    back = load_card(save_card(content, tmp_path).path).state["conv1.weight"].view(-1)
    np.testing.assert_array_equal(back[:6].numpy().view(np.uint32), weight[:6].numpy().view(np.uint32))
    assert not back[6].signbit()


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.0, 0.5, -0.5, 1.25, -3e-9]), max_size=200), min_size=1, max_size=5),
    st.sampled_from(["float32", "float16", "int8"]),
)
def test_packing_any_layers(layers: list[list[float]], values: ValueType) -> None:
    weights = {str(index): np.array(layer, np.float32) for index, layer in enumerate(layers)}
    packed = pack(weights, values)
    back = unpack(packed, values)
    for layer in packed.layers:
        exact = weights[layer.name]
        assert layer.binary == (np.unique(np.abs(exact[exact != 0])).size == 1)
        np.testing.assert_array_equal(back[layer.name] != 0, exact != 0)
        np.testing.assert_array_equal(np.sign(back[layer.name]), np.sign(exact))
        if values == "float32" or layer.binary:
            np.testing.assert_array_equal(back[layer.name], exact)


# --- what is measured -------------------------------------------------------------------------------------------------


def test_sparsity_and_counts_are_measured_from_the_zeros(tmp_path: Path) -> None:
    content = sparse(0.9)
    weights = [content.state[name] for name in content.state if content.state[name].ndim in (2, 4) and name[0] in "clf"]
    card = save_card(content, tmp_path)
    assert card.prunable_weights == sum(weight.numel() for weight in weights)
    assert card.kept_weights == sum(int((weight != 0).sum()) for weight in weights)
    assert card.sparsity == pytest.approx(0.9, abs=1 / card.prunable_weights)
    assert not card.binary
    assert card.file_bytes == card.path.stat().st_size


def test_binary_is_measured(tmp_path: Path) -> None:
    assert save_card(binary(), tmp_path).binary
    content = binary()
    weight = content.state["fc.weight"]
    where = tuple(weight.nonzero()[0])
    weight[where] = torch.nextafter(weight[where], torch.tensor(9.0))  # one bit off
    assert not save_card(content, tmp_path).binary


def entropy(p: float) -> float:
    return 0.0 if p in (0, 1) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


@pytest.mark.parametrize("values", ["float32", "float16", "int8"])
@pytest.mark.parametrize("make", [lambda: sparse(0.0, width=1), lambda: sparse(0.8, width=1),
                                  lambda: sparse(0.95, width=1), lambda: binary(0.95, width=1)])  # fmt: skip
def test_a_file_is_at_most_5_percent_above_its_reference(
    make: Callable[[], CardContent], values: ValueType, tmp_path: Path
) -> None:
    content = make()
    card = save_card(content, tmp_path, values=values)
    data = card.path.read_bytes()
    reference = 8.0 + struct.unpack("<Q", data[:8])[0]
    is_binary = isinstance(content.recipe.compression, Biprop)
    names = prunable(card_net(content))
    for name, tensor in content.state.items():
        if name not in names:
            reference += tensor.numel() * tensor.element_size()
            continue
        kept, size = int(tensor.count_nonzero()), tensor.numel()
        reference += (size * entropy(kept / size) + kept * (1 if is_binary else VALUE_BITS[values])) / 8
        reference += 4 if is_binary or values == "int8" else 0  # alpha or scale
    assert card.reference_bytes == pytest.approx(reference, abs=2)
    assert card.file_bytes <= 1.05 * reference


# --- values in fewer bits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "relative"), [("float16", 2**-11), ("int8", 1 / 254 + 1e-4)])
def test_rounded_values_are_near_and_keep_the_sparsity(values: ValueType, relative: float, tmp_path: Path) -> None:
    content = sparse(0.9)
    card = save_card(content, tmp_path, values=values)
    loaded = load_card(card.path)
    assert loaded.values == values
    for name in prunable(card_net(content)):
        exact, back = content.state[name], loaded.state[name]
        scale = exact.abs() if values == "float16" else exact.abs().max()
        assert ((back - exact).abs() <= relative * scale).all()
        assert torch.equal(back != 0, exact != 0)


@pytest.mark.parametrize("values", ["float16", "int8"])
def test_rounding_again_changes_nothing(values: ValueType, tmp_path: Path) -> None:
    card = save_card(sparse(), tmp_path, values=values)
    assert save_card(load_card(card.path), tmp_path).id == card.id


@pytest.mark.parametrize("values", ["float16", "int8"])
def test_tiny_and_huge_values_stay_finite_and_kept(values: ValueType, tmp_path: Path) -> None:
    content = sparse()
    content.state["conv1.weight"].view(-1)[:4] = torch.tensor([1e-12, -1e-12, 1e6, -1e6])
    back = load_card(save_card(content, tmp_path, values=values).path).state["conv1.weight"]
    assert torch.equal(back.sign(), content.state["conv1.weight"].sign())
    assert back.isfinite().all()


def test_weights_that_are_not_finite_cannot_be_rounded(tmp_path: Path) -> None:
    content = sparse()
    content.state["conv1.weight"].view(-1)[0] = torch.nan
    with pytest.raises(CardFileError, match=r"conv1\.weight has weights that are not finite"):
        save_card(content, tmp_path, values="int8")


# --- identity ---------------------------------------------------------------------------------------------------------


def test_the_same_content_gives_the_same_file_named_by_its_identity(tmp_path: Path) -> None:
    one, other = save_card(sparse(), tmp_path / "a"), save_card(sparse(), tmp_path / "b")
    assert one.path == tmp_path / "a" / f"{one.id}.card"
    assert one.id == other.id == card_id(one.path)
    assert one.path.read_bytes() == other.path.read_bytes()


def test_names_and_paths_leave_the_identity_alone_and_come_back(tmp_path: Path) -> None:
    plain = sparse()
    named = replace(plain, recipe=plain.recipe.model_copy(update={"name": "mine", "notes": "of June"}))
    first, second = save_card(plain, tmp_path / "plain.card"), save_card(named, tmp_path / "named.card")
    assert first.id == second.id
    assert load_card(second.path).recipe == named.recipe


def test_extras_travel_along_and_leave_the_identity_alone(tmp_path: Path) -> None:
    card = save_card(sparse(), tmp_path)
    exported = save_card(replace(sparse(), extras={"accuracy": 0.5, "tags": ["ä"]}), tmp_path / "out.card")
    assert exported.id == card.id
    assert exported.path == tmp_path / "out.card"
    assert load_card(exported.path).extras == {"accuracy": 0.5, "tags": ["ä"]}


@pytest.mark.parametrize(
    "change",
    [{"level": 4}, {"data_digest": "other"}, {"classes": tuple("abcdefghij")}, {"packages": {}}, {"total_epochs": 1.0}],
)
def test_all_else_is_part_of_the_identity(change: dict[str, Any], tmp_path: Path) -> None:
    content = sparse()
    assert save_card(replace(content, **change), tmp_path).id != save_card(content, tmp_path).id


def test_a_single_weight_changes_the_identity(tmp_path: Path) -> None:
    content = sparse()
    before = save_card(content, tmp_path).id
    content.state["fc.bias"][0] = 1e-30
    assert save_card(content, tmp_path).id != before


def test_a_card_in_place_is_not_rewritten(tmp_path: Path) -> None:
    card = save_card(sparse(), tmp_path)
    before = card.path.stat()
    save_card(sparse(), tmp_path)
    assert (card.path.stat().st_mtime_ns, card.path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    card.path.write_bytes(b"damaged")
    save_card(sparse(), tmp_path)
    assert card_id(card.path) == card.id


def test_other_programs_read_it_as_safetensors(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.card"
    path.write_bytes(saved)
    with safetensors.safe_open(path, "numpy") as file:
        assert json.loads(file.metadata()["card"])["level"] == 3
        first = sparse().state["mu"].numpy().ravel()
        np.testing.assert_array_equal(file.get_tensor("floats")[:3], first)


# --- saving what does not fit -----------------------------------------------------------------------------------------


def test_a_state_that_does_not_fit_the_recipe_is_refused(tmp_path: Path) -> None:
    content = sparse()
    missing = {name: tensor for name, tensor in content.state.items() if name != "fc.weight"}
    with pytest.raises(CardFileError, match=r"fc\.weight"):
        save_card(replace(content, state=missing), tmp_path)
    with pytest.raises(CardFileError, match=r"fc\.weight is \[10, 16\], not \[9, 16\]"):
        save_card(replace(content, classes=content.classes[:9]), tmp_path)
    assert list(tmp_path.iterdir()) == []
