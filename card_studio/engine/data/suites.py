"""The images of a suite, cell by cell: the clean images first, then corruption by corruption, severities rising.

Corrupted images are made once and kept in the cache as one .npy file per cell, memory-mapped by every card and job
that asks for them. Each cell has a generator of its own, so a subset of cells gives the same images as all of them.
"""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from card_studio.domain.gate import cell_name, suite_key
from card_studio.domain.job import Suite
from card_studio.domain.names import SEVERITIES, CorruptionName
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.seeds import seeded
from card_studio.errors import DataError
from card_studio.files import array_bytes, read_array, replacing, write_atomically

CellName = tuple[CorruptionName | None, int]
Pixels = NDArray[np.uint8]
_BUILTIN = "builtin"
_CHUNK = 100


def cells_of(suite: Suite) -> tuple[CellName, ...]:
    """Return the suite's cells in order: (None, 0) for the clean images, then (corruption, severity)."""
    return ((None, 0), *((name, severity) for name in suite.corruptions for severity in sorted(suite.severities)))


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
        self.cells = cells_of(suite)
        self.clean: Tensor = split.images[:count]
        self.labels: NDArray[np.int64] = split.labels[:count].numpy()
        self.making_s = 0.0
        """Seconds spent on making corrupted images."""
        self._cache = cache / "suites"
        self._folder = None
        if suite.source != _BUILTIN:
            self._folder = _Folder((data_folder or Path()) / Path(suite.source).expanduser())
            self._folder.check(split.labels.numpy(), self.clean.shape[-1], suite)

    def make(self, cell: CellName) -> Iterator[float]:
        """Make a cell's images unless they are there, yielding the share that is done."""
        if self._is_there(cell):
            return
        name, severity = cell
        if name is None:
            write_atomically(self._path(cell), array_bytes(self.clean.numpy()))
            return
        generator = seeded(self.suite.seed, "corruption", name, severity)
        with replacing(self._path(cell)) as temporary:
            shape = tuple(self.clean.shape)
            target = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
            for start in range(0, len(self.clean), _CHUNK):
                began = perf_counter()
                part = corrupt(self.clean[start : start + _CHUNK], name, severity, generator)
                target[start : start + _CHUNK] = part.numpy()
                self.making_s += perf_counter() - began
                yield min(1.0, (start + _CHUNK) / len(self.clean))
            target.flush()

    def images(self, cell: CellName) -> Pixels:
        """Return a cell's images, uint8 [N, 3, H, W], made if they are not there, and memory-mapped."""
        name, severity = cell
        if self._folder is not None and name is not None:
            return self._folder.images(name, severity, len(self.clean))
        for _ in self.make(cell):
            pass
        return read_array(self._path(cell), mapped=True)

    def _is_there(self, cell: CellName) -> bool:
        return self._path(cell).exists() or (self._folder is not None and cell[0] is not None)

    def _path(self, cell: CellName) -> Path:
        """Return the cell's file, named by what determines its images, so that suites share it."""
        return self._cache / cell_name(self.suite, self.digest, *cell)


class _Folder:
    """Corrupted images in CIFAR-C's layout: <corruption>.npy, uint8 [5 N, H, W, 3] severity-major, and labels.npy."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, labels: NDArray[np.int64], size: int, suite: Suite) -> None:
        """Check that every file is there and fits a split with these labels and images of `size` pixels."""
        truth = self._read("labels")
        count = len(labels)
        rows = len(SEVERITIES) * count
        if truth.shape not in ((count,), (rows,)) or not np.array_equal(truth, np.resize(labels, len(truth))):
            raise DataError(
                f"{self.path / 'labels.npy'}: its {len(truth)} labels are not those of the dataset's {count} "
                f"{suite.split} images, in their order, once or for each severity: choose the suite of this dataset"
            )
        for name in suite.corruptions:
            found = self._read(name)
            if found.dtype != np.uint8 or found.shape != (rows, size, size, 3):
                raise DataError(
                    f"{self.path / name}.npy: expected uint8 [{rows}, {size}, {size}, 3], "
                    f"found {found.dtype} {list(found.shape)}"
                )

    def images(self, name: CorruptionName, severity: int, count: int) -> Pixels:
        """Return the first images at a severity, as [count, 3, H, W]."""
        stored = self._read(name)
        start = (severity - 1) * (len(stored) // len(SEVERITIES))
        return np.ascontiguousarray(stored[start : start + count].transpose(0, 3, 1, 2))

    def _read(self, name: str) -> NDArray[np.generic]:
        path = self.path / f"{name}.npy"
        try:
            array: NDArray[np.generic] = read_array(path, mapped=True)
        except FileNotFoundError as error:
            raise DataError(f"{path}: no such file; a suite's folder holds labels.npy and one .npy each") from error
        except (ValueError, EOFError) as error:
            raise DataError(f"{path}: not a .npy file of plain numbers: fetch it again") from error
        return array
