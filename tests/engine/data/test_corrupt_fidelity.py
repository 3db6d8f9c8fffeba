"""The corruptions whose every value is known, against one image at a time in NumPy, SciPy and Pillow (METHODS 4)."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from card_studio.domain.names import SEVERITIES
from card_studio.engine.data.corruptions_blur import DEFOCUS_BLUR, disk
from card_studio.engine.data.motion import motion_blurred
from card_studio.engine.data.pixels import gaussian_filtered, zoom_matrix
from tests.engine.data.fidelity import SAME_NUMBERS, both, odd_pictures
from tests.engine.data.natural import as_batch, as_pictures, natural_pictures
from tests.engine.data.per_image_corruptions import SIDE, clipped_zoom
from tests.engine.data.per_image_corruptions import motion_blurred as motion_blurred_alone


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", SAME_NUMBERS)
def test_within_a_grey_level_of_one_at_a_time(name: str, severity: int) -> None:
    """Spatter's thresholds turn a rounding error into a drop or none, in one picture of a hundred."""
    ours, theirs = both(name, severity, odd_pictures())
    difference = np.abs(ours - theirs)
    assert (difference <= 1).mean() >= 0.999
    assert difference.mean() < 0.2


@pytest.mark.parametrize(
    ("severity", "centre", "edge", "corner"),
    [
        (1, 0.845, 0.037, 0.0016),
        (2, 0.619, 0.084, 0.011),
        (3, 0.445, 0.111, 0.028),
        (4, 0.2, 0.2, 0),
        (5, 1 / 9, 1 / 9, 1 / 9),
    ],
)
def test_defocus_kernels_are_those_measured(severity: int, centre: float, edge: float, corner: float) -> None:
    expected = [[corner, edge, corner], [edge, centre, edge], [corner, edge, corner]]
    assert disk(*DEFOCUS_BLUR[severity - 1]) == pytest.approx(np.array(expected), abs=6e-4)


@pytest.mark.parametrize("factor", [1, 1.01, 1.05, 1.2, 1.25, 1.75, 2.25])
def test_zoom_is_scipys(factor: float) -> None:
    line = np.random.default_rng(0).random((SIDE, SIDE))
    matrix = zoom_matrix(SIDE, factor, SIDE).numpy()
    top = (SIDE - matrix.shape[1]) // 2
    crop = line[top : top + matrix.shape[1], top : top + matrix.shape[1]]
    assert matrix @ crop @ matrix.T == pytest.approx(clipped_zoom(line, factor), abs=1e-9)


@pytest.mark.parametrize("angle", [-135, -90, -71.3, -45, -10, 0, 26.6, 45])
@pytest.mark.parametrize(("radius", "sigma"), [(6, 1), (6, 2), (9, 2.5), (14, 12)])
def test_motion_at_a_given_angle_is_imagemagicks(radius: float, sigma: float, angle: float) -> None:
    pictures = natural_pictures(8)
    ours = motion_blurred(as_batch(pictures).float(), radius, sigma, torch.full((8,), float(angle))).floor()
    theirs = np.stack([motion_blurred_alone(picture, radius, sigma, angle) for picture in pictures])
    difference = np.abs(as_pictures(ours) - theirs)
    assert (difference <= 1).all()
    assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize(
    ("sigma", "truncate", "border", "mode"),
    [(0.7, 4, "nearest", "nearest"), (6.4, 3, "reflect", "reflect"), (1, 4, "mirror", "mirror")],
)
def test_gaussian_filter_is_scipys(sigma: float, truncate: float, border: str, mode: str) -> None:
    plane = np.random.default_rng(0).random((1, 1, 20, 33)).astype(np.float32)
    ours = gaussian_filtered(torch.from_numpy(plane), sigma, truncate=truncate, border=border)
    theirs = ndimage.gaussian_filter(plane[0, 0], sigma, mode=mode, truncate=truncate)
    assert ours[0, 0].numpy() == pytest.approx(theirs, abs=1e-5)
