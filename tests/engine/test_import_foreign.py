"""Foreign state dicts: RobustBench's cards and decks, our own, wrapped ones; and pickles that must not run."""

import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from card_studio.domain.names import NetworkName
from card_studio.domain.options import Biprop, Dense, FineTune, Lrr, NetworkOptions
from card_studio.domain.recipe import Recipe
from card_studio.engine.card_file import card_net, load_card, save_card
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.compress.mask import apply_masks
from card_studio.engine.import_foreign import content_of, read_foreign
from card_studio.engine.nets import NETS, initialise, prunable
from card_studio.errors import CardFileError

CLASSES = tuple(f"class {index}" for index in range(10))
NARROW = 0.0625


def state_of(
    name: NetworkName,
    *,
    sparsity: float = 0.0,
    binary: bool = False,
    seed: int = 0,
    classes: int = 10,
    width: float = NARROW,
) -> dict[str, Tensor]:
    net = NETS[name](classes, width=width)
    initialise(net, "signed_constant" if binary else "kaiming_normal", torch.Generator().manual_seed(seed))
    weights = prunable(net)
    apply_masks(weights, magnitude_masks({n: w + torch.rand_like(w) for n, w in weights.items()}, sparsity))
    return dict(net.state_dict())


def as_robustbench(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """As RobustBench's checkpoints of these cards are: no normalisation; biprop's scores left in."""
    plain = {name: tensor for name, tensor in state.items() if name not in ("mu", "sigma")}
    return plain | {"conv1.scores": torch.rand(3)}


def saved(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path


def same(one: Any, other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_robustbench_lrr_card(tmp_path: Path) -> None:
    state = state_of(NetworkName.CARD_RESNET18_2, sparsity=0.95)
    (net,) = read_foreign(saved(as_robustbench(state), tmp_path / "lrr.pt"))
    assert net.network == NetworkOptions(name=NetworkName.CARD_RESNET18_2, width=NARROW)
    assert net.sparsity == pytest.approx(0.95, abs=1e-5)
    assert not net.binary
    assert net.mean == (0.491, 0.482, 0.447)
    assert same(net.state, state)


def test_robustbench_binary_card_with_a_wrapper_and_prefix(tmp_path: Path) -> None:
    state = state_of(NetworkName.CARD_BINARY_RESNET18, sparsity=0.9, binary=True)
    wrapped = {"epoch": 3, "state_dict": {f"module.{name}": tensor for name, tensor in as_robustbench(state).items()}}
    (net,) = read_foreign(saved(wrapped, tmp_path / "binary.pth"))
    assert net.network.name is NetworkName.CARD_BINARY_RESNET18
    assert net.binary
    assert net.sparsity == pytest.approx(0.9, abs=1e-5)
    assert same(net.state, state)


def test_cifar_100_cards_get_its_normalisation(tmp_path: Path) -> None:
    state = as_robustbench(state_of(NetworkName.CARD_RESNET18_2, classes=100))
    (net,) = read_foreign(saved(state, tmp_path / "lrr100.pt"))
    assert (net.classes, net.mean, net.std) == (100, (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))


def test_a_deck_of_six_keeps_its_order_and_shares_its_normalisation(tmp_path: Path) -> None:
    states = [state_of(NetworkName.CARD_BINARY_RESNET18, seed=seed) for seed in range(6)]
    deck = {f"models.{i}.{name}": t for i, state in enumerate(states) for name, t in as_robustbench(state).items()}
    shared = {"mu": torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1), "sigma": torch.full((1, 3, 1, 1), 0.5)}
    nets = read_foreign(saved(deck | shared, tmp_path / "deck.pt"))
    assert len(nets) == 6
    assert all(same(net.state, state | shared) for net, state in zip(nets, states, strict=True))
    del deck["models.3.conv1.weight"]
    with pytest.raises(CardFileError, match="not those of a network known here"):
        read_foreign(saved(deck, tmp_path / "holed.pt"))
    gap = {name: tensor for name, tensor in deck.items() if not name.startswith("models.2.")}
    with pytest.raises(CardFileError, match="not numbered"):
        read_foreign(saved(gap, tmp_path / "gap.pt"))


@pytest.mark.parametrize("name", [name for name in NetworkName if name is not NetworkName.WIDERESNET18_2])
def test_our_own_state_dicts_tell_their_network(name: NetworkName, tmp_path: Path) -> None:
    width = 0.25
    state = state_of(name, sparsity=0.5, width=width)
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file(state, path)
    (net,) = read_foreign(path)
    found = NETS[net.network.name](10, width=net.network.width).state_dict()
    assert {key: tensor.shape for key, tensor in found.items()} == {key: tensor.shape for key, tensor in state.items()}
    assert same(net.state, state)
    (named,) = read_foreign(path, network=NetworkOptions(name=name, width=width))
    assert named.network == NetworkOptions(name=name, width=width)


def test_width_one_wins_among_networks_of_equal_tensors(tmp_path: Path) -> None:
    state = state_of(NetworkName.RESNET18, width=1)
    (net,) = read_foreign(saved(state, tmp_path / "net.pt"))
    assert net.network == NetworkOptions(name=NetworkName.RESNET18, width=1)


def test_networks_without_affine_norm_and_half_precision(tmp_path: Path) -> None:
    plain = NETS[NetworkName.RESNET8](10, affine=False)
    initialise(plain, "kaiming_normal", torch.Generator().manual_seed(0))
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in plain.state_dict().items()
    }
    (net,) = read_foreign(saved(state, tmp_path / "net.pt"))
    assert same(net.state, {name: t.float() if t.is_floating_point() else t for name, t in state.items()})


def test_a_foreign_network_becomes_a_card_that_answers_alike(tmp_path: Path) -> None:
    state = state_of(NetworkName.CARD_BINARY_RESNET18, sparsity=0.9, binary=True)
    (net,) = read_foreign(saved(as_robustbench(state), tmp_path / "binary.pt"))
    content = content_of(net, recipe=Recipe(seed=5), classes=CLASSES, data_label="CIFAR-10", data_digest="digest")
    card = save_card(content, tmp_path / "cards")
    assert card.binary
    assert card.sparsity == net.sparsity
    original = NETS[NetworkName.CARD_BINARY_RESNET18](10, width=NARROW).eval()
    original.load_state_dict(state)
    images = torch.rand(4, 3, 32, 32)
    assert torch.equal(card_net(load_card(card.path))(images), original(images))


def test_compression_is_assumed_from_what_is_measured_unless_said(tmp_path: Path) -> None:
    said = FineTune(sparsity=0.5)
    cases = [
        (state_of(NetworkName.RESNET8), Dense(), Dense),
        (state_of(NetworkName.RESNET8, sparsity=0.5), Dense(), Lrr),
        (state_of(NetworkName.RESNET8, sparsity=0.5, binary=True), Dense(), Biprop),
        (state_of(NetworkName.RESNET8, sparsity=0.5), said, FineTune),
    ]
    for state, compression, kind in cases:
        (net,) = read_foreign(saved(state, tmp_path / "net.pt"))
        recipe = Recipe(compression=compression)
        content = content_of(net, recipe=recipe, classes=CLASSES, data_label="x", data_digest="y")
        assert isinstance(content.recipe.compression, kind)
        assert content.recipe.network == net.network
        expected = said.sparsity if compression is said else net.sparsity
        assert getattr(content.recipe.compression, "sparsity", 0) == expected
    with pytest.raises(CardFileError, match="10 classes, but 3 are named"):
        content_of(net, recipe=Recipe(), classes=("a", "b", "c"), data_label="x", data_digest="y")


def test_a_network_of_zeros_only_is_no_card(tmp_path: Path) -> None:
    state = {name: torch.zeros_like(tensor) for name, tensor in state_of(NetworkName.RESNET8).items()}
    (net,) = read_foreign(saved(as_robustbench(state), tmp_path / "net.pt"))
    with pytest.raises(CardFileError, match="all of the network's weights are zero"):
        content_of(net, recipe=Recipe(), classes=CLASSES, data_label="x", data_digest="y")


# --- what is refused --------------------------------------------------------------------------------------------------


class Evil:
    """Makes a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("pack", ["torch", "torch_legacy", "pickle", "inside a state dict"])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(pack: str, tmp_path: Path) -> None:
    ran, path = tmp_path / "ran", tmp_path / "evil.pth"
    evil: Any = Evil(ran)
    if pack == "inside a state dict":
        torch.save(state_of(NetworkName.RESNET8) | {"extra": evil}, path)
    elif pack == "pickle":
        path.write_bytes(pickle.dumps(evil))
    else:
        torch.save(evil, path, _use_new_zipfile_serialization=pack == "torch")
    with pytest.raises(CardFileError, match=r"evil\.pth: refused: not a file of tensors only"):
        read_foreign(path)
    assert not ran.exists()
    pickle.loads(pickle.dumps(evil))  # it would have
    assert ran.exists()


def test_a_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CardFileError, match="save a plain state_dict"):
        read_foreign(saved(NETS[NetworkName.RESNET8](10), tmp_path / "net.pt"))


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x80\x02}q\x00.", b"PK\x03\x04 no zip"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    for name in ("x.pt", "x.safetensors"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CardFileError, match=name) as caught:
            read_foreign(path)
        assert "\n" not in str(caught.value)


def test_truncated_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = saved(state_of(NetworkName.RESNET8), tmp_path / "net.pt")
    content = path.read_bytes()
    for length in (10, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:length])
        with pytest.raises(CardFileError):
            read_foreign(path)
    with pytest.raises(CardFileError, match="no such file"):
        read_foreign(tmp_path / "none.pt")


@settings(max_examples=150)
@given(st.data())
def test_any_bytes_changed_give_a_network_or_a_clear_refusal(
    plain: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(plain)
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=20)):
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.pt"
    path.write_bytes(content)
    with suppress(CardFileError):  # anything else that is raised fails the test
        assert read_foreign(path)[0].network.name is NetworkName.CONV2


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small network's file, of which the pickle is a good part."""
    path = tmp_path_factory.mktemp("plain") / "net.pt"
    return saved(state_of(NetworkName.CONV2, width=1 / 64), path).read_bytes()


def test_an_archive_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):  # each just below 2 GiB by what the directory claims
            archive.writestr(f"archive/data/{number}", bytes(1 << 20))
    path.write_bytes(path.read_bytes().replace((1 << 20).to_bytes(4, "little"), (0x7FFFFFFF).to_bytes(4, "little")))
    with pytest.raises(CardFileError, match=r"bomb\.pt: too large"):
        read_foreign(path)


