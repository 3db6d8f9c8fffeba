"""AugMix's operations on batches, each as Pillow does it, every image with its own level and sign (METHODS 3).

Images are float32 [M, 3, H, W] that hold whole grey levels, 0 to 255; levels are float32 [M]; signs are -1 or 1. Every
function returns a new batch of whole grey levels. Pillow truncates where it interpolates or blends, and so do these; a
thousandth is added first so that float32's errors do not cost a level.
"""

import math
from collections.abc import Callable
from enum import IntEnum

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

_NUDGE = 1e-3
_LEVELS = 256


class Op(IntEnum):
    """The operations; the five that move pixels come last of the nine, the four that overlap with CIFAR-C after."""

    AUTOCONTRAST = 0
    EQUALIZE = 1
    POSTERIZE = 2
    SOLARIZE = 3
    ROTATE = 4
    SHEAR_X = 5
    SHEAR_Y = 6
    TRANSLATE_X = 7
    TRANSLATE_Y = 8
    COLOR = 9
    CONTRAST = 10
    BRIGHTNESS = 11
    SHARPNESS = 12


GEOMETRIC = range(Op.ROTATE, Op.TRANSLATE_Y + 1)


def autocontrast(images: Tensor, levels: Tensor) -> Tensor:
    """Stretch each channel to 0-255; a flat channel stays."""
    low, high = images.amin(dim=(2, 3), keepdim=True), images.amax(dim=(2, 3), keepdim=True)
    span = high - low
    scale = torch.where(span > 0, 255 / span.clamp(min=1), 1.0)
    return (images - torch.where(span > 0, low, 0.0)).mul_(scale).add_(_NUDGE).floor_()


def equalize(images: Tensor, levels: Tensor) -> Tensor:
    """Equalise each channel's histogram."""
    count, channels, height, width = images.shape
    rows = count * channels
    offset = torch.arange(rows, dtype=torch.int32, device=images.device).view(rows, 1) * _LEVELS
    index = images.reshape(rows, -1).to(torch.int32).add_(offset)
    histogram = torch.bincount(index.view(-1), minlength=rows * _LEVELS).view(rows, _LEVELS)
    table = _equalizing(histogram.float(), height * width)
    return table.view(-1).index_select(0, index.view(-1)).view(images.shape)


def posterize(images: Tensor, levels: Tensor) -> Tensor:
    """Keep the highest 4 - int(.4 l) bits."""
    step = 2.0 ** (4 + _column((0.4 * levels).floor()))
    return (images / step).floor_().mul_(step)


def solarize(images: Tensor, levels: Tensor) -> Tensor:
    """Invert values from 256 - int(25.6 l) on."""
    below = _column(_LEVELS - 1 - (25.6 * levels).floor())
    inverted = (images - below).clamp_(0, 1)  # 1 from the threshold on, as levels are whole: much faster than where
    return torch.sub(images, inverted, alpha=255).abs_()


