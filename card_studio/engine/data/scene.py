"""Composes and lights the scenes of the embedded dataset, many at once, in NumPy.

Arrays are [n, 1, 1] for what a scene has one of, [n, SIZE, SIZE] for what each pixel has,
[n, 3, SIZE, SIZE] for colours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from card_studio.engine.data.outlines import OUTLINES, Floats

SIZE = 32
_AXIS = np.arange(SIZE, dtype=np.float32) - np.float32((SIZE - 1) / 2)
_X, _Y = np.meshgrid(_AXIS, _AXIS)
"""Pixel centres, the middle of the image at 0, y downwards."""
_FREQUENCY = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE)[None, :]).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Things:
    """Where the things of each scene lie, as signed distances in pixels, and where they would be seen moved."""

    labels: NDArray[np.int64]
    centre_x: Floats
    centre_y: Floats
    radius: Floats
    angle: Floats
    edge_angle: Floats
    edge_offset: Floats
    edge_bend: Floats

    def object(self, move_x: Floats | float = 0, move_y: Floats | float = 0) -> Floats:
        """The thing whose outline is the class."""
        x, y = _X - (self.centre_x + move_x), _Y - (self.centre_y + move_y)
        cosine, sine = np.cos(self.angle) / self.radius, np.sin(self.angle) / self.radius
        across, down = x * cosine + y * sine, y * cosine - x * sine
        distance = np.empty_like(across)
        for label, outline in enumerate(OUTLINES.values()):
            mine = np.flatnonzero(self.labels == label)
            distance[mine] = outline(across[mine], down[mine])
        scaled: Floats = distance * self.radius
        return scaled

    def edge(self, move_x: Floats | float = 0, move_y: Floats | float = 0) -> Floats:
        """The nearer thing: what lies beyond a slightly bent line; far away where there is none."""
        x, y = _X - move_x, _Y - move_y
        cosine, sine = np.cos(self.edge_angle), np.sin(self.edge_angle)
        along, across = x * cosine + y * sine, y * cosine - x * sine
        distance: Floats = self.edge_offset + self.edge_bend * across * across - along
        return distance


def render_scenes(labels: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.uint8]:
    """Render one scene for each label.

    Args:
        labels: int64 [n], indices into OUTLINES.
        random: all of the scenes' chances are drawn from it.

    Returns:
        uint8 [n, 3, SIZE, SIZE].
    """
    count = len(labels)
    things = _placed(labels, random)
    light = _light(count, random)
    hues = _palette(count, random)
    fields = _fields(count, 4, random)
    image = _ground(hues[0], hues[1], fields[:, :2], light, random)
    thing, near = things.object(), things.edge()
    drop = _uniform(random, count, 1.5, 3.5)
    image = image * _shade(things.object(light[0] * -drop, light[1] * -drop), 2.5, random)
    image = _over(image, _surface(hues[2], thing, 0.55 * things.radius, fields[:, 2], light, random), thing)
    image = image * _shade(things.edge(light[0] * -drop, light[1] * -drop), 2.5, random)
    image = _over(image, _surface(hues[3], near, np.full_like(drop, 5), fields[:, 3], light, random), near)
    return _developed(image, random)


def _uniform(random: np.random.Generator, count: int, low: float, high: float) -> Floats:
    return random.uniform(low, high, (count, 1, 1)).astype(np.float32)


def _placed(labels: NDArray[np.int64], random: np.random.Generator) -> _Things:
    count = len(labels)
    radius = _uniform(random, count, 10.0, 13.0)
    room = SIZE / 2 - 0.9 * radius
    centre_x, centre_y = room * _uniform(random, count, -1, 1), room * _uniform(random, count, -1, 1)
    edge_angle = _uniform(random, count, 0, 2 * np.pi)
    reach = centre_x * np.cos(edge_angle) + centre_y * np.sin(edge_angle)
    hidden = _uniform(random, count, 0.6, 1.1) * radius
    absent = _uniform(random, count, 0, 1) < 0.5
    return _Things(
        labels=labels,
        centre_x=centre_x,
        centre_y=centre_y,
        radius=radius,
        angle=_uniform(random, count, -0.5, 0.5),
        edge_angle=edge_angle,
        edge_offset=np.where(absent, np.float32(100), reach + hidden),
        edge_bend=_uniform(random, count, -0.01, 0.02),
    )


def _light(count: int, random: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """A unit vector towards the lamp."""
    azimuth = _uniform(random, count, 0, 2 * np.pi)
    height = _uniform(random, count, 0.5, 0.8)
    flat = np.sqrt(1 - height * height)
    return flat * np.cos(azimuth), flat * np.sin(azimuth), height


def _palette(count: int, random: np.random.Generator) -> list[Floats]:
    """Colours [n, 3, 1, 1] of ground, second ground, object and nearer thing."""
    hue = random.uniform(0, 1, (count, 4))
    hue[:, 1] = hue[:, 0] + random.normal(0, 0.08, count)
    saturation = random.uniform((0.05, 0.05, 0.35, 0.1), (0.45, 0.45, 0.9, 0.65), (count, 4))
    value = random.uniform((0.2, 0.2, 0.5, 0.15), (0.75, 0.75, 1.0, 0.9), (count, 4))
    apart = np.abs(value[:, 2] - value[:, 0]) > 0.12
    value[:, 2] = np.where(apart, value[:, 2], value[:, 0] + 0.2)
    sector = (hue[..., None] * 6 + np.array([0.0, 4.0, 2.0])) % 6
    pure = np.clip(np.abs(sector - 3) - 1, 0, 1)
    rgb = value[..., None] * (1 - saturation[..., None] * (1 - pure))
    return [rgb[:, i, :, None, None].astype(np.float32) for i in range(4)]


def _fields(count: int, each: int, random: np.random.Generator) -> Floats:
    """Textures [n, each, SIZE, SIZE] of mean 0 and deviation 1, whose amplitude falls as a power of frequency."""
    power = random.uniform(0.6, 1.3, (count, each, 1, 1)).astype(np.float32)
    falling = np.where(_FREQUENCY > 0, np.maximum(_FREQUENCY, 1e-6) ** -power, 0)
    parts = random.standard_normal((count, each, *_FREQUENCY.shape, 2), dtype=np.float32)
    spectrum = (parts[..., 0] + 1j * parts[..., 1]) * falling
    fields = np.fft.irfft2(spectrum, s=(SIZE, SIZE)).astype(np.float32)
    deviation: Floats = fields.std(axis=(2, 3), keepdims=True)
    return fields / deviation


def _ground(
    first: Floats, second: Floats, fields: Floats, light: tuple[Floats, Floats, Floats], random: np.random.Generator
) -> Floats:
    """A textured plane of two colours that run into one another, brighter towards the lamp."""
    count = len(first)
    contrast = _uniform(random, count, 0.08, 0.24)
    mix = 1 / (1 + np.exp(-_uniform(random, count, 0.5, 4) * fields[:, 1]))
    colour = first + (second - first) * mix[:, None]
    falloff = _uniform(random, count, 0, 0.3) / SIZE
    brightness = 1 + contrast * fields[:, 0] + falloff * 2 * (_X * light[0] + _Y * light[1])
    ground: Floats = colour * brightness[:, None]
    return ground


def _inside(distance: Floats) -> Floats:
    """How much of each pixel lies inside an edge."""
    share: Floats = np.clip(0.5 - distance, 0, 1)
    return share


def _over(image: Floats, surface: Floats, distance: Floats) -> Floats:
    return image + (surface - image) * _inside(distance)[:, None]


def _shade(distance: Floats, softness: float, random: np.random.Generator) -> Floats:
    """What a shadow leaves of the light, [n, 1, SIZE, SIZE]."""
    depth = _uniform(random, len(distance), 0.25, 0.6)
    share = np.clip(0.5 - distance / (2 * softness), 0, 1)
    left: Floats = 1 - depth * share * share * (3 - 2 * share)
    return left[:, None]


def _surface(
    colour: Floats,
    distance: Floats,
    bevel: Floats,
    field: Floats,
    light: tuple[Floats, Floats, Floats],
    random: np.random.Generator,
) -> Floats:
    """A domed body of one colour: lit by its slope, with a highlight and a faint texture."""
    count = len(distance)
    tilt = 1 - np.clip(-distance / bevel, 0, 1)
    tilt = tilt * _uniform(random, count, 0.5, 0.95)
    lit, gleam = _lit(distance, tilt, light)
    texture = 1 + _uniform(random, count, 0.02, 0.12) * field
    highlight = _uniform(random, count, 0, 0.5) * gleam
    surface: Floats = colour * (lit * texture)[:, None] + highlight[:, None]
    return surface


def _lit(distance: Floats, tilt: Floats, light: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats]:
    """Diffuse light (1 where level) and a highlight, on a surface that falls by `tilt` towards its edge."""
    down, across = np.gradient(distance, axis=(1, 2))
    length = np.sqrt(across * across + down * down) + np.float32(1e-6)
    upright = np.sqrt(1 - tilt * tilt)
    toward = tilt * (across * light[0] + down * light[1]) / length + upright * light[2]
    diffuse = np.float32(0.35) + np.float32(0.65) * np.maximum(toward, 0) / light[2]
    facing = (toward + upright) / (2 * np.sqrt((1 + light[2]) / 2))
    gleam = np.maximum(facing, 0) ** 2
    gleam = gleam * gleam * gleam  # multiplied out: a general power takes longer than all the rest
    return diffuse, (gleam * gleam) * (gleam * gleam)


def _developed(image: Floats, random: np.random.Generator) -> NDArray[np.uint8]:
    """Expose, add a little sensor noise, and quantise."""
    count = len(image)
    exposed = image * random.uniform(0.85, 1.1, (count, 1, 1, 1)).astype(np.float32)
    haze = random.uniform(0, 0.45, (count, 1, 1, 1)).astype(np.float32)
    exposed += haze * (exposed.mean(axis=(2, 3), keepdims=True) - exposed)
    noise = random.standard_normal(image.shape, dtype=np.float32)
    values = np.clip(exposed + np.float32(0.01) * noise, 0, 1)
    quantised: NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return quantised
