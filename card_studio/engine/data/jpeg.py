"""JPEG there and back for whole batches, through Pillow: large pictures in threads, many small ones to a file.

Around a picture of 32 x 32, Pillow's own Python takes ten times as long as the codec. So small pictures are laid out
on a sheet that is compressed as one. Each picture comes back to the bit as it would alone: the codec works in blocks
of 16 x 16 that know nothing of each other, but for its last step, which enlarges the colours with a filter that looks
across the blocks' edges. That step is done here, picture by picture: the codec is asked for the brightness at full
size and for the colours at half of it, which is how it keeps them.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from PIL import Image, features
from torch import Tensor

BLOCK = 16
"""Pixels: the side of the blocks that Pillow's JPEG files consist of, colours being kept at half size (4:2:0)."""
_SMALL = 96
"""Pixels: pictures of longer sides are compressed one by one, where enlarging the colours here costs more."""
_SHEET = 16
"""Pictures on a side of a sheet."""
_FIXED = 1 << 16
"""Steps of 1 in the integers of libjpeg's change from YCbCr to RGB."""


def through_jpeg(images: Tensor, quality: int) -> Tensor:
    """Compress each image with Pillow at this quality and decompress it.

    Args:
        images: uint8 [N, 3, H, W], RGB, on any device.
        quality: 1 to 95.

    Returns:
        uint8 [N, 3, H, W] on the same device.
    """
    small = max(images.shape[-2:]) <= _SMALL and not any(side % BLOCK for side in images.shape[-2:])
    # another libjpeg than libjpeg-turbo enlarges colours otherwise
    results = _on_sheets if small and features.check_feature("libjpeg_turbo") else _one_by_one
    return results(images.cpu(), quality).to(images.device) if len(images) else images


def _one_by_one(images: Tensor, quality: int) -> Tensor:
    parts = torch.split(images, -(-len(images) // torch.get_num_threads()))
    with ThreadPoolExecutor(len(parts)) as pool:
        return torch.cat(list(pool.map(partial(_each_through_jpeg, quality=quality), parts)))


def _on_sheets(images: Tensor, quality: int) -> Tensor:
    return torch.cat([_sheet_through_jpeg(part, quality) for part in torch.split(images, _SHEET**2)])


def _each_through_jpeg(images: Tensor, quality: int) -> Tensor:
    pictures = images.permute(0, 2, 3, 1).contiguous().numpy()
    results = np.stack([np.asarray(_opened(_compressed(picture, quality))) for picture in pictures])
    return torch.from_numpy(results).permute(0, 3, 1, 2).contiguous()


def _sheet_through_jpeg(images: Tensor, quality: int) -> Tensor:
    file = _compressed(_sheet(images), quality)
    count, _, height, width = images.shape
    columns, rows = _layout(count)
    brightness = _opened(file, "L", (columns * width, rows * height))
    colours = _opened(file, "YCbCr", (columns * width // 2, rows * height // 2))
    y = torch.from_numpy(np.array(brightness)).view(rows, height, columns, width).transpose(1, 2)
    halves = torch.from_numpy(np.array(colours)).view(rows, height // 2, columns, width // 2, 3)
    cb, cr = (_enlarged(halves[..., channel].transpose(1, 2).flatten(0, 1)[:count]) for channel in (1, 2))
    return _rgb(y.flatten(0, 1)[:count], cb, cr)


def _sheet(images: Tensor) -> np.ndarray:
    """Lay uint8 [N, 3, H, W] out side by side and row by row, black where no image is left: [height, width, 3]."""
    count, channels, height, width = images.shape
    columns, rows = _layout(count)
    sheet = images.new_zeros(rows * columns, channels, height, width)
    sheet[:count] = images
    laid_out = sheet.view(rows, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    return laid_out.reshape(rows * height, columns * width, channels).numpy()


def _layout(count: int) -> tuple[int, int]:
    columns = min(count, _SHEET)
    return columns, -(-count // columns)


def _compressed(picture: np.ndarray, quality: int) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return file


def _opened(file: io.BytesIO, mode: str = "RGB", size: tuple[int, int] | None = None) -> Image.Image:
    image = Image.open(file, formats=("JPEG",))  # asking no other reader saves a fifth of the time
    if size is not None:
        image.draft(mode, size)  # the codec itself leaves out or halves
    return image


def _enlarged(colours: Tensor) -> Tensor:
    """Double the sides as libjpeg-turbo does: three parts the nearest value, one the next, on both axes.

    Args:
        colours: uint8 [N, H, W].

    Returns:
        int32 [N, 2 H, 2 W], 0 to 255.
    """
    wide = colours.to(torch.int16)
    above, below = (torch.cat(rows, 1) for rows in ((wide[:, :1], wide[:, :-1]), (wide[:, 1:], wide[:, -1:])))
    tall = torch.stack((3 * wide + above, 3 * wide + below), 2).flatten(1, 2)
    left, right = (torch.cat(parts, 2) for parts in ((tall[..., :1], tall[..., :-1]), (tall[..., 1:], tall[..., -1:])))
    return torch.stack(((3 * tall + left + 8) >> 4, (3 * tall + right + 7) >> 4), 3).flatten(2, 3).int()


def _rgb(y: Tensor, cb: Tensor, cr: Tensor) -> Tensor:
    """Change YCbCr to RGB in libjpeg's integers: uint8 [N, H, W] and twice int32 to uint8 [N, 3, H, W]."""
    red, green_cb, green_cr, blue = (int(share * _FIXED + 0.5) for share in (1.402, 0.34414, 0.71414, 1.772))
    half = _FIXED // 2
    cb, cr = cb - 128, cr - 128
    shifts = (red * cr + half, half - green_cb * cb - green_cr * cr, blue * cb + half)
    return torch.stack([(y + (shift >> 16)).clamp_(0, 255).to(torch.uint8) for shift in shifts], 1)
