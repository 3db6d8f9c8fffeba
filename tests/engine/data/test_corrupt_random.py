"""The blurs, weather and warps that draw numbers: their distributions against one image at a time (METHODS 4)."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from card_studio.domain.names import SEVERITIES
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.data.corruptions_spatter import WATER, distances, edges
from card_studio.engine.data.corruptions_weather import FOG, plasma
from card_studio.engine.data.frost_texture import frost_textures
from card_studio.engine.data.randomness import image_seeds
from tests.engine.data.fidelity import both, squared_errors
from tests.engine.data.natural import as_batch, as_pictures, natural_pictures
from tests.engine.data.per_image_corruptions import plasma as plasma_alone


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", ["glass_blur", "motion_blur", "snow", "frost", "fog", "elastic_transform"])
def test_images_change_as_much_as_one_at_a_time(name: str, severity: int) -> None:
    pictures = natural_pictures(60 if name == "glass_blur" else 150)
    errors = squared_errors(name, severity, pictures)
    uncertainty = sum(error.var() for error in errors) ** 0.5 / len(pictures) ** 0.5
    assert errors[0].mean() == pytest.approx(errors[1].mean(), abs=max(4 * uncertainty, 0.02 * errors[1].mean()))
    assert errors[0].mean() == pytest.approx(errors[1].mean(), rel=0.2)


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("name", ["glass_blur", "motion_blur", "elastic_transform"])
def test_blur_leaves_the_same_energy_at_each_frequency(name: str, severity: int) -> None:
    spectra = [
        (np.abs(np.fft.fft2(result, axes=(1, 2))) ** 2).mean(axis=(0, 3))
        for result in both(name, severity, natural_pictures(40, seed=severity))
    ]
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(32) * 32, np.fft.fftfreq(32) * 32)).round().astype(int)
    rings = [np.bincount(radius.ravel(), power.ravel())[1:16] for power in spectra]
    assert np.abs(np.log(rings[0] / rings[1])).max() < 0.25


@pytest.mark.parametrize(("severity", "passes"), [(1, 1), (4, 2)])
def test_glass_copies_from_up_and_left_inside_a_frame(severity: int, passes: int) -> None:
    ramp = (8 * np.arange(32)).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(0)), axis=-1)
    result = as_pictures(corrupt(as_batch(np.repeat(picture[None], 300, axis=0)), "glass_blur", severity, _seeded()))
    moved = ((result[..., :2].astype(float) - picture[..., :2]) / 8).round()
    assert not moved[:, :2, 5:28, 0].any()
    inner = moved[:, 8:28, 8:28]
    assert inner.mean() == pytest.approx(-passes / 2, abs=0.02)
    if severity == 1:
        assert set(np.unique(inner)) == {-1, 0}
        assert abs(np.corrcoef(inner[..., 0].ravel(), inner[..., 1].ravel())[0, 1]) < 0.02


def test_fog_is_diamond_square_noise() -> None:
    for _, decay in FOG:
        ours = plasma(image_seeds(300, _seeded()), 32, decay).double().numpy()
        random = np.random.default_rng(0)
        theirs = np.stack([plasma_alone(random, decay) for _ in range(300)])
        assert ours.min(axis=(1, 2)) == pytest.approx(0)
        assert ours.max(axis=(1, 2)) == pytest.approx(1)
        for measure in (np.mean, np.std, lambda cloud: np.abs(np.diff(cloud, axis=1)).mean()):
            assert measure(ours) == pytest.approx(measure(theirs), rel=0.06)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_elastic_displaces_as_far_as_one_at_a_time(severity: int) -> None:
    ramp = (8 * np.arange(32)).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(0)), axis=-1)
    results = both("elastic_transform", severity, np.repeat(picture[None], 200, axis=0))
    inner = [(result - picture)[:, 6:26, 6:26, :2] / 8 for result in results]
    assert inner[0].std() == pytest.approx(inner[1].std(), rel=0.06)
    rough = [np.diff(moved, axis=1).std() for moved in inner]
    assert rough[0] == pytest.approx(rough[1], rel=0.06)


def test_frosted_panes_are_five_cold_uint8_pictures() -> None:
    panes = frost_textures(1.0, 32)
    assert panes.dtype == torch.uint8
    assert panes.shape == (5, 3, 160, 160)
    assert panes.float().mean(dim=(1, 2, 3)).min() > 100
    assert panes.float().std(dim=(1, 2, 3)).min() > 40
    assert (panes[:, 2] >= panes[:, 0]).all()
    assert frost_textures(4.0, 500).shape == (5, 3, 640, 640)


def test_snow_only_adds_light_and_fog_veils() -> None:
    images = as_batch(natural_pictures(100))
    assert (corrupt(images, "snow", 3, _seeded()).float() - images.float()).amin() >= -1
    misty = corrupt(images, "fog", 5, _seeded()).float()
    assert misty.std(dim=(2, 3)).mean() < images.float().std(dim=(2, 3)).mean()


def test_distances_are_euclids_up_to_the_limit() -> None:
    marks = (
        torch.rand((6, 1, 32, 40), generator=_seeded())
        < torch.tensor([0.2, 0.05, 0.01, 0.002, 0, 1])[:, None, None, None]
    )
    ours = distances(marks, 20)
    for mark, distance in zip(marks[:, 0], ours[:, 0], strict=True):
        truth = ndimage.distance_transform_edt(~mark.numpy()) if mark.any() else np.full(mark.shape, 20.0)
        assert distance.numpy() == pytest.approx(np.minimum(truth, 20), abs=1e-5)


def test_edges_are_thin_and_grow_from_strong_to_weak() -> None:
    step = torch.zeros((1, 1, 12, 12))
    step[..., 6:] = 200
    assert edges(step)[0, 0].sum(dim=1).tolist() == [1] * 12
    fading = step * torch.linspace(1, 0.1, 12)[:, None]  # gradients of 800 down to 80: all above the weak threshold
    assert edges(fading)[0, 0].any(dim=1).all()
    assert not edges(step * 0.1)[0, 0].any()  # 80 everywhere: weak, and nothing strong to grow from


def test_spatter_is_water_up_to_three_and_mud_beyond() -> None:
    dark = torch.zeros((60, 3, 32, 32), dtype=torch.uint8)
    for severity in SEVERITIES:
        result = corrupt(dark, "spatter", severity, _seeded()).float()
        assert 0.01 < (result.amax(dim=1) > 5).float().mean() < 0.6
        red, green, blue = result.sum(dim=(0, 2, 3)).tolist()
        assert (blue == pytest.approx(green)) == (severity <= 3)
        assert result.amax() <= (max(WATER) * 0.5 + 1 if severity <= 3 else 64)
        assert red > green if severity > 3 else red < green
