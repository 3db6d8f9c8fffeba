"""The picture dealer: a real warm child without cards makes pictures; samples come from the cache or are rendered."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from card_studio.domain.names import CorruptionName
from card_studio.domain.options import (
    AugmixAugmentation,
    CleanAugmentation,
    GaussianAugmentation,
    OwnAugmentation,
    OwnCorruption,
)
from card_studio.engine.data.augment import reference_images
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.data.shapes import render
from card_studio.engine.own_code import use_extensions
from card_studio.errors import UserError
from card_studio.studio.examples import example_extension
from card_studio.studio.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace whose picture dealer all tests share."""
    opened = Workspace(tmp_path_factory.mktemp("gallery") / "workspace")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def image(workspace: Workspace) -> np.ndarray:
    return workspace.rendered_samples().images[:1].copy()


def test_samples_are_rendered_where_there_is_no_dataset(workspace: Workspace) -> None:
    assert workspace.sample_datasets() == []
    samples = workspace.rendered_samples()
    assert samples.label == "shapes"
    assert samples.images.tolist() == render("test", 24, 0)[0].tolist()
    assert len(samples.names) == 24


def test_it_corrupts_as_the_engine_does(workspace: Workspace, image: np.ndarray) -> None:
    made = workspace.picture_dealer().corrupt(image, CorruptionName.SNOW, 3, seed=5)
    expected = corrupt(torch.from_numpy(image), "snow", 3, torch.Generator().manual_seed(5))
    assert made.tolist() == expected.tolist()


@pytest.mark.parametrize("options", [GaussianAugmentation(sigma=0.2), AugmixAugmentation(severity=5)])
def test_it_augments_as_references_are(
    workspace: Workspace, image: np.ndarray, options: GaussianAugmentation | AugmixAugmentation
) -> None:
    images = np.repeat(image, 4, axis=0)
    made = workspace.picture_dealer().augment(images, options, seed=7)
    expected = reference_images(torch.from_numpy(images), options, torch.Generator().manual_seed(7))
    assert made.tolist() == expected.tolist()
    assert len({each.tobytes() for each in made}) == 4  # every copy draws for itself


def test_clean_means_flips_and_crops(workspace: Workspace, image: np.ndarray) -> None:
    made = workspace.picture_dealer().augment(np.repeat(image, 30, axis=0), CleanAugmentation())
    assert made.shape == (30, 3, 32, 32)
    whole = np.pad(image[0], ((0, 0), (4, 4), (4, 4)))
    cuts = [whole[:, y : y + 32, x : x + 32] for y in range(9) for x in range(9)]
    allowed = {cut.tobytes() for cut in [*cuts, *(np.ascontiguousarray(cut[:, :, ::-1]) for cut in cuts)]}
    assert {each.tobytes() for each in made} <= allowed


def test_what_it_cannot_do_it_says_and_lives_on(workspace: Workspace, image: np.ndarray) -> None:
    dealer = workspace.picture_dealer()
    with pytest.raises(UserError, match="the dealer could not answer: ValueError: severity 9"):
        dealer.corrupt(image, CorruptionName.SNOW, 9)
    assert workspace.picture_dealer() is dealer
    assert dealer.corrupt(image, CorruptionName.CONTRAST, 1).shape == image.shape


def test_ones_own_are_made_by_the_code_that_they_name(workspace: Workspace, image: np.ndarray) -> None:
    dealer, extension = workspace.picture_dealer(), workspace.add_extension(example_extension())
    own = workspace.own_methods()
    (bars,), (stripes,) = own.at_defaults(OwnCorruption), own.at_defaults(OwnAugmentation)
    assert bars == OwnCorruption(name="own.posterise_bars", source=extension.source, width=8)
    assert stripes.source == extension.source
    use_extensions(workspace.path / "extensions")
    pixels = torch.from_numpy(image)
    expected = corrupt(pixels, bars, 5, torch.Generator().manual_seed(2))
    assert dealer.corrupt(image, bars, 5, seed=2).tolist() == expected.tolist()
    wide = bars.model_copy(update={"width": 32})
    assert dealer.corrupt(image, wide, 5, seed=2).tolist() != expected.tolist()
    striped = reference_images(pixels, stripes, torch.Generator().manual_seed(2))
    assert dealer.augment(image, stripes, seed=2).tolist() == striped.tolist()
    with pytest.raises(UserError, match=r"corruption own.posterise_bars needs the code aaaaaaaa"):
        dealer.corrupt(image, bars.model_copy(update={"source": "a" * 64}), 1)
    assert workspace.picture_dealer() is dealer


def test_it_is_kept_warm_started_anew_when_it_died_and_ended_with_the_workspace(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    first = workspace.picture_dealer()
    assert workspace.picture_dealer() is first
    process = psutil.Process(first._process.pid)
    process.kill()
    deadline = time.monotonic() + 10
    while not first.ended:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    second = workspace.picture_dealer()
    assert second is not first
    workspace.close()
    assert second.ended
