"""Gaussian noise, flips and crops, the registry of augmentations, and the gate's reference images."""

import numpy as np
import pytest
import torch

from card_studio.domain.names import AugmentationName
from card_studio.domain.options import AugmixAugmentation, CleanAugmentation, GaussianAugmentation
from card_studio.engine.data.augment import AUGMENTATIONS, flip_crop, gaussian, reference_images
from tests.engine.data.natural import as_batch, natural_pictures

ALL_OPTIONS = (CleanAugmentation(), GaussianAugmentation(), AugmixAugmentation())


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return as_batch(natural_pictures(64)).float() / 255


def test_every_augmentation_has_its_function(images: torch.Tensor) -> None:
    assert set(AUGMENTATIONS) == set(AugmentationName)
    for options in ALL_OPTIONS:
        result = AUGMENTATIONS[options.name](images, _seeded(), options)
        assert result.shape == images.shape
        assert torch.equal(result, images) == (options.name == AugmentationName.CLEAN)


def test_gaussian_noise_has_its_sigma_and_probability() -> None:
    grey = torch.full((2_000, 3, 16, 16), 0.5)
    noise = gaussian(grey, _seeded(), GaussianAugmentation(sigma=0.08, probability=0.3)) - grey
    noisy = noise.abs().amax(dim=(1, 2, 3)) > 0
    assert noisy.float().mean().item() == pytest.approx(0.3, abs=0.04)
    assert noise[noisy].std().item() == pytest.approx(0.08, rel=0.01)
    assert noise[noisy].mean().item() == pytest.approx(0, abs=0.001)


def test_gaussian_noise_stays_in_range(images: torch.Tensor) -> None:
    noisy = gaussian(images, _seeded(), GaussianAugmentation(sigma=1.0, probability=1.0))
    assert 0 == noisy.min() < noisy.max() == 1


def test_flip_crop_cuts_each_image_out_of_its_padded_self_or_mirror() -> None:
    batch = as_batch(natural_pictures(1, side=16)).expand(3_000, -1, -1, -1)
    result = flip_crop(batch, _seeded())
    padded = np.pad(batch[0].numpy(), ((0, 0), (2, 2), (2, 2)))
    views = [
        view[:, y : y + 16, x : x + 16] for view in (padded, padded[..., ::-1]) for y in range(5) for x in range(5)
    ]
    found = (result[:, None] == torch.from_numpy(np.stack(views))).flatten(2).all(dim=2)
    assert (found.sum(dim=1) == 1).all()
    assert found.sum(dim=0).numpy() == pytest.approx(np.full(50, 60), abs=5 * 60**0.5)


def test_flip_crop_pads_four_pixels_of_thirty_two() -> None:
    ones = torch.ones((500, 1, 32, 32))
    blank = (flip_crop(ones, _seeded()).sum(dim=3) == 0).sum(dim=2)
    assert blank.min() == 0
    assert blank.max() == 4


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=lambda options: str(options.name))
def test_reference_images_repeat_with_their_generator(options: AugmixAugmentation) -> None:
    batch = as_batch(natural_pictures(40))
    first, again = (reference_images(batch, options, _seeded(2)) for _ in range(2))
    assert first.dtype == torch.uint8
    assert torch.equal(first, again)
    assert torch.equal(first, batch) == (options.name == AugmentationName.CLEAN)


def test_reference_images_always_carry_gaussian_noise() -> None:
    batch = torch.full((200, 3, 32, 32), 128, dtype=torch.uint8)
    noisy = reference_images(batch, GaussianAugmentation(sigma=0.1, probability=0.0), _seeded())
    assert noisy.float().std(dim=(1, 2, 3)).min() > 20