def color(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with the grey image; factor .18 l + .1, as for the next three."""
    return _blended(_grey(images), images, levels)


def contrast(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with the mean grey level."""
    mean = _grey(images).mean(dim=(2, 3), keepdim=True)
    return _blended((mean + 0.5).floor_(), images, levels)


def brightness(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with black."""
    return _blended(torch.zeros_like(images[:, :1, :1, :1]), images, levels)


def sharpness(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with a smoothed copy, whose outermost pixels are the image's own."""
    smooth = images.clone()
    height, width = images.shape[-2:]
    if height > 2 and width > 2:
        total = 4 * images[..., 1:-1, 1:-1]
        for y in range(3):
            for x in range(3):
                total += images[..., y : y + height - 2, x : x + width - 2]
        smooth[..., 1:-1, 1:-1] = total.div_(13).add_(0.5).floor_()
    return _blended(smooth, images, levels)


POINTWISE: dict[Op, Callable[[Tensor, Tensor], Tensor]] = {
    Op.AUTOCONTRAST: autocontrast,
    Op.EQUALIZE: equalize,
    Op.POSTERIZE: posterize,
    Op.SOLARIZE: solarize,
    Op.COLOR: color,
    Op.CONTRAST: contrast,
    Op.BRIGHTNESS: brightness,
    Op.SHARPNESS: sharpness,
}
"""The operations that leave pixels in their places."""


def move(images: Tensor, ops: Tensor, levels: Tensor, signs: Tensor) -> Tensor:
    """Rotate by +-int(3 l) degrees, shear by +-.03 l, or translate by +-int(l side/30) px, each image its own way.

    Bilinear. A pixel whose centre comes from outside the image is black; inside, the border pixel is continued.

    Args:
        ops: int64 [M], members of GEOMETRIC.
    """
    height, width = images.shape[-2:]
    from_x, from_y = _sources(ops, levels, signs, height, width)
    rows = ((torch.arange(height, device=images.device) + 0.5) * (2 / height) - 1)[:, None]
    columns = (torch.arange(width, device=images.device) + 0.5) * (2 / width) - 1
    across = torch.complex(from_x[0], from_y[0])[:, None, None] * columns
    down = torch.complex(from_x[1], from_y[1])[:, None, None] * rows
    down += torch.complex(from_x[2], from_y[2])[:, None, None]
    x, y = across.real + down.real, across.imag + down.imag
    inside = torch.maximum(x.abs_(), y.abs_()).lt(1).to(images)
    grid = torch.view_as_real(across + down)  # complex only to interleave x and y in one pass
    moved = grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return moved.add_(_NUDGE).floor_().mul_(inside[:, None])


def _sources(
    ops: Tensor, levels: Tensor, signs: Tensor, height: int, width: int
) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
    """Return where x and y come from, in units of half a side about the centre: factors of x and y, and shifts."""
    zero = torch.zeros_like(levels)

    def where(op: Op, value: Tensor) -> Tensor:
        return torch.where(ops == op, signs * value, zero)

    angle = where(Op.ROTATE, (3 * levels).floor()) * (-math.pi / 180)
    shear_x, shear_y = where(Op.SHEAR_X, 0.03 * levels), where(Op.SHEAR_Y, 0.03 * levels)
    shift_x = where(Op.TRANSLATE_X, (levels * (width / 30)).floor()) * (2 / width)
    shift_y = where(Op.TRANSLATE_Y, (levels * (height / 30)).floor()) * (2 / height)
    aspect = height / width
    from_x = (angle.cos(), (angle.sin() + shear_x) * aspect, shift_x + shear_x * aspect)
    from_y = ((shear_y - angle.sin()) / aspect, angle.cos(), shift_y + shear_y / aspect)
    return from_x, from_y


def _equalizing(histogram: Tensor, pixels: int) -> Tensor:
    """Return float32 [rows, 256]: what Pillow's equalize makes of each level, given the levels' counts."""
    levels = torch.arange(_LEVELS, device=histogram.device, dtype=torch.float32)
    highest = (histogram.clamp(max=1) * levels).amax(dim=1, keepdim=True).long()
    step = ((pixels - histogram.gather(1, highest)) / 255).floor_()
    before = histogram.cumsum(dim=1) - histogram
    table = (((step / 2).floor() + before) / step.clamp(min=1)).floor_().clamp_(max=255)
    return torch.where(step > 0, table, levels)


def _column(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _grey(images: Tensor) -> Tensor:
    red, green, blue = torch.split(images, 1, dim=1)
    weighted: Tensor = 19595 * red + 38470 * green + 7471 * blue + 32768
    return weighted.div_(65536).floor_()


def _blended(plain: Tensor, images: Tensor, levels: Tensor) -> Tensor:
    factor = _column(0.18 * levels + 0.1)
    return torch.lerp(plain.expand_as(images), images, factor).add_(_NUDGE).clamp_(0, 255).floor_()
