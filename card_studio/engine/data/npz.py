"""Reads a .npz file of images and labels."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from card_studio.engine.data.split import Pool
from card_studio.errors import DataError

_WANTED = "a .npz with uint8 images [N, H, H, 3] or [N, 3, H, H] and integer labels [N] from 0 up"


def read_npz(path: Path) -> Pool:
    """Read arrays `images` and `labels`; classes are named by their numbers. Nothing is unpickled.

    Raises:
        DataError: the file is missing or damaged, or its arrays are not as said.
    """
    images, labels = _arrays(path)
    if images.dtype != np.uint8 or images.ndim != 4 or 3 not in (images.shape[1], images.shape[-1]):
        raise DataError(f"{path}: images are {images.dtype} {list(images.shape)}: {_WANTED} is needed")
    if images.shape[-1] == 3:
        images = images.transpose(0, 3, 1, 2)
    if images.shape[2] != images.shape[3]:
        raise DataError(f"{path}: images are {images.shape[3]} x {images.shape[2]} pixels: they must be square")
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{path}: labels are {labels.dtype} {list(labels.shape)}: {_WANTED} is needed")
    if not len(labels) or labels.min() < 0 or labels.max() >= len(labels):
        raise DataError(f"{path}: labels must be class numbers from 0 up, one for each image")
    images = np.ascontiguousarray(images)
    labels = labels.astype(np.int64)
    content = hashlib.sha256(repr(images.shape).encode() + images.tobytes() + labels.tobytes()).hexdigest()
    return Pool(images=images, labels=labels, classes=tuple(map(str, range(labels.max() + 1))), content=content)


def _arrays(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; data.path must name {_WANTED}") from error
    except KeyError as error:
        raise DataError(f"{path}: {error.args[0]}: {_WANTED} is needed") from error
    except Exception as error:  # NumPy, zip and zlib raise almost anything on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read ({reason}): {_WANTED} is needed") from error
    if not (isinstance(images, np.ndarray) and isinstance(labels, np.ndarray)):  # NumPy hands foreign members out raw
        raise DataError(f"{path}: holds something else than arrays: {_WANTED} is needed")
    return images, labels
