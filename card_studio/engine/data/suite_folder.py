"""A folder of corrupted images in CIFAR-C's layout, published or written by `corrupt`, and what its manifest says.

<corruption>.npy, uint8 [5 N, H, W, 3], severity-major; labels.npy, N labels or 5 N. A set of ours also has a
manifest.json, which is written anew after each corruption and names those that are whole.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from card_studio.domain.ids import short
from card_studio.domain.job import Suite
from card_studio.domain.names import SEVERITIES, is_own
from card_studio.domain.options import OwnCorruption
from card_studio.errors import DataError
from card_studio.files import file_hash, read_array

LABELS = "labels"
MANIFEST = "manifest.json"
_SOURCES = (
    ". CIFAR-10-C.tar is at https://zenodo.org/records/2535967, CIFAR-100-C.tar at https://zenodo.org/records/3555552: "
    "unpack it into the data folder; for other data run `card-studio corrupt`"
)


class Manifest(BaseModel):
    """What a set of ours is, and how far it is made; frozen."""

    model_config = ConfigDict(frozen=True)

    format: str = "card-studio corrupted set"
    constants: str = "CIFAR-C for 32 x 32 pixels; lengths grow with the shorter side / 32"
    constants_version: int
    """Counts up with every change to what a corruption does or draws."""
    dataset: str
    """What the dataset is called."""
    digest: str
    """The dataset's digest: content, classes, split and its seed."""
    data: dict[str, Any]
    """The dataset's options."""
    classes: tuple[str, ...]
    split: str
    images: int
    size: int
    """Pixels on each side."""
    seed: int
    severities: tuple[int, ...] = SEVERITIES
    packages: dict[str, str]
    corruptions: dict[str, str] = {}
    """Those that are whole, each with the SHA-256 of its file."""
    own: dict[str, OwnCorruption] = {}
    """The code, as its SHA-256, and the options of one's own among them."""


@lru_cache(maxsize=64)
def _hash(path: Path, _name: str, _bytes: int, _changed_ns: int) -> str:
    """Return a file's SHA-256, read once as long as its size and time stay."""
    return file_hash(path)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of a set of ours; None where there is none."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):  # none, or another program's
        return None


def described(own: OwnCorruption) -> str:
    """Return which code, at which options, makes a corruption of one's own."""
    options = "".join(f", {key} = {value}" for key, value in (own.model_extra or {}).items())
    return f"the code {short(own.source)}{options}"


class SuiteFolder:
    """Such a folder, read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifest = read_manifest(path)

    def holds(self, name: str) -> bool:
        """Whether the folder should have a corruption's images: one's own that it lacks are made elsewhere."""
        return not is_own(name) or (self._manifest is not None and name in self._manifest.corruptions)

    def check(self, labels: NDArray[np.int64], size: int, suite: Suite, digest: str) -> None:
        """Check that every file is there and fits the dataset.

        Args:
            labels: int64 [N], of the whole split.
            size: pixels on each side of its images.
            suite: says which corruptions are wanted, of which split.
            digest: the dataset's.

        Raises:
            DataError: the set is another dataset's or split's, is not finished, or a file is missing or damaged.
        """
        manifest = self._manifest
        if manifest is not None:
            self._check_origin(manifest, suite, digest)
            self._check_own(manifest, suite)
            labels = labels[: self._count(manifest, suite, len(labels))]
        truth = self._read(LABELS)
        count = len(labels)
        rows = len(SEVERITIES) * count
        if truth.shape not in ((count,), (rows,)) or not np.array_equal(truth, np.resize(labels, len(truth))):
            raise DataError(
                f"{self.path / 'labels.npy'}: its {truth.size} labels are not those of the dataset's {count} "
                f"{suite.split} images, in their order, once or for each severity: choose the suite of this dataset"
            )
        for name in self._held(suite):
            found = self._read(name)
            if found.dtype != np.uint8 or found.shape != (rows, size, size, 3):
                raise DataError(
                    f"{self.path / name}.npy: expected uint8 [{rows}, {size}, {size}, 3], "
                    f"found {found.dtype} {list(found.shape)}"
                )
            if (
                manifest is not None
                and _hash(self.path / f"{name}.npy", *self._facts(name)) != manifest.corruptions[name]
            ):
                raise DataError(
                    f"{self.path / name}.npy: not as it was written: run `card-studio corrupt` on the folder again"
                )

    def images(self, name: str, severity: int, count: int) -> NDArray[np.uint8]:
        """Return the first images at a severity, as [count, 3, H, W]."""
        stored = self._read(name)
        start = (severity - 1) * (len(stored) // len(SEVERITIES))
        return np.ascontiguousarray(stored[start : start + count].transpose(0, 3, 1, 2))

    def stamp(self, suite: Suite) -> str:
        """Return a hash of the files' sizes and times, which differs once one of them was written anew."""
        facts = [self._facts(name) for name in (LABELS, *self._held(suite))]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def _check_origin(self, manifest: Manifest, suite: Suite, digest: str) -> None:
        if manifest.digest != digest:
            raise DataError(
                f"{self.path}: made from {manifest.dataset} (digest {short(manifest.digest)}), not from the dataset "
                f"that is evaluated (digest {short(digest)}): choose the set of this dataset, or make one"
            )
        if manifest.split != suite.split:
            raise DataError(f"{self.path}: holds {manifest.split} images; {suite.split} images are asked for")
        missing = [name for name in self._held(suite) if name not in manifest.corruptions]
        if missing:
            raise DataError(
                f"{self.path}: {missing[0]} is not made, or not finished: run `card-studio corrupt` on it again"
            )

    def _check_own(self, manifest: Manifest, suite: Suite) -> None:
        for asked in suite.own:
            made = manifest.own.get(asked.name, asked)
            if made != asked:
                raise DataError(
                    f"{self.path}: {asked.name} was made by {described(made)}, not by {described(asked)}: "
                    "write a new set, or add its file as it was then"
                )

    def _held(self, suite: Suite) -> list[str]:
        return [name for name in suite.corruptions if self.holds(name)]

    def _count(self, manifest: Manifest, suite: Suite, every: int) -> int:
        """Return how many images the set holds, which are enough for the suite."""
        if manifest.images < min(suite.images or every, every):
            raise DataError(
                f"{self.path}: holds the first {manifest.images} of {every} {suite.split} images: evaluate no "
                f"more than these (images = {manifest.images}), or write a set of all"
            )
        return manifest.images

    def _facts(self, name: str) -> tuple[str, int, int]:
        status = (self.path / f"{name}.npy").stat()
        return name, status.st_size, status.st_mtime_ns

    def _read(self, name: str) -> NDArray[Any]:
        path = self.path / f"{name}.npy"
        try:
            return read_array(path, mapped=True)
        except FileNotFoundError as error:
            raise DataError(
                f"{path}: no such file; a suite's folder holds labels.npy and one .npy for each corruption{_SOURCES}"
            ) from error
        except PermissionError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        except Exception as error:  # NumPy raises almost anything on damaged bytes
            raise DataError(f"{path}: not a .npy file of plain numbers: fetch it again") from error
