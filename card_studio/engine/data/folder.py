"""Reads class folders of image files, from a folder or a .zip, at one size; what was decoded is cached."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
import psutil
from numpy.typing import NDArray

from card_studio.domain.options import FolderData
from card_studio.engine.data.picture_sources import Source, class_files, opened
from card_studio.engine.data.split import Pool
from card_studio.errors import DataError, PictureError
from card_studio.files import file_hash, read_array, replacing, write_atomically
from card_studio.pictures import read_picture

_READER = 1
"""Counts up when the same files would be read as other pixels: old caches are then left alone."""
_CHUNK = 256
_LARGEST_SHARE_OF_MEMORY = 0.8


def read_folder(path: Path, options: FolderData, cache: Path) -> Pool:
    """Read all images of all classes, resized to `options.size`, sorted by class and file name.

    The first time they are decoded in threads and kept in `cache`; then a .zip is only hashed, and of a folder every
    file, so a changed image never goes unseen.

    Raises:
        DataError: the source or an image is missing, damaged, unsafe, or not laid out as class folders.
    """
    with opened(path) as source:
        files = _chosen(class_files(source), options)
        content = _hash_of_archive(source) or _hash_of_files(source, files)
        kept = cache / "pictures" / _key(files, options, content)
        if not kept.with_suffix(".json").exists():
            _decode(source, files, options.size, kept)
            if path.is_file():
                content = _hash_of_files(source, files)
            write_atomically(kept.with_suffix(".json"), json.dumps({"content": content}).encode())
    counts = [len(names) for names in files.values()]
    return Pool(
        images=read_array(kept.with_suffix(".npy"), mapped=True),
        labels=np.repeat(np.arange(len(counts), dtype=np.int64), counts),
        classes=tuple(files),
        content=json.loads(kept.with_suffix(".json").read_text())["content"],
    )


def _chosen(files: dict[str, list[PurePosixPath]], options: FolderData) -> dict[str, list[PurePosixPath]]:
    """Take at most `images_per_class` of each class, drawn by the split's seed, in the order of their names."""
    limit = options.images_per_class
    if not limit:
        return files
    generator = np.random.default_rng(options.split_seed)
    return {
        name: [paths[i] for i in np.sort(generator.permutation(len(paths))[:limit])] for name, paths in files.items()
    }


def _key(files: dict[str, list[PurePosixPath]], options: FolderData, content: str) -> str:
    names = {name: [str(path) for path in paths] for name, paths in files.items()}
    return hashlib.sha256(json.dumps([_READER, options.size, content, names]).encode()).hexdigest()[:32]


def _hash_of_archive(source: Source) -> str | None:
    return file_hash(source.path) if source.path.is_file() else None


def _hash_of_files(source: Source, files: dict[str, list[PurePosixPath]]) -> str:
    """Hash the bytes of each class's files in order, so that a folder and a .zip of it are the same data."""
    whole = hashlib.sha256()
    for name, paths in files.items():
        whole.update(json.dumps([name, len(paths)]).encode())
        for path in paths:
            whole.update(hashlib.sha256(source.read(path)).digest())
    return whole.hexdigest()


def _decode(source: Source, files: dict[str, list[PurePosixPath]], size: int, kept: Path) -> None:
    paths = [path for names in files.values() for path in names]
    _check_memory(source.path, len(paths), size)
    images = np.empty((len(paths), 3, size, size), np.uint8)

    def decode(start: int) -> None:
        for index, path in enumerate(paths[start : start + _CHUNK], start):
            images[index] = _picture(source, path, size)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(decode, range(0, len(paths), _CHUNK)):
            pass
    with replacing(kept.with_suffix(".npy")) as temporary, temporary.open("wb") as file:
        np.save(file, images, allow_pickle=False)


def _picture(source: Source, path: PurePosixPath, size: int) -> NDArray[np.uint8]:
    try:
        return read_picture(source.read(path), size, name=str(source.path / path))
    except PictureError as error:
        raise DataError(str(error)) from error


def _check_memory(path: Path, count: int, size: int) -> None:
    needed = count * 3 * size * size
    allowed = int(_LARGEST_SHARE_OF_MEMORY * psutil.virtual_memory().available)
    if needed > allowed:
        raise DataError(
            f"{path}: {count:,} images of {size} x {size} px need {needed / 1e9:.1f} GB of memory, "
            f"{allowed / 1e9:.1f} GB can be had: set a smaller data.size or data.images_per_class"
        )
