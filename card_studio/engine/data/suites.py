"""The images of a suite, cell by cell: the clean images first, then corruption by corruption, severities rising.

Corrupted images are made once and kept in the cache as one .npy file per cell, memory-mapped by every card and job
that asks for them. Each cell has a generator of its own, so a subset of cells gives the same images as all of them.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from card_studio.domain.gate import cell_name, suite_key
from card_studio.domain.job import Suite
from card_studio.domain.names import AnyCorruption, CorruptionName
from card_studio.domain.options import DataOptions, OwnCorruption
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.data.datasets import Dataset, open_dataset
from card_studio.engine.data.randomness import image_seeds
from card_studio.engine.data.suite_folder import SuiteFolder
from card_studio.engine.seeds import seeded
from card_studio.errors import DataError
from card_studio.files import array_bytes, content_hash, read_array, replacing, write_atomically

CellName = tuple[AnyCorruption | None, int]
Pixels = NDArray[np.uint8]
_BUILTIN = "builtin"
_CHUNK = 100


def cells_of(suite: Suite) -> tuple[CellName, ...]:
    """Return the suite's cells in order: (None, 0) for the clean images, then (corruption, severity)."""
    return ((None, 0), *((name, severity) for name in suite.corruptions for severity in sorted(suite.severities)))


def corrupted_parts(images: Tensor, name: CorruptionName | OwnCorruption, severity: int, seed: int) -> Iterator[Tensor]:
    """Corrupt the images of one cell, part by part.

    The cell's generator follows from seed, corruption and severity alone, so whoever makes a cell makes the same one;
    the first images of a split are the same however many follow.

    Args:
        images: uint8 [N, 3, H, W], all of the split, or the first of it.
        name: which corruption, or one of one's own with its options.
        severity: 1 to 5.
        seed: the suite's.

    Yields:
        uint8 [n, 3, H, W], the parts in order.
    """
    generator = _generator(name, severity, seed)
    for start in range(0, len(images), _CHUNK):
        yield corrupt(images[start : start + _CHUNK], name, severity, generator)


def corrupted_rows(
    images: Tensor, rows: Sequence[int], name: CorruptionName | OwnCorruption, severity: int, seed: int
) -> Tensor:
    """Return some images of one cell, as `corrupted_parts` makes them, without making the others.

    Args:
        images: uint8 [N, 3, H, W], as for `corrupted_parts`.
        rows: which, in any order.
        name: which corruption, or one of one's own with its options.
        severity: 1 to 5.
        seed: the suite's.

    Returns:
        uint8 [rows, 3, H, W], in the order of `rows`.
    """
    generator = _generator(name, severity, seed)
    made: dict[int, Tensor] = {}
    drawn = 0
    for row in sorted(set(rows)):
        image_seeds(row - drawn, generator)  # the draws of the images between
        made[row] = corrupt(images[row : row + 1], name, severity, generator)
        drawn = row + 1
    return torch.cat([made[row] for row in rows])


def _generator(name: CorruptionName | OwnCorruption, severity: int, seed: int) -> torch.Generator:
    return seeded(seed, "corruption", name.name if isinstance(name, OwnCorruption) else name, severity)


class SuiteImages:
    """A suite's images of one dataset."""

    def __init__(self, suite: Suite, dataset: Dataset, cache: Path, data_folder: Path | None = None) -> None:
        """Take the clean images from the dataset; corrupted ones from the suite's folder, or made into `cache`.

        Raises:
            DataError: the suite's folder lacks files, or they do not fit the dataset.
        """
        split = dataset.test if suite.split == "test" else dataset.validation
        count = min(suite.images, len(split.images)) if suite.images else len(split.images)
        self.suite = suite
        self.digest = dataset.digest
        self.key = suite_key(suite, dataset.digest)
        self.cache_key = suite_key(suite.images_alone, dataset.digest)
        """Names what is kept about these images for the time being; another once the files of a folder are others."""
        self.cells = cells_of(suite)
        self.clean: Tensor = split.images[:count]
        self.labels: NDArray[np.int64] = split.labels[:count].numpy()
        self.making_s = 0.0
        """Seconds spent on making corrupted images."""
        self._cache = cache / "suites"
        self._folder: SuiteFolder | None = None
        if suite.source != _BUILTIN:
            self._folder = SuiteFolder((data_folder or Path()) / Path(suite.source).expanduser())
            self._folder.check(split.labels.numpy(), self.clean.shape[-1], suite, dataset.digest)
            self.cache_key = content_hash((self.cache_key + self._folder.stamp(suite)).encode())

    def make(self, cell: CellName) -> Iterator[float]:
        """Make a cell's images unless they are there, yielding the share that is done."""
        if self._is_there(cell):
            return
        name, severity = cell
        if name is None:
            write_atomically(self._path(cell), array_bytes(self.clean.numpy()))
            return
        with replacing(self._path(cell)) as temporary:
            shape = tuple(self.clean.shape)
            target = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
            done, began = 0, perf_counter()
            for part in corrupted_parts(self.clean, self.suite.corruption(name), severity, self.suite.seed):
                target[done : done + len(part)] = part.numpy()
                done += len(part)
                self.making_s += perf_counter() - began
                yield done / len(self.clean)
                began = perf_counter()
            target.flush()

    def images(self, cell: CellName) -> Pixels:
        """Return a cell's images, uint8 [N, 3, H, W], made if they are not there, and memory-mapped."""
        name, severity = cell
        if self._folder is not None and name is not None and self._folder.holds(name):
            return self._folder.images(name, severity, len(self.clean))
        for _ in self.make(cell):
            pass
        return read_array(self._path(cell), mapped=True)

    def some(self, cell: CellName, rows: Sequence[int]) -> Pixels:
        """Return some of a cell's images, uint8 [rows, 3, H, W]; others are not made, and nothing is kept."""
        name, severity = cell
        if name is None:
            return self.clean[list(rows)].numpy()
        if self._is_there(cell):
            return np.ascontiguousarray(self.images(cell)[list(rows)])
        return corrupted_rows(self.clean, rows, self.suite.corruption(name), severity, self.suite.seed).numpy()

    def _is_there(self, cell: CellName) -> bool:
        in_the_folder = self._folder is not None and cell[0] is not None and self._folder.holds(cell[0])
        return in_the_folder or self._path(cell).exists()

    def _path(self, cell: CellName) -> Path:
        """Return the cell's file, named by what determines its images, so that suites share it."""
        return self._cache / cell_name(self.suite, self.digest, *cell)


@lru_cache(maxsize=1)
def opened_suite(
    suite: Suite, data: DataOptions, digest: str, cache: Path, data_folder: Path | None = None
) -> SuiteImages:
    """Return the images of a suite on a dataset; they stay open for the next question.

    Raises:
        DataError: the dataset or the suite's folder is missing, or is not the one that was evaluated.
    """
    dataset = open_dataset(data, cache=cache, data_folder=data_folder)
    if dataset.digest != digest:
        raise DataError(f"{dataset.label} is not what it was when the cards were evaluated: its images differ")
    return SuiteImages(suite, dataset, cache, data_folder)
