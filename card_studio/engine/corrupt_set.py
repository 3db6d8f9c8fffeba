"""Writes a corrupted test set in CIFAR-C's layout: a file for each corruption, its labels, and a manifest.

A corruption's file has its name only once it is whole, and the manifest names it only then; so a job that was stopped
goes on with the first corruption that is not there. The images are those of the builtin suite of the same seed.
"""

import hashlib
import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from torch import Tensor

from card_studio.domain.job import CorruptDataset
from card_studio.domain.names import SEVERITIES, AnyCorruption
from card_studio.domain.options import OwnCorruption
from card_studio.domain.run import AnyEvent, Logged, PhaseStarted
from card_studio.engine.context import Context
from card_studio.engine.data.corrupt import CONSTANTS_VERSION
from card_studio.engine.data.datasets import Dataset, Split, opening_dataset
from card_studio.engine.data.suite_folder import LABELS, MANIFEST, Manifest, described, read_manifest
from card_studio.engine.data.suites import corrupted_parts
from card_studio.engine.opening import OPENING, heard
from card_studio.engine.resume import Pace, resumable
from card_studio.errors import DataError
from card_studio.files import array_bytes, explained, replacing, write_atomically

_PACKAGES = ("card-studio", "torch", "numpy", "Pillow")
_LOCK = ".writing.lock"
_CHUNK_BYTES = 1 << 24


@resumable
def corrupt_dataset(spec: CorruptDataset, context: Context) -> Iterator[AnyEvent]:
    """Write the set that a job asks for, going on from the corruptions that are whole.

    Raises:
        DataError: the dataset is missing or damaged; the folder holds another set, or another job writes into it.
        ExtensionError: a corruption of one's own lacks its code, or fails.
        WorkspaceError: the disk is full or read-only.
    """
    yield PhaseStarted(text=OPENING)
    dataset = yield from heard(opening_dataset(spec.data, cache=context.cache, data_folder=context.data_folder))
    with _alone_in(spec.out):
        yield from _Writing(spec, dataset).run()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other jobs out of a folder; what a killed one has left half-written is removed."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise DataError(f"{folder}: another job is writing there: wait for it, or choose another folder") from error
    try:
        for rest in folder.glob(".*.part"):
            rest.unlink()
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            (folder / _LOCK).unlink()
        lock.release()


class _Writing:
    """One set on its way into a folder."""

    def __init__(self, spec: CorruptDataset, dataset: Dataset) -> None:
        self.folder = spec.out
        self.spec = spec
        self.split = _first(dataset.test if spec.split == "test" else dataset.validation, spec.images)
        self.manifest = _manifest(spec, dataset, self.split)
        self.pace = Pace(len(spec.corruptions) * len(SEVERITIES) * len(self.split))

    def run(self) -> Iterator[AnyEvent]:
        """Yield what happens, corruption by corruption."""
        self._take_up()
        self._write_labels()
        for name in self.spec.corruptions:
            yield PhaseStarted(text=f"{name}, severities 1 to 5")
            if (yield from self._is_whole(name)):
                yield Logged(text=f"{name}.npy is there and whole")
                yield from self.pace.step(len(SEVERITIES) * len(self.split), reused=True)
                continue
            content = yield from self._write(name)
            done = self.manifest.corruptions | {name: content}
            own = self.manifest.own | self._own(name)
            self.manifest = self.manifest.model_copy(update={"corruptions": done, "own": own})
            self._write_manifest()
            yield Logged(text=f"{self._path(name)} is written")

    def _take_up(self) -> None:
        """Go on from the manifest in the folder, which must be of the same set."""
        found = read_manifest(self.folder)
        if found is None:
            others = sorted(path.name for path in self.folder.glob("*.npy"))
            if others or (self.folder / MANIFEST).exists():
                raise DataError(
                    f"{self.folder}: holds {(others or [MANIFEST])[0]}, which is not of a set of ours: "
                    "choose an empty folder"
                )
            self._write_manifest()
            return
        wanted = self.manifest.model_dump(exclude={"corruptions", "own", "data", "dataset"})
        for key, here in found.model_dump(include=set(wanted)).items():
            if here != wanted[key]:
                raise DataError(
                    f"{self.folder}: holds another set, whose {key} is {here} instead of {wanted[key]}: "
                    "choose another folder, or delete this one"
                )
        for name in self.spec.corruptions:
            for key, wanted_own in self._own(name).items():
                if (here_own := found.own.get(key, wanted_own)) != wanted_own:
                    raise DataError(
                        f"{self.folder}: holds {name} made by {described(here_own)} instead of "
                        f"{described(wanted_own)}: choose another folder, or delete this one"
                    )
        self.manifest = self.manifest.model_copy(update={"corruptions": found.corruptions, "own": found.own})

    def _own(self, name: AnyCorruption) -> dict[str, OwnCorruption]:
        """Return what the manifest says of a corruption of one's own; nothing for ours."""
        how = self.spec.corruption(name)
        return {how.name: how} if isinstance(how, OwnCorruption) else {}

    def _is_whole(self, name: AnyCorruption) -> Generator[AnyEvent, None, bool]:
        """Whether a corruption's file is there and is byte for byte the one that was written."""
        path, wanted = self._path(name), self.manifest.corruptions.get(name)
        if wanted is None or not path.is_file():
            return False
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                yield from self.pace.step(0)
        return digest.hexdigest() == wanted

    def _write(self, name: AnyCorruption) -> Generator[AnyEvent, None, str]:
        """Write a corruption's file; return its hash. Not mapped into memory: on a full disk that would be fatal."""
        how, (count, _, height, width) = self.spec.corruption(name), self.split.images.shape
        shape = {"descr": "|u1", "fortran_order": False, "shape": (len(SEVERITIES) * count, height, width, 3)}
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, shape)
        digest = hashlib.sha256(header.getvalue())
        with replacing(self._path(name)) as temporary, temporary.open("wb") as file:
            file.write(header.getvalue())
            for severity in SEVERITIES:
                for part in corrupted_parts(self.split.images, how, severity, self.spec.seed):
                    rows = _rows(part)
                    file.write(rows)
                    digest.update(rows)
                    yield from self.pace.step(len(part))
        return digest.hexdigest()

    def _write_labels(self) -> None:
        labels = np.tile(self.split.labels.numpy(), len(SEVERITIES))
        write_atomically(self._path(LABELS), array_bytes(labels))

    def _write_manifest(self) -> None:
        write_atomically(self.folder / MANIFEST, self.manifest.model_dump_json(indent=2).encode() + b"\n")

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"


def _first(split: Split, count: int) -> Split:
    """Return a split's first images; all of them where `count` is 0."""
    return Split(images=split.images[:count], labels=split.labels[:count]) if count else split


def _rows(images: Tensor) -> bytes:
    return np.ascontiguousarray(images.numpy().transpose(0, 2, 3, 1)).tobytes()


def _manifest(spec: CorruptDataset, dataset: Dataset, split: Split) -> Manifest:
    return Manifest(
        constants_version=CONSTANTS_VERSION,
        dataset=dataset.label,
        digest=dataset.digest,
        data=spec.data.model_dump(mode="json"),
        classes=dataset.classes,
        split=spec.split,
        images=len(split),
        size=dataset.size,
        seed=spec.seed,
        packages={name: version(name) for name in _PACKAGES},
    )
