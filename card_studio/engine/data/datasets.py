"""Opens the dataset that a recipe names: all images in memory as uint8, split, with digest and normalisation."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from card_studio.domain.names import DatasetName
from card_studio.domain.options import CifarData, DataOptions, FolderData, NpzData, ShapesData
from card_studio.domain.recipe import identity_of
from card_studio.engine.data import cifar, folder, npz, shapes
from card_studio.engine.data.progress import Work, finished
from card_studio.engine.data.split import Pool, stratified
from card_studio.errors import DataError

Channels = tuple[float, float, float]
_CIFAR_CHANNELS: dict[DatasetName, tuple[Channels, Channels]] = {
    DatasetName.CIFAR10: ((0.491, 0.482, 0.447), (0.247, 0.243, 0.262)),
    DatasetName.CIFAR100: ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
"""METHODS 3, Normalisation."""
_CHUNK = 1024
_SMALLEST_DEVIATION = 1 / 255
"""So that images of one colour are not divided by zero."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Split:
    """Images and what they show."""

    images: Tensor
    """uint8 [N, 3, H, W]."""
    labels: Tensor
    """int64 [N]."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dataset:
    """A dataset in memory. Each split is in an order of mixed classes, so its first images are a fair sample."""

    options: DataOptions
    label: str
    """What it is called beside figures."""
    digest: str
    """SHA-256 of the content, the classes, the split and its seed."""
    classes: tuple[str, ...]
    size: int
    """Pixels on each side."""
    mean: Channels
    std: Channels
    """Per channel, of the training images, on the 0-1 scale."""
    train: Split
    validation: Split
    test: Split


def open_dataset(options: DataOptions, *, cache: Path, data_folder: Path | None = None) -> Dataset:
    """Read or render a dataset, and wait for it: see `opening_dataset`."""
    return finished(opening_dataset(options, cache=cache, data_folder=data_folder))


def opening_dataset(options: DataOptions, *, cache: Path, data_folder: Path | None = None) -> Work[Dataset]:
    """Read or render a dataset; the first time may take many seconds, later ones come from the cache.

    Args:
        options: which one, and how it is split.
        cache: a folder for decoded and rendered images; safe to delete.
        data_folder: where relative paths start, and where CIFAR is sought when no path is given.

    Yields:
        The share done, every second or so while images are fetched, decoded or rendered.

    Raises:
        DataError: something is missing, damaged or not what was said; the text names the file.
    """
    if isinstance(options, ShapesData):
        return _shapes(options, (yield from shapes.rendering(options, cache)))
    if isinstance(options, CifarData):
        return (yield from _cifar(options, data_folder))
    path = _located(options.path, data_folder)
    if isinstance(options, FolderData):
        pool = yield from folder.reading_folder(path, options, cache)
        return _split(options, pool, options.label or path.stem, str(path))
    return _split(options, npz.read_npz(path), path.stem, str(path))


def _shapes(options: ShapesData, parts: tuple[Pool, Pool, Pool]) -> Dataset:
    train, validation, test = parts
    content = hashlib.sha256()
    for pool in (train, validation, test):
        content.update(pool.content.encode())
    return _dataset(options, "shapes", content.hexdigest(), train, validation, test)


def _cifar(options: CifarData, data_folder: Path | None) -> Work[Dataset]:
    path = _located(options.path, data_folder) if options.path else data_folder
    if path is None:
        raise DataError(f"data.path: say in which folder {cifar.LABELS[options.name]} lies, or set CARD_STUDIO_DATA")
    train, test = yield from cifar.reading_cifar(options.name, path, download=options.download)
    rest, held_out = stratified(
        train.labels, train.classes, (options.validation_share,), seed=options.split_seed, source=str(path)
    )
    content = hashlib.sha256((train.content + test.content).encode()).hexdigest()
    label = cifar.LABELS[options.name]
    return _dataset(options, label, content, _part(train, rest), _part(train, held_out), test)


def _split(options: FolderData | NpzData, pool: Pool, label: str, source: str) -> Dataset:
    shares = (options.validation_share, options.test_share)
    rest, validation, test = stratified(pool.labels, pool.classes, shares, seed=options.split_seed, source=source)
    return _dataset(options, label, pool.content, _part(pool, rest), _part(pool, validation), _part(pool, test))


def _dataset(options: DataOptions, label: str, content: str, train: Pool, validation: Pool, test: Pool) -> Dataset:
    known = _CIFAR_CHANNELS.get(options.name)
    mean, std = known or measured_channels(train.images)
    return Dataset(
        options=options,
        label=label,
        digest=_digest(options, content, train.classes),
        classes=train.classes,
        size=train.images.shape[-1],
        mean=mean,
        std=std,
        train=_tensors(train),
        validation=_tensors(validation),
        test=_tensors(test),
    )


def measured_channels(images: NDArray[np.uint8]) -> tuple[Channels, Channels]:
    """Return each channel's mean and standard deviation on the 0-1 scale, from uint8 [N, 3, H, W]."""
    total, squares = np.zeros(3), np.zeros(3)
    for start in range(0, len(images), _CHUNK):
        values = images[start : start + _CHUNK].astype(np.uint32)
        total += values.sum(axis=(0, 2, 3), dtype=np.int64)
        squares += np.square(values).sum(axis=(0, 2, 3), dtype=np.int64)
    count = images[:, 0].size
    means = total / count
    deviations = np.sqrt(squares / count - means * means)
    mean, std = means / 255, np.maximum(deviations / 255, _SMALLEST_DEVIATION)
    return (float(mean[0]), float(mean[1]), float(mean[2])), (float(std[0]), float(std[1]), float(std[2]))


def _digest(options: DataOptions, content: str, classes: tuple[str, ...]) -> str:
    whole = {"options": identity_of(options), "content": content, "classes": classes}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _part(pool: Pool, chosen: NDArray[np.int64]) -> Pool:
    return Pool(images=pool.images[chosen], labels=pool.labels[chosen], classes=pool.classes, content=pool.content)


def _tensors(pool: Pool) -> Split:
    return Split(images=torch.from_numpy(pool.images), labels=torch.from_numpy(pool.labels))


def _located(path: Path, data_folder: Path | None) -> Path:
    path = path.expanduser()
    return path if path.is_absolute() or data_folder is None else data_folder / path
