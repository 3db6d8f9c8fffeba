"""Reads class folders of image files, from a folder or a .zip, at one size; what was decoded is cached."""

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil

from card_studio.domain.options import FolderData
from card_studio.engine.data.picture_sources import Source, class_files, opened
from card_studio.engine.data.progress import Work
from card_studio.engine.data.split import Pool
from card_studio.errors import DataError, PictureError
from card_studio.files import file_hash, read_array, replacing, write_atomically
from card_studio.pictures import read_picture

_READER = 1
"""Counts up when the same files would be read as other pixels, so that old caches are left alone."""
_CHUNK = 256
_LARGEST_SHARE_OF_MEMORY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contents:
    """What a source holds."""

    content: str
    """Hash of the class names and of the bytes of the files, in order."""
    counts: dict[str, int]
    """Images of each class."""


def reading_folder(path: Path, options: FolderData, cache: Path) -> Work[Pool]:
    """Read all images of all classes, resized to `options.size`, sorted by class and file name.

    The first time they are decoded in threads and kept in `cache`. Later a .zip is hashed as a whole, and of a folder
    every file, so that a changed image never goes unseen.

    Yields:
        The share done, at least every second or so.

    Returns:
        All images, memory-mapped.

    Raises:
        DataError: the source or an image is missing, damaged, unsafe, or not laid out as class folders.
    """
    listing = cache / "pictures" / f"{_archive_key(path, options)}.json" if path.is_file() else None
    contents = _Contents(**json.loads(listing.read_text())) if listing and listing.exists() else None
    if contents is None or not _decoded(cache, contents, options).exists():
        contents = yield from _reading(path, options, cache)
        if listing is not None:
            write_atomically(listing, json.dumps(asdict(contents)).encode())
    counts = list(contents.counts.values())
    return Pool(
        images=read_array(_decoded(cache, contents, options), mapped=True),
        labels=np.repeat(np.arange(len(counts), dtype=np.int64), counts),
        classes=tuple(contents.counts),
        content=contents.content,
    )


def _archive_key(path: Path, options: FolderData) -> str:
    whole = [_READER, file_hash(path), options.images_per_class, options.split_seed]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:32]


def _decoded(cache: Path, contents: _Contents, options: FolderData) -> Path:
    return cache / "pictures" / f"{contents.content[:32]}-{options.size}px-v{_READER}.npy"


def _reading(path: Path, options: FolderData, cache: Path) -> Work[_Contents]:
    with opened(path) as source:
        files = _chosen(class_files(source), options)
        counts = {name: len(names) for name, names in files.items()}
        contents = _Contents(content=(yield from _hashing(source, files)), counts=counts)
        kept = _decoded(cache, contents, options)
        if not kept.exists():
            yield from _decoding(source, [name for names in files.values() for name in names], options.size, kept)
    return contents


def _chosen(files: dict[str, list[str]], options: FolderData) -> dict[str, list[str]]:
    """Take at most `images_per_class` of each class, drawn by the split's seed, in the order of their names."""
    limit = options.images_per_class
    if not limit:
        return files
    random = np.random.default_rng(options.split_seed)
    return {name: sorted(random.permutation(np.array(names))[:limit].tolist()) for name, names in files.items()}


def _hashing(source: Source, files: dict[str, list[str]]) -> Work[str]:
    """Hash the bytes of each class's files in order, so that a folder and a .zip of it are the same data."""
    whole = hashlib.sha256()
    for name, paths in files.items():
        whole.update(json.dumps([name, len(paths)]).encode())
        for index, path in enumerate(paths):
            whole.update(hashlib.sha256(source.read(path)).digest())
            if index % _CHUNK == 0:
                yield 0.0
    return whole.hexdigest()


def _decoding(source: Source, names: list[str], size: int, kept: Path) -> Iterator[float]:
    _check_memory(source.path, len(names), size)
    images = np.empty((len(names), 3, size, size), np.uint8)

    def decode(start: int) -> None:
        for index, name in enumerate(names[start : start + _CHUNK], start):
            try:
                images[index] = read_picture(source.read(name), size, name=str(source.path / name))
            except PictureError as error:
                raise DataError(str(error)) from error

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        starts = range(0, len(names), _CHUNK)
        for done, _ in enumerate(threads.map(decode, starts), 1):
            yield done / len(starts)
    with replacing(kept) as temporary, temporary.open("wb") as file:
        np.save(file, images, allow_pickle=False)


def _check_memory(path: Path, count: int, size: int) -> None:
    needed = count * 3 * size * size
    allowed = int(_LARGEST_SHARE_OF_MEMORY * psutil.virtual_memory().available)
    if needed > allowed:
        raise DataError(
            f"{path}: {count:,} images of {size} x {size} px need {needed / 1e9:.1f} GB of memory, "
            f"{allowed / 1e9:.1f} GB can be had: set a smaller data.size or data.images_per_class"
        )