@pytest.mark.parametrize(
    "content", [{}, [1, 2], torch.zeros(3), {"a": 1}, {"a": torch.zeros(3)}, {"conv1.weight": torch.tensor(1.0)}]
)
def test_files_without_a_known_network_are_refused(content: Any, tmp_path: Path) -> None:
    with pytest.raises(CardFileError, match=r"holds no state dict|not those of a network known here"):
        read_foreign(saved(content, tmp_path / "net.pt"))


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (Tensor.to_sparse, "sparse tensor"),
        (lambda t: t.to("meta"), "no values"),
        (lambda t: t.where(t.abs() < t.abs().max(), torch.nan), "not finite"),
    ],
)
def test_tensors_of_other_kinds_are_refused(other: Callable[[Tensor], Tensor], complaint: str, tmp_path: Path) -> None:
    state = state_of(NetworkName.RESNET8)
    (name, *_) = (name for name in state if name.endswith("weight"))
    with pytest.raises(CardFileError, match=f"{name} .*{complaint}"):
        read_foreign(saved(state | {name: other(state[name])}, tmp_path / "net.pt"))


def test_a_network_of_another_name_is_refused_with_the_difference(tmp_path: Path) -> None:
    path = saved(state_of(NetworkName.RESNET8, width=1), tmp_path / "net.pt")
    with pytest.raises(CardFileError, match=r"net\.pt: .*layer1\.1"):
        read_foreign(path, network=NetworkOptions(name=NetworkName.RESNET20))


@pytest.mark.parametrize("mu", [torch.zeros(5), torch.full((1, 3, 1, 1), torch.nan), torch.zeros(3, dtype=torch.int32)])
def test_a_normalisation_that_is_none_is_refused(mu: Tensor, tmp_path: Path) -> None:
    with pytest.raises(CardFileError):
        read_foreign(saved(state_of(NetworkName.RESNET8) | {"mu": mu}, tmp_path / "net.pt"))


def test_expanded_tensors_do_not_fill_the_memory(tmp_path: Path) -> None:
    state = state_of(NetworkName.RESNET8, width=1) | {"conv1.weight": torch.zeros(1).expand(2**40, 3, 3, 3)}
    with pytest.raises(CardFileError):
        read_foreign(saved(state, tmp_path / "net.pt"))
