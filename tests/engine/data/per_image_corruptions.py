"""CIFAR-C's corruptions one image at a time, in NumPy, SciPy and Pillow, written from METHODS 4.

The truth that the batched corruptions are compared with, and the baseline that their speed is measured against. Each
takes uint8 [32, 32, 3], a severity and a random generator, and returns what the CIFAR-C script keeps as uint8.
"""

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage

from card_studio.engine.data.frost_texture import frost_textures

Picture = np.ndarray
SIDE = 32


def _kept(x: np.ndarray) -> Picture:
    return np.uint8(np.clip(x, 0, 1) * 255)


def _smoothed(x: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(x, (sigma, sigma, 0)[: x.ndim], mode="nearest", truncate=4)


def gaussian_noise(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    x = picture / 255.0
    return _kept(x + random.normal(size=x.shape, scale=(0.04, 0.06, 0.08, 0.09, 0.10)[severity - 1]))


def shot_noise(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    c = (500, 250, 100, 75, 50)[severity - 1]
    return _kept(random.poisson(picture / 255.0 * c) / c)


def impulse_noise(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    x = picture / 255.0
    hit = random.random(x.shape) < (0.01, 0.02, 0.03, 0.05, 0.07)[severity - 1]
    salt = random.random(x.shape) < 0.5
    x[hit & salt] = 1
    x[hit & ~salt] = 0
    return _kept(x)


def speckle_noise(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    x = picture / 255.0
    return _kept(x + x * random.normal(size=x.shape, scale=(0.06, 0.1, 0.12, 0.16, 0.2)[severity - 1]))


def defocus_kernel(severity: int) -> np.ndarray:
    radius, sigma = ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))[severity - 1]
    y, x = np.mgrid[-8:9, -8:9]
    disk = (x**2 + y**2 <= radius**2).astype(float)
    line = np.exp(-0.5 * (np.array([-1, 0, 1]) / sigma) ** 2)
    return ndimage.correlate(disk / disk.sum(), np.outer(line, line) / line.sum() ** 2, mode="constant")


def defocus_blur(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    x, kernel = picture / 255.0, defocus_kernel(severity)
    channels = [ndimage.correlate(x[..., d], kernel, mode="mirror") for d in range(3)]
    return _kept(np.stack(channels, axis=-1))


def glass_blur(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    sigma, reach, passes = ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2))[severity - 1]
    x = np.uint8(_smoothed(picture / 255.0, sigma) * 255)
    for _ in range(passes):
        for h in range(SIDE - reach, reach, -1):
            for w in range(SIDE - reach, reach, -1):
                dx, dy = random.integers(-reach, reach, size=2)
                x[h, w] = x[h + dy, w + dx]
    return _kept(_smoothed(x / 255.0, sigma))


def motion_blurred(x: np.ndarray, radius: float, sigma: float, angle: float) -> np.ndarray:
    """ImageMagick's: half a Gaussian along a line, nearest pixels, whole levels by rounding."""
    width = 2 * math.ceil(radius) + 1
    kernel = np.exp(-0.5 * (np.arange(width) / sigma) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(x, [(width, width), (width, width)] + [(0, 0)] * (x.ndim - 2), mode="edge").astype(float)
    total = np.zeros(x.shape)
    for i, weight in enumerate(kernel):
        right = width + math.ceil(i * math.cos(math.radians(angle)) - 0.5)
        down = width + math.ceil(i * math.sin(math.radians(angle)) - 0.5)
        total += weight * padded[down : down + x.shape[0], right : right + x.shape[1]]
    return np.uint8(total + 0.5)


def motion_blur(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    radius, sigma = ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))[severity - 1]
    return motion_blurred(picture, radius, sigma, random.uniform(-45, 45))


def clipped_zoom(x: np.ndarray, factor: float) -> np.ndarray:
    crop = math.ceil(SIDE / factor)
    top = (SIDE - crop) // 2
    zoomed = ndimage.zoom(x[top : top + crop, top : top + crop], (factor, factor, 1)[: x.ndim], order=1)
    trim = (len(zoomed) - SIDE) // 2
    return zoomed[trim : trim + SIDE, trim : trim + SIDE]


def zoom_blur(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    x = (picture / 255.0).astype(np.float32)
    factors = [1 + 0.01 * i for i in range((7, 12, 16, 21, 26)[severity - 1])]
    total = sum((clipped_zoom(x, factor) for factor in factors), start=x)
    return _kept(total / (len(factors) + 1))


def gaussian_blur(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    return _kept(_smoothed(picture / 255.0, (0.4, 0.6, 0.7, 0.8, 1)[severity - 1]))


def snow(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    mean, deviation, zoom, threshold, radius, sigma, mix = (
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    )[severity - 1]
    x = (picture / 255.0).astype(np.float32)
    layer = clipped_zoom(random.normal(size=(SIDE, SIDE), loc=mean, scale=deviation), zoom)
    layer = np.where(layer < threshold, 0, layer)
    layer = motion_blurred(_kept(layer), radius, sigma, random.uniform(-135, -45))[..., None] / 255.0
    grey = (x @ np.array([0.299, 0.587, 0.114], dtype=np.float32))[..., None]
    x = mix * x + (1 - mix) * np.maximum(x, grey * 1.5 + 0.5)
    return _kept(x + layer + np.rot90(layer, k=2))


def frost(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    own, pane = ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45))[severity - 1]
    texture = frost_textures(1.0, SIDE).numpy()[random.integers(5)].transpose(1, 2, 0)
    top, left = random.integers(0, len(texture) - SIDE, size=2)
    return np.uint8(np.clip(own * picture + pane * texture[top : top + SIDE, left : left + SIDE], 0, 255))


def plasma(random: np.random.Generator, decay: float) -> np.ndarray:
    cloud, step, wibble = np.zeros((SIDE, SIDE)), SIDE, 100.0

    def filled(total: np.ndarray) -> np.ndarray:
        return total / 4 + wibble * random.uniform(-wibble, wibble, total.shape)

    while step >= 2:
        half = step // 2
        corners = cloud[::step, ::step]
        across = corners + np.roll(corners, -1, axis=0)
        cloud[half::step, half::step] = filled(across + np.roll(across, -1, axis=1))
        centres = cloud[half::step, half::step]
        up = centres + np.roll(centres, 1, axis=0) + corners + np.roll(corners, -1, axis=1)
        cloud[::step, half::step] = filled(up)
        side = centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=0)
        cloud[half::step, ::step] = filled(side)
        step, wibble = half, wibble / decay
    cloud -= cloud.min()
    return cloud / cloud.max()


def fog(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    amount, decay = ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))[severity - 1]
    x = picture / 255.0
    top = x.max()
    return _kept((x + amount * plasma(random, decay)[..., None]) * top / (top + amount))


def hsv_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    value, spread = x.max(axis=-1), np.ptp(x, axis=-1)
    safe = np.where(spread == 0, 1, spread)
    red, green, blue = np.moveaxis(x, -1, 0)
    hue = np.where(value == red, (green - blue) / safe, 0)
    hue = np.where(value == green, 2 + (blue - red) / safe, hue)
    hue = np.where(value == blue, 4 + (red - green) / safe, hue)
    hue = np.where(spread == 0, 0, hue / 6 % 1)
    return hue, np.where(spread == 0, 0, spread / np.where(value == 0, 1, value)), value


def rgb_of(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    sector = np.floor(hue * 6)
    f = hue * 6 - sector
    p, q, t = value * (1 - saturation), value * (1 - f * saturation), value * (1 - (1 - f) * saturation)
    choices = [(value, t, p), (q, value, p), (p, value, t), (p, q, value), (t, p, value), (value, p, q)]
    index = sector.astype(int) % 6
    return np.stack([np.choose(index, [choice[c] for choice in choices]) for c in range(3)], axis=-1)


def brightness(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    hue, saturation, value = hsv_of(picture / 255.0)
    value = np.clip(value + (0.05, 0.1, 0.15, 0.2, 0.3)[severity - 1], 0, 1)
    return _kept(rgb_of(hue, saturation, value))


def saturate(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    factor, offset = ((0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2))[severity - 1]
    hue, saturation, value = hsv_of(picture / 255.0)
    return _kept(rgb_of(hue, np.clip(saturation * factor + offset, 0, 1), value))


def contrast(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    x = picture / 255.0
    mean = x.mean(axis=(0, 1), keepdims=True)
    return _kept((x - mean) * (0.75, 0.5, 0.4, 0.3, 0.15)[severity - 1] + mean)


def elastic_transform(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    alpha, sigma, jitter = (
        (0, 0, 2.56),
        (1.6, 6.4, 2.24),
        (2.56, 1.92, 1.92),
        (3.2, 1.28, 1.6),
        (3.2, 0.96, 0.96),
    )[severity - 1]
    x = (picture / 255.0).astype(np.float32)
    before = np.array([[26, 26], [26, 6], [6, 6]], dtype=float)
    after = before + random.uniform(-jitter, jitter, size=(3, 2))
    back = np.linalg.solve(np.hstack([after, np.ones((3, 1))]), before).T  # (x, y) now -> (x, y) before
    matrix, offset = back[::-1, 1::-1], back[::-1, 2]
    warped = [ndimage.affine_transform(x[..., d], matrix, offset, order=1, mode="mirror") for d in range(3)]
    x = np.stack(warped, axis=-1)
    shifts = [
        ndimage.gaussian_filter(random.uniform(-1, 1, size=(SIDE, SIDE)), sigma, mode="reflect", truncate=3) * alpha
        for _ in range(2)
    ]
    rows, columns = np.mgrid[:SIDE, :SIDE]
    where = [rows + shifts[1], columns + shifts[0]]
    return _kept(np.stack([ndimage.map_coordinates(x[..., d], where, order=1, mode="reflect") for d in range(3)], -1))


def pixelate(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    small = int(SIDE * (0.95, 0.9, 0.85, 0.75, 0.65)[severity - 1])
    image = Image.fromarray(picture).resize((small, small), Image.Resampling.BOX)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def jpeg_compression(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=(80, 65, 58, 50, 40)[severity - 1])
    return np.asarray(Image.open(file))


def canny(grey: np.ndarray, weak: float = 50, strong: float = 150) -> np.ndarray:
    """OpenCV's edges, pixel by pixel: Sobel's gradients, L1, thinned in three sectors, grown from strong to weak."""
    padded = np.pad(grey.astype(int), 1, mode="edge")
    height, width = grey.shape
    gradient = np.zeros((height, width, 2), dtype=int)
    for y in range(height):
        for x in range(width):
            near = padded[y : y + 3, x : x + 3]
            gradient[y, x] = near[:, 2] @ [1, 2, 1] - near[:, 0] @ [1, 2, 1], near[2] @ [1, 2, 1] - near[0] @ [1, 2, 1]
    size = np.pad(np.abs(gradient).sum(axis=2), 1)
    thin = np.zeros(grey.shape, dtype=bool)
    for y in range(height):
        for x in range(width):
            here, (across, down) = size[y + 1, x + 1], gradient[y, x]
            flat, level = abs(across) * math.tan(math.pi / 8), abs(down)
            if level < flat:
                thin[y, x] = here > size[y + 1, x] and here >= size[y + 1, x + 2]
            elif level > flat + 2 * abs(across):
                thin[y, x] = here > size[y, x + 1] and here >= size[y + 2, x + 1]
            else:
                side = -1 if across * down < 0 else 1
                thin[y, x] = here > size[y, x + 1 - side] and here > size[y + 2, x + 1 + side]
    size = size[1:-1, 1:-1]
    groups, _ = ndimage.label(thin & (size > weak), np.ones((3, 3)))
    return thin & (size > weak) & np.isin(groups, groups[thin & (size > strong)])


def equalized(grey: np.ndarray) -> np.ndarray:
    """OpenCV's equalizeHist."""
    counts = np.bincount(grey.ravel(), minlength=256)
    first = int(np.flatnonzero(counts)[0])
    if counts[first] == grey.size:
        return grey
    after = np.cumsum(counts) - counts[first]
    table = np.rint(after * (255.0 / (grey.size - counts[first]))).clip(0, 255)
    return np.uint8(table)[grey]


def spattered(picture: Picture, severity: int, noise: np.ndarray) -> Picture:
    """Spatter, given the standard normal noise [32, 32] that its liquid is made of."""
    mean, deviation, sigma, threshold, strength, mud = (
        (0.62, 0.1, 0.7, 0.7, 0.5, 0),
        (0.65, 0.1, 0.8, 0.7, 0.5, 0),
        (0.65, 0.3, 1, 0.69, 0.5, 0),
        (0.65, 0.1, 0.7, 0.69, 0.6, 1),
        (0.65, 0.1, 0.5, 0.68, 0.6, 1),
    )[severity - 1]
    x = picture / 255.0
    liquid = _smoothed(mean + deviation * noise, sigma)
    liquid[liquid < threshold] = 0
    if mud:
        cover = _smoothed((liquid > threshold).astype(float), strength)
        cover[cover < 0.8] = 0
        return _kept(x * (1 - cover[..., None]) + cover[..., None] * np.array([63, 42, 20]) / 255)
    grey = _kept(liquid)
    away = ndimage.distance_transform_edt(~canny(grey)) if canny(grey).any() else np.full(grey.shape, 20.0)
    blurred = np.uint8(ndimage.uniform_filter(np.minimum(away, 20), 3, mode="mirror") + 1e-9)
    kernel = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
    relief = np.uint8(ndimage.correlate(equalized(blurred).astype(int), kernel, mode="mirror").clip(0, 255))
    water = grey * np.rint(ndimage.uniform_filter(relief.astype(float), 3, mode="mirror"))
    cover = strength * water / max(water.max(), 1)
    return _kept(x + cover[..., None] * np.array([175, 238, 238]) / 255)


def spatter(picture: Picture, severity: int, random: np.random.Generator) -> Picture:
    return spattered(picture, severity, random.standard_normal((SIDE, SIDE)))


PER_IMAGE: dict[str, Callable[[Picture, int, np.random.Generator], Picture]] = {
    corruption.__name__: corruption
    for corruption in (
        gaussian_noise,
        shot_noise,
        impulse_noise,
        defocus_blur,
        glass_blur,
        motion_blur,
        zoom_blur,
        snow,
        frost,
        fog,
        brightness,
        contrast,
        elastic_transform,
        pixelate,
        jpeg_compression,
        speckle_noise,
        gaussian_blur,
        spatter,
        saturate,
    )
}
