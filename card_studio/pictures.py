"""Reads any usual image file as RGB bytes, and refuses with one clear line what is not one.

grey, 1-bit        three equal channels
16-bit, float      scaled to 0-255; floats count from 0 to 1, what lies outside is clipped
palette, CMYK,     converted to RGB
YCbCr
transparent        laid over white, also where a palette is transparent
animated           the first frame
turned by EXIF     turned upright
1 x 1 and other    read; where a size is asked for, the middle square is resized to it
sizes
over 64 million    refused by the header, before anything is decoded: 20,000 x 20,000 and all bombs
pixels
truncated, damaged refused; never an exception of the decoder's
empty, text, other refused, with the formats that are read
"""

import io
import threading
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from card_studio.errors import PictureError

MAX_PIXELS = 64_000_000
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Those with a self-contained decoder: others, such as EPS, would start foreign programs."""
PICTURE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_DRAFT_MARGIN = 4
"""A JPEG may be decoded at a reduced scale as long as that leaves so many times the pixels asked for."""
_opening = threading.Lock()


def read_picture(source: Path | bytes, size: int | None = None, *, name: str = "") -> NDArray[np.uint8]:
    """Read an image file, or its bytes, as RGB.

    Args:
        source: the file, or what is in it.
        size: pixels on each side of the result: the middle square is cut out and resized with antialiasing;
            None leaves the image as large as it is.
        name: what to call it in an error; by default the path.

    Returns:
        uint8 [3, H, W], contiguous.

    Raises:
        PictureError: it is missing, empty, no image, damaged, cut off, or of more than 64 million pixels.
    """
    name = name or (str(source) if isinstance(source, Path) else "image")
    data = source if isinstance(source, bytes) else _bytes_of(source, name)
    if not data:
        raise PictureError(f"{name}: not an image file: it is empty")
    with _opened(data, name) as image:
        try:
            rgb = _squared(_rgb(image, size), size)
            return np.ascontiguousarray(np.asarray(rgb).transpose(2, 0, 1))
        except Exception as error:  # decoders raise almost anything on damaged bytes
            reason = str(error).rstrip(".") or type(error).__name__
            raise PictureError(f"{name}: a damaged image file ({reason}): save or copy it anew") from error


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """Return an RGB image, uint8 [3, H, W], as the bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))).save(buffer, "PNG")
    return buffer.getvalue()


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PictureError(f"{name}: no such file") from error
    except IsADirectoryError as error:
        raise PictureError(f"{name}: a folder, not an image file") from error
    except OSError as error:
        raise PictureError(f"{name}: cannot be read: {error.strerror}") from error


def _opened(data: bytes, name: str) -> Image.Image:
    """Open by the header alone, and refuse what is too large before it is decoded."""
    try:
        # Pillow's own limits are another number, and warn; filters are the process's, hence the lock
        with _opening, warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not an image file: allowed are {', '.join(_FORMATS)}") from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{name}: far too many pixels: at most {MAX_PIXELS:,} are read") from error
    except Exception as error:  # decoders raise almost anything on damaged bytes
        raise PictureError(f"{name}: a damaged image file ({error}): save or copy it anew") from error
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width} x {image.height}"
        raise PictureError(f"{name}: {size} is too many pixels: at most {MAX_PIXELS:,} are read")
    return image


def _rgb(image: Image.Image, size: int | None) -> Image.Image:
    if size is not None:
        image.draft(image.mode, (_DRAFT_MARGIN * size, _DRAFT_MARGIN * size))
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("F", "I") or image.mode.startswith("I;16"):
        return _eight_bits(image).convert("RGB")
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Bring 16-bit values, or floats from 0 to 1, to 0-255; larger values are clipped."""
    values = np.asarray(image, np.float64)
    scale = 255.0 if image.mode == "F" else 255 / 65535
    return Image.fromarray(np.clip(np.rint(values * scale), 0, 255).astype(np.uint8))


def _squared(image: Image.Image, size: int | None) -> Image.Image:
    if size is None or image.size == (size, size):
        return image
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return square.resize((size, size), Image.Resampling.BICUBIC)
