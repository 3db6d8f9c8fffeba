"""Outlines are signed distances: right in sign, area and steepness, and all ten are different."""

import numpy as np
import pytest

from card_studio.engine.data.outlines import OUTLINES

STEP = 0.01
_AXIS = np.arange(-1.5, 1.5, STEP, dtype=np.float32)
X, Y = np.meshgrid(_AXIS, _AXIS)


@pytest.mark.parametrize("name", OUTLINES)
def test_it_lies_within_its_radius(name: str) -> None:
    distance = OUTLINES[name](X, Y)
    assert distance.dtype == np.float32
    assert np.hypot(X, Y)[distance < 0].max() < 1.15
    assert 0.15 < (distance < 0).mean() * 9 < 2.8


@pytest.mark.parametrize("name", OUTLINES)
def test_distance_grows_by_one_per_unit_near_the_edge(name: str) -> None:
    """Where it is smooth: corners and the middle line have no gradient, so a share is enough."""
    distance = OUTLINES[name](X, Y)
    down, across = np.gradient(distance, STEP)
    steepness = np.hypot(across, down)[np.abs(distance) < 0.06]
    assert np.quantile(steepness, 0.99) < 1.1
    assert np.mean(np.abs(steepness - 1) < 0.05) > 0.9


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("disc", np.pi * 0.92**2),
        ("ring", np.pi * (0.96**2 - 0.52**2)),
        ("square", 4 * 0.8**2 - (4 - np.pi) * 0.06**2),
        ("cross", 2 * 4 * 0.97 * 0.29 - 4 * 0.29**2 - 2 * (4 - np.pi) * 0.05**2),
    ],
)
def test_areas_of_simple_outlines(name: str, area: float) -> None:
    assert (OUTLINES[name](X, Y) < 0).sum() * STEP**2 == pytest.approx(area, rel=0.01)


def test_a_star_has_five_points_and_a_triangle_three() -> None:
    """Counted on a circle that cuts each point once."""
    angle = np.linspace(0, 2 * np.pi, 2_000, endpoint=False)
    for name, radius, points in (("star", 0.75, 5), ("triangle", 0.75, 3), ("flower", 0.9, 5), ("cross", 0.7, 4)):
        x, y = (radius * np.sin(angle)).astype(np.float32), (radius * -np.cos(angle)).astype(np.float32)
        inside = OUTLINES[name](x, y) < 0
        assert (inside != np.roll(inside, 1)).sum() == 2 * points, name


def test_no_two_are_alike() -> None:
    inside = {name: outline(X, Y) < 0 for name, outline in OUTLINES.items()}
    for name, one in inside.items():
        for other, two in inside.items():
            if name != other:
                assert (one & two).sum() / (one | two).sum() < 0.86, (name, other)
