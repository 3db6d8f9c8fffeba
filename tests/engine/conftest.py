"""A small workspace for the engine's tests: a dataset of 12-pixel images, and cards of a small network made from it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from card_studio.domain.ids import CardId
from card_studio.domain.names import NetworkName
from card_studio.domain.options import GaussianAugmentation, NetworkOptions, NpzData, TrainingOptions
from card_studio.domain.recipe import Recipe, fingerprint
from card_studio.engine.card_file import CardContent, save_card
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import Dataset, open_dataset
from card_studio.engine.nets import build_net, initialise
from tests.engine.card_files import sparse

MakeCardFile = Callable[..., CardId]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Return a job's folders, all empty."""
    workspace = tmp_path / "workspace"
    return Context(
        device=torch.device("cpu"),
        threads=1,
        cache=workspace / "cache",
        stages=workspace / "stages",
        cards=workspace / "cards",
        artifacts=workspace / "artifacts",
        checkpoint=workspace / "checkpoint",
        data_folder=None,
    )


@pytest.fixture
def small_data(tmp_path: Path) -> NpzData:
    """Return 150 noisy images of three colours as a .npz dataset: 90 train, 30 validation, 30 test."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 50)
    images = rng.integers(0, 120, (150, 3, 12, 12)) + 130 * np.eye(3, dtype=int)[labels][:, :, None, None]
    np.savez(tmp_path / "colours.npz", images=images.astype(np.uint8), labels=labels)
    return NpzData(path=tmp_path / "colours.npz", validation_share=0.2, test_share=0.2)


@pytest.fixture
def small_dataset(small_data: NpzData, context: Context) -> Dataset:
    """Return the opened dataset."""
    return open_dataset(small_data, cache=context.cache)


@pytest.fixture
def small_card(small_dataset: Dataset, context: Context) -> MakeCardFile:
    """Return a function that saves an untrained card of a seed, and returns its id."""

    def save(seed: int = 0, digest: str | None = None) -> CardId:
        data = small_dataset
        recipe = Recipe(seed=seed, data=data.options, network=NetworkOptions(name=NetworkName.CONV2, width=0.1))
        net = build_net(
            recipe.network, classes=len(data.classes), size=data.size, mean=data.mean, std=data.std, affine=True
        )
        initialise(net, recipe.network.init, torch.Generator().manual_seed(seed))
        content = CardContent(
            recipe=recipe,
            fingerprint=fingerprint(recipe, data.digest),
            classes=data.classes,
            size=data.size,
            mean=data.mean,
            std=data.std,
            data_label=data.label,
            data_digest=digest or data.digest,
            level=0,
            total_epochs=0.0,
            state=net.state_dict(),
            packages={},
        )
        context.cards.mkdir(parents=True, exist_ok=True)
        return save_card(content, context.cards).id

    return save


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a small good card file."""
    return save_card(sparse(), tmp_path_factory.mktemp("cards")).path.read_bytes()


@pytest.fixture
def recipe(small_data: NpzData) -> Recipe:
    """Return a recipe of two epochs of three steps."""
    return Recipe(
        seed=5,
        data=small_data,
        network={"name": "resnet8", "width": 0.1},
        augmentation=GaussianAugmentation(),
        training=TrainingOptions(epochs=2, batch_size=30),
    )
