"""through_jpeg(): pictures on a sheet come back to the bit as Pillow brings each of them back alone."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, features

from card_studio.engine.data.jpeg import through_jpeg
from tests.engine.data.natural import as_batch, natural_pictures


def _alone(picture: torch.Tensor, quality: int) -> torch.Tensor:
    file = io.BytesIO()
    Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1)


def _each_alone(images: torch.Tensor, quality: int) -> torch.Tensor:
    return torch.stack([_alone(picture, quality) for picture in images])


def _noise(count: int, height: int, width: int, *, contrast: float = 1.0, seed: int = 0) -> torch.Tensor:
    """Grey levels around the middle; a contrast over 1 drives most of them to 0 and 255."""
    values = torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(seed))
    return (128 + 64 * contrast * values).clamp(0, 255).to(torch.uint8)


@settings(max_examples=80, deadline=None)
@given(
    count=st.integers(1, 40),
    sides=st.tuples(st.sampled_from((16, 32, 48)), st.sampled_from((16, 32, 48))),
    contrast=st.sampled_from((0.05, 0.5, 1.0, 20.0)),
    quality=st.integers(1, 95),
    seed=st.integers(0, 2**31),
)
def test_a_sheet_gives_what_pillow_gives_each_picture_alone(
    count: int, sides: tuple[int, int], contrast: float, quality: int, seed: int
) -> None:
    images = _noise(count, *sides, contrast=contrast, seed=seed)
    assert torch.equal(through_jpeg(images, quality), _each_alone(images, quality))


@pytest.mark.parametrize("quality", [80, 65, 58, 50, 40])
def test_natural_pictures_over_several_sheets_and_threads(quality: int) -> None:
    images = as_batch(natural_pictures(70)).repeat(8, 1, 1, 1)
    wanted = _each_alone(images[:70], quality).repeat(8, 1, 1, 1)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            assert torch.equal(through_jpeg(images, quality), wanted)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("sides", [(1, 1), (28, 28), (33, 47), (32, 40), (128, 128), (16, 112)])
def test_other_sizes_are_compressed_one_by_one(sides: tuple[int, int]) -> None:
    images = _noise(5, *sides)
    assert torch.equal(through_jpeg(images, 58), _each_alone(images, 58))


def test_a_pillow_with_another_libjpeg_compresses_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(features, "check_feature", asked.append)
    images = _noise(5, 32, 32)
    assert torch.equal(through_jpeg(images, 58), _each_alone(images, 58))
    assert asked == ["libjpeg_turbo"]


def test_no_pictures_give_none() -> None:
    assert through_jpeg(torch.zeros(0, 3, 32, 32, dtype=torch.uint8), 58).shape == (0, 3, 32, 32)
