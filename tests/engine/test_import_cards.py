"""Imports: cards of other workspaces byte for byte, foreign networks with what is known of them; nothing by halves."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from card_studio.domain.job import ImportCards
from card_studio.domain.names import Compression, NetworkName
from card_studio.domain.options import CifarData, NetworkOptions, NpzData, ShapesData
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import CardMade, CheckpointSaved, Logged
from card_studio.engine.card_file import card_net, load_card, measured_card, save_card
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.import_cards import import_cards
from card_studio.engine.nets import NETS, initialise, prunable
from card_studio.errors import CardFileError, DataError, WorkspaceError
from tests.engine.conftest import MakeCardFile


def imported(context: Context, path: Path, recipe: Recipe | None = None) -> tuple[list[CardMade], list[str]]:
    told = list(import_cards(ImportCards(path=path, recipe=recipe), context))
    lines = [event.text for event in told if isinstance(event, Logged)]
    return [event for event in told if isinstance(event, CardMade)], lines


def elsewhere(context: Context, name: str = "elsewhere") -> Context:
    return replace(context, cards=context.cards.parent / name, cache=context.cache.parent / f"{name} cache")


@pytest.fixture
def card_path(small_card: MakeCardFile, context: Context) -> Path:
    """Return a card file, as it lies in another workspace."""
    return context.cards / f"{small_card()}.card"


@pytest.fixture
def known(small_data: NpzData) -> Recipe:
    """Return what is known of a foreign network of the small data."""
    return Recipe(name="theirs", notes="from a paper.", data=small_data)


@pytest.fixture
def foreign(tmp_path: Path, small_dataset: Dataset) -> Path:
    """Return the state dict of a half sparse network of the small data."""
    net = NETS[NetworkName.RESNET8](3, size=12, mean=small_dataset.mean, std=small_dataset.std, width=0.25)
    initialise(net, "kaiming_normal", torch.Generator().manual_seed(3))
    with torch.no_grad():
        for weight in prunable(net).values():
            weight[: len(weight) // 2] = 0
    safetensors.torch.save_file(net.state_dict(), tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


class TestACard:
    def test_comes_byte_for_byte_with_all_that_was_known(self, card_path: Path, context: Context) -> None:
        there = elsewhere(context)
        ((made,), lines) = imported(there, card_path)
        assert (there.cards / f"{made.card}.card").read_bytes() == card_path.read_bytes()
        assert card_path.stem == made.card
        assert lines == []
        content = load_card(card_path)
        assert made.fingerprint == content.fingerprint
        assert made.recipe.model_copy(update={"notes": ""}) == content.recipe
        assert made.recipe.notes == f"Imported from {card_path.name}."

    def test_is_measured_as_when_it_was_written(self, card_path: Path, tmp_path: Path) -> None:
        for values in ("float32", "float16", "int8"):
            saved = save_card(replace(load_card(card_path), values=values), tmp_path / values)
            assert measured_card(saved.path) == saved

    def test_has_its_validation_accuracy(self, card_path: Path, context: Context, small_dataset: Dataset) -> None:
        ((made,), _) = imported(elsewhere(context), card_path)
        with torch.no_grad():
            answers = card_net(load_card(card_path))(small_dataset.validation.images / 255).argmax(1)
        right = (answers == small_dataset.validation.labels).float().mean().item()
        assert made.validation_accuracy == pytest.approx(right)

    def test_whose_data_are_elsewhere_comes_without_accuracy(self, card_path: Path, context: Context) -> None:
        load_card(card_path).recipe.data.path.rename(context.cards.parent / "moved.npz")  # type: ignore[union-attr]  # npz
        ((made,), (line,)) = imported(elsewhere(context), card_path)
        assert math.isnan(made.validation_accuracy)
        assert "colours.npz" in line

    def test_is_told_where_its_data_lie(self, card_path: Path, context: Context, small_data: NpzData) -> None:
        moved = context.cards.parent / "moved.npz"
        small_data.path.rename(moved)
        recipe = Recipe(data=small_data.model_copy(update={"path": moved}))
        there = elsewhere(context)
        ((made,), _) = imported(there, card_path, recipe)
        assert made.card == card_path.stem
        assert not math.isnan(made.validation_accuracy)
        assert load_card(there.cards / card_path.name).recipe.data == recipe.data

    def test_is_refused_with_other_data(self, card_path: Path, context: Context) -> None:
        few = Recipe(data=ShapesData(train_images=20, held_out_images=10))
        there = elsewhere(context)
        with pytest.raises(DataError, match="not the dataset that it was made from"):
            imported(there, card_path, few)
        assert not there.cards.exists()

    def test_of_data_that_changed_comes_without_accuracy(
        self, card_path: Path, context: Context, small_data: NpzData
    ) -> None:
        with np.load(small_data.path) as old:
            changed = dict(old)
        changed["images"][0] ^= 1
        np.savez(small_data.path, **changed)
        ((made,), (line,)) = imported(elsewhere(context), card_path)
        assert math.isnan(made.validation_accuracy)
        assert "not the dataset" in line

    def test_starts_no_download(
        self, card_path: Path, context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = load_card(card_path)
        wants = CifarData(path=tmp_path / "nowhere", download=True)
        saved = save_card(replace(content, recipe=content.recipe.model_copy(update={"data": wants})), tmp_path)
        monkeypatch.setattr(
            "urllib.request.OpenerDirector.open", lambda *_, **__: pytest.fail("it went to the network")
        )
        ((made,), (line,)) = imported(context, saved.path)
        assert math.isnan(made.validation_accuracy)
        assert "nowhere" in line

    def test_that_is_damaged_leaves_nothing(self, card_path: Path, context: Context, tmp_path: Path) -> None:
        damaged = bytearray(card_path.read_bytes())
        damaged[-3] ^= 1
        (tmp_path / "damaged.card").write_bytes(damaged)
        there = elsewhere(context)
        with pytest.raises(CardFileError, match=r"damaged\.card"):
            imported(there, tmp_path / "damaged.card")
        assert not there.cards.exists()


class TestAForeignNetwork:
    def test_becomes_a_card_with_what_is_known(
        self, foreign: Path, known: Recipe, context: Context, small_dataset: Dataset
    ) -> None:
        ((made,), lines) = imported(context, foreign, known)
        assert made.name == "theirs"
        assert made.recipe.notes == "Imported from net.safetensors; method assumed."
        assert made.recipe.network == NetworkOptions(name=NetworkName.RESNET8, width=0.25)
        assert made.recipe.compression.method is Compression.LRR
        assert made.sparsity == pytest.approx(0.5, abs=0.01)
        assert made.classes == small_dataset.classes
        assert made.data_digest == small_dataset.digest
        assert not math.isnan(made.validation_accuracy)
        assert any("may have trained on" in line for line in lines)
        state = load_card(context.cards / f"{made.card}.card").state
        original = safetensors.torch.load_file(foreign)
        assert all(torch.equal(tensor, original[name]) for name, tensor in state.items())

    def test_takes_the_networks_name_of_the_recipe_where_it_fits(self, context: Context, known: Recipe) -> None:
        net = NETS[NetworkName.RESNET18](3, size=12, width=0.25)
        path = context.cards.parent / "net.pt"
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(net.state_dict(), path)
        wide = NetworkOptions(name=NetworkName.WIDERESNET18_2, width=0.125)
        ((made,), _) = imported(context, path, known.model_copy(update={"network": wide}))
        assert made.recipe.network == wide

    def test_is_rounded_where_the_recipe_says_so(self, foreign: Path, known: Recipe, context: Context) -> None:
        ((made,), lines) = imported(context, foreign, known.model_copy(update={"values": "int8"}))
        assert load_card(context.cards / f"{made.card}.card").values == "int8"
        assert any(line.startswith("stored as int8: validation accuracy") for line in lines)

    def test_of_a_deck_each_card_has_its_number(self, foreign: Path, known: Recipe, context: Context) -> None:
        state = safetensors.torch.load_file(foreign)
        other = {name: value + 0.5 if name.endswith("running_mean") else value for name, value in state.items()}
        deck = {f"models.{place}.{name}": t for place, each in enumerate((state, other)) for name, t in each.items()}
        torch.save(deck, foreign.with_name("deck.pt"))
        made, _ = imported(context, foreign.with_name("deck.pt"), known)
        assert [each.name for each in made] == ["theirs 1 of 2", "theirs 2 of 2"]
        assert len({each.card for each in made}) == 2

    def test_of_unknown_data_is_refused(self, foreign: Path, context: Context) -> None:
        with pytest.raises(DataError, match=r"net\.safetensors: 3 classes: say with a recipe"):
            imported(context, foreign)

    def test_of_ten_classes_is_taken_for_one_of_cifar_10(self, context: Context, tmp_path: Path) -> None:
        torch.save(NETS[NetworkName.RESNET8](10).state_dict(), tmp_path / "net.pt")
        with pytest.raises(
            DataError, match=r"made from cifar10, or else say with a recipe from what: .*CARD_STUDIO_DATA"
        ):
            imported(context, tmp_path / "net.pt")

    def test_of_other_classes_than_the_data_is_refused(self, foreign: Path, context: Context) -> None:
        few = Recipe(data=ShapesData(train_images=20, held_out_images=10))
        torch.save(NETS[NetworkName.RESNET8](3).state_dict(), foreign.with_suffix(".pt"))
        with pytest.raises(CardFileError, match="3 classes, but 10 are named by shapes"):
            imported(context, foreign.with_suffix(".pt"), few)
        assert not list(context.cards.glob("*"))


def test_after_a_resume_a_card_is_not_told_again(foreign: Path, known: Recipe, context: Context) -> None:
    deck = {f"models.{place}.{n}": t for place in (0, 1) for n, t in safetensors.torch.load_file(foreign).items()}
    deck["models.1.bn1.running_mean"] = deck["models.1.bn1.running_mean"] + 1
    path = foreign.with_name("deck.pt")
    torch.save(deck, path)
    spec = ImportCards(path=path, recipe=known)
    events = import_cards(spec, context)
    first = next(event for event in events if isinstance(event, CardMade))
    assert isinstance(events.send(Command.SAVE), CheckpointSaved)
    events.close()
    (second,) = [event for event in import_cards(spec, context) if isinstance(event, CardMade)]
    assert first.card != second.card


def test_a_copy_that_cannot_be_written_leaves_nothing(card_path: Path, context: Context) -> None:
    there = elsewhere(context)
    there.cards.write_text("a file where the folder should be")
    with pytest.raises(WorkspaceError, match="a file stands where a folder is needed"):
        imported(there, card_path)
