"""CIFAR-10 and CIFAR-100 from the published python archives, through torchvision.

The published files are pickles. torchvision compares their MD5 with the published one before it opens any, so nothing
but those very files is ever unpickled.
"""

import hashlib
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from card_studio.domain.names import DatasetName
from card_studio.engine.data.download import fetching
from card_studio.engine.data.progress import Work
from card_studio.engine.data.split import Pool
from card_studio.engine.torchvision_ops import torchvision_module
from card_studio.errors import DataError

LABELS = MappingProxyType({DatasetName.CIFAR10: "CIFAR-10", DatasetName.CIFAR100: "CIFAR-100"})
_SOURCES = {DatasetName.CIFAR10: "CIFAR10", DatasetName.CIFAR100: "CIFAR100"}


def reading_cifar(name: DatasetName, folder: Path, *, download: bool = False) -> Work[tuple[Pool, Pool]]:
    """Read the 50,000 training and 10,000 test images, each in the published order.

    Args:
        name: CIFAR10 or CIFAR100.
        folder: where the unpacked archive lies, or that folder itself.
        download: fetch and unpack the archive into `folder` where a file of it is missing or damaged.

    Yields:
        The share of the download that is done.

    Returns:
        The training images, the test images.

    Raises:
        DataError: a file is missing or is not the published one, or the download failed.
    """
    source = getattr(torchvision_module("datasets"), _SOURCES[name])
    if folder.name == source.base_folder:
        folder = folder.parent
    problem = _problem(source, folder, LABELS[name])
    if problem and download:
        yield from fetching(source.url, folder / source.filename, source.tgz_md5, label=LABELS[name])
        problem = _problem(source, folder, LABELS[name])
    if problem:
        raise DataError(problem)
    return _pool(source(folder, train=True)), _pool(source(folder, train=False))


def _problem(source: Any, folder: Path, label: str) -> str:
    """Name the first file that is missing or is not the published one; "" where all is well."""
    files = [*source.train_list, *source.test_list, (source.meta["filename"], source.meta["md5"])]
    for name, published in files:
        path = folder / source.base_folder / name
        advice = f"unpack {source.url} into {folder}, or set data.download = true"
        if not path.is_file():
            return f"{path}: no such file of {label}: {advice}"
        if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != published:
            return f"{path}: not the published file of {label} (MD5 {published}): {advice}"
    return ""


def _pool(dataset: Any) -> Pool:
    images = np.ascontiguousarray(dataset.data.transpose(0, 3, 1, 2))
    labels = np.array(dataset.targets, np.int64)
    content = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return Pool(images=images, labels=labels, classes=tuple(dataset.classes), content=content)
