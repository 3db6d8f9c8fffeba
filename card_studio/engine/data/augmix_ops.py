"""AugMix's operations on batches, each as Pillow does it, every image at its own level (METHODS 3).

Images are uint8 [M, 3, H, W]; levels are float32 [M]. Every function returns a new batch. Bytes are compared and looked
up as little as possible: torch's byte arithmetic is vectorised, its comparisons and look-ups are not.
"""

from collections.abc import Callable
from enum import IntEnum

import torch
from torch import Tensor

from card_studio.engine.data.augmix_moves import rotate, shear_x, shear_y, translate_x, translate_y
from card_studio.engine.data.pixels import grey_levels

_NUDGE = 1e-3  # Pillow truncates what it blends: float32's errors must not cost a level
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


def autocontrast(images: Tensor, levels: Tensor) -> Tensor:
    """Stretch each channel to 0-255; a flat channel stays."""
    low, high = images.amin(dim=(2, 3), keepdim=True), images.amax(dim=(2, 3), keepdim=True)
    span = high - low
    scale = torch.where(span > 0, (255 + 255e-6) / span, 1.0)  # a millionth more, lest whole products are truncated
    return grey_levels((images - low * (span > 0)) * scale)


def equalize(images: Tensor, levels: Tensor) -> Tensor:
    """Equalise each channel's histogram."""
    count, channels, height, width = images.shape
    rows = count * channels
    offset = torch.arange(rows, dtype=torch.int32, device=images.device).view(count, channels, 1, 1) * _LEVELS
    index = (images + offset).view(-1)
    histogram = torch.bincount(index, minlength=rows * _LEVELS).view(rows, _LEVELS)
    table = _equalizing(histogram.float(), height * width)
    return table.view(-1).index_select(0, index).view(images.shape)


def posterize(images: Tensor, levels: Tensor) -> Tensor:
    """Keep the highest 4 - int(.4 l) bits."""
    step = 2.0 ** (4 + (0.4 * levels).floor())
    return images & _column(256 - step).to(torch.uint8)


def solarize(images: Tensor, levels: Tensor) -> Tensor:
    """Invert values from 256 - int(25.6 l) on; at least those of 255."""
    highest = _column((25.6 * levels).floor() - 1).clamp(0, 255).to(torch.uint8)  # of those that inversion makes
    beyond = torch.maximum(~images, highest).sub_(highest)
    return beyond.clamp_(max=1).sub_(1).bitwise_xor_(images)  # 0 - 1 is 255, which inverts


def color(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with the grey image; factor .18 l + .1, as for the next three."""
    return _blended(_grey(images), images, levels)


def contrast(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with the mean grey level."""
    mean = _grey(images).mean(dim=(2, 3), keepdim=True)
    return _blended((mean + 0.5).floor_(), images, levels)


def brightness(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with black."""
    return _blended(torch.zeros_like(images[:, :1, :1, :1], dtype=torch.float32), images, levels)


def sharpness(images: Tensor, levels: Tensor) -> Tensor:
    """Blend with a smoothed copy, whose outermost pixels are the image's own."""
    smooth = images.float()
    height, width = images.shape[-2:]
    if height > 2 and width > 2:
        total = 4 * smooth[..., 1:-1, 1:-1]
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


GEOMETRIC: dict[Op, Callable[[Tensor, Tensor], Tensor]] = {
    Op.ROTATE: rotate,
    Op.SHEAR_X: shear_x,
    Op.SHEAR_Y: shear_y,
    Op.TRANSLATE_X: translate_x,
    Op.TRANSLATE_Y: translate_y,
}
"""The operations that move pixels; these take levels with a sign."""


def _equalizing(histogram: Tensor, pixels: int) -> Tensor:
    """Return uint8 [rows, 256]: what Pillow's equalize makes of each level, given the levels' counts."""
    levels = torch.arange(_LEVELS, device=histogram.device, dtype=torch.float32)
    highest = (histogram.clamp(max=1) * levels).amax(dim=1, keepdim=True).long()
    step = ((pixels - histogram.gather(1, highest)) / 255).floor_()
    before = histogram.cumsum(dim=1) - histogram
    table = (((step / 2).floor() + before) / step.clamp(min=1)).floor_().clamp_(max=255)
    return torch.where(step > 0, table, levels).to(torch.uint8)


def _column(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _grey(images: Tensor) -> Tensor:
    red, green, blue = torch.split(images.float(), 1, dim=1)
    weighted: Tensor = 19595 * red + 38470 * green + 7471 * blue + 32768
    return weighted.div_(65536).floor_()


def _blended(plain: Tensor, images: Tensor, levels: Tensor) -> Tensor:
    factor = _column(0.18 * levels + 0.1)
    blend = torch.lerp(plain.expand(images.shape), images.float(), factor)
    return grey_levels(blend.add_(_NUDGE).clamp_(0, 255))
