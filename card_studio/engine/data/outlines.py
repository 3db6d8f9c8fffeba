"""The ten outlines of the embedded dataset, as signed distances from their edge.

Each takes coordinates x (to the right) and y (down), any shape, in units of the object's radius, and returns the signed
distance to the edge in the same units: negative inside, exact or close to it near the edge. Most formulas are
well-known closed forms of computer graphics (collected by Inigo Quilez, "2D distance functions").
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Outline = Callable[[Floats, Floats], Floats]


def _floats(values: NDArray[Any]) -> Floats:
    narrowed: Floats = values.astype(np.float32)
    return narrowed


def _disc(x: Floats, y: Floats) -> Floats:
    return np.hypot(x, y) - np.float32(0.92)


def _ring(x: Floats, y: Floats) -> Floats:
    return np.abs(np.hypot(x, y) - np.float32(0.74)) - np.float32(0.22)


def _box(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    across, down = np.abs(x) - np.float32(half_width), np.abs(y) - np.float32(half_height)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    return outside + np.minimum(np.maximum(across, down), 0)


def _square(x: Floats, y: Floats) -> Floats:
    return _box(x, y, 0.74, 0.74) - np.float32(0.06)


def _cross(x: Floats, y: Floats) -> Floats:
    return np.minimum(_box(x, y, 0.92, 0.24), _box(x, y, 0.24, 0.92)) - np.float32(0.05)


def _regular(x: Floats, y: Floats, corners: int, inradius: float) -> Floats:
    """A regular polygon with a corner at the top, by its distance from the nearest edge's line."""
    sector = 2 * np.pi / corners
    angle = np.arctan2(x, -y)
    folded = np.abs(np.mod(angle, sector) - sector / 2)
    radius = np.hypot(x, y)
    along, beyond = radius * np.sin(folded), radius * np.cos(folded) - inradius
    corner = np.float32(inradius * np.tan(sector / 2))
    outside = np.hypot(np.maximum(along - corner, 0), beyond)
    return _floats(np.where(beyond > 0, outside, beyond))


def _triangle(x: Floats, y: Floats) -> Floats:
    return _regular(x, y - np.float32(0.12), 3, 0.49) - np.float32(0.07)


def _star(x: Floats, y: Floats) -> Floats:
    """Five points; one edge is folded onto all ten."""
    sector = 2 * np.pi / 5
    folded = np.abs(np.mod(np.arctan2(x, -y) + sector / 2, sector) - sector / 2)
    radius = np.hypot(x, y)
    across, up = radius * np.sin(folded), radius * np.cos(folded)
    tip, notch = np.array([0.0, 1.02]), 0.44 * np.array([np.sin(sector / 2), np.cos(sector / 2)])
    return _floats(_segment(across, up, tip, notch) - 0.04)


def _segment(x: Floats, y: Floats, start: NDArray[np.float64], end: NDArray[np.float64]) -> Floats:
    """Distance to a segment, negative on the origin's side of its line."""
    edge = end - start
    from_x, from_y = x - np.float32(start[0]), y - np.float32(start[1])
    share = np.clip((from_x * edge[0] + from_y * edge[1]) / (edge @ edge), 0, 1)
    distance = np.hypot(from_x - share * edge[0], from_y - share * edge[1])
    return _floats(distance * np.sign(edge[0] * from_y - edge[1] * from_x))


def _crescent(x: Floats, y: Floats) -> Floats:
    outer = np.hypot(x, y) - np.float32(0.95)
    inner = np.hypot(x - np.float32(0.48), y) - np.float32(0.74)
    return _floats(np.maximum(outer, -inner))


def _heart(x: Floats, y: Floats) -> Floats:
    across, up = np.abs(x) / np.float32(1.55), np.float32(0.58) - y / np.float32(1.55)
    lobe = np.hypot(across - 0.25, up - 0.75) - np.float32(np.sqrt(2) / 4)
    tip = np.float32(0.5) * np.maximum(across + up, 0)
    body = np.minimum(np.hypot(across, up - 1), np.hypot(across - tip, up - tip)) * np.sign(across - up)
    return _floats(np.where(across + up > 1, lobe, body) * 1.55)


def _drop(x: Floats, y: Floats) -> Floats:
    """A round belly that narrows to a tip at the top: an uneven capsule."""
    across, up = np.abs(x), np.float32(0.38) - y
    belly, tip, height = 0.6, 0.03, 1.35
    lean = (belly - tip) / height
    rise = np.sqrt(1 - lean * lean)
    along = -lean * across + rise * up
    side = across * rise + up * lean - belly
    below, above = np.hypot(across, up) - belly, np.hypot(across, up - height) - tip
    return _floats(np.where(along < 0, below, np.where(along > rise * height, above, side)))


def _flower(x: Floats, y: Floats) -> Floats:
    """Five round petals around the middle."""
    sector = 2 * np.pi / 5
    folded = np.abs(np.mod(np.arctan2(x, -y) + sector / 2, sector) - sector / 2)
    radius = np.hypot(x, y)
    petal = np.hypot(radius * np.sin(folded), radius * np.cos(folded) - 0.57) - 0.37
    return _floats(np.minimum(petal, radius - 0.4))


OUTLINES: dict[str, Outline] = {
    "crescent": _crescent,
    "cross": _cross,
    "disc": _disc,
    "drop": _drop,
    "flower": _flower,
    "heart": _heart,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}
"""Class name -> signed distance; the order is that of the labels."""
