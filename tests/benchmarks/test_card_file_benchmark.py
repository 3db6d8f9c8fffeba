"""How long the paper's largest card takes to save and load, beside what its plain tensors take."""

from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from card_studio.domain.names import NetworkName
from card_studio.domain.options import Lrr, NetworkOptions
from card_studio.domain.recipe import Recipe, fingerprint
from card_studio.engine.card_file import CardContent, load_card, save_card
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.compress.mask import apply_masks
from card_studio.engine.nets import NETS, initialise, prunable

pytestmark = [pytest.mark.benchmark, pytest.mark.benchmark(group="44.7 million weights, 95 % sparse")]


@pytest.fixture(scope="module")
def content() -> CardContent:
    """RobustBench's LRR card, pruned at random initial weights."""
    net = NETS[NetworkName.CARD_RESNET18_2](10)
    initialise(net, "kaiming_normal", torch.Generator().manual_seed(0))
    apply_masks(prunable(net), magnitude_masks(prunable(net), 0.95))
    recipe = Recipe(network=NetworkOptions(name=NetworkName.CARD_RESNET18_2), compression=Lrr(sparsity=0.95))
    return CardContent(
        recipe=recipe,
        fingerprint=fingerprint(recipe, "data"),
        classes=tuple("0123456789"),
        size=32,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        data_label="",
        data_digest="data",
        level=14,
        total_epochs=0.0,
        state=net.state_dict(),
        packages={},
    )


def test_save(benchmark: BenchmarkFixture, content: CardContent, tmp_path: Path) -> None:
    card = benchmark.pedantic(save_card, (content, tmp_path), setup=lambda: _emptied(tmp_path), rounds=3)
    benchmark.extra_info |= {"file_bytes": card.file_bytes, "reference_bytes": card.reference_bytes}


def test_load(benchmark: BenchmarkFixture, content: CardContent, tmp_path: Path) -> None:
    card = save_card(content, tmp_path)
    loaded = benchmark.pedantic(load_card, (card.path,), rounds=3)
    assert torch.equal(loaded.state["fc.weight"], content.state["fc.weight"])


def test_plain_save(benchmark: BenchmarkFixture, content: CardContent, tmp_path: Path) -> None:
    benchmark.pedantic(torch.save, (dict(content.state), tmp_path / "plain.pt"), rounds=3)


def test_plain_load(benchmark: BenchmarkFixture, content: CardContent, tmp_path: Path) -> None:
    torch.save(dict(content.state), tmp_path / "plain.pt")
    benchmark.pedantic(torch.load, (tmp_path / "plain.pt",), {"weights_only": True}, rounds=3)


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
