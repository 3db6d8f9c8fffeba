"""The embedded dataset: small still lifes rendered from a seed, one class for each outline of the object in them.

A scene is a textured ground, a soft shadow, an object that is domed and lit from one side, of a colour and texture that
say nothing of its class, anywhere, of any size and turned any way, and often the edge of something nearer that hides a
part of it. Scenes are rendered in blocks that each have a seed of their own, so an image depends on its place alone,
not on how many are asked for or how many threads render.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.options import ShapesData
from card_studio.engine.data.outlines import OUTLINES
from card_studio.engine.data.progress import Work, finished, part_of
from card_studio.engine.data.scene import SIZE, render_scenes
from card_studio.engine.data.split import Pool
from card_studio.files import content_hash, replacing

CLASSES = tuple(OUTLINES)
BLOCK = 250
"""Images of a block, as many of each class."""
_RENDERER = 1
"""Counts up with every change to what is rendered, so that old caches are left alone."""
Rendered = tuple[NDArray[np.uint8], NDArray[np.int64]]
_PARTS = ("train", "validation", "test")


def render(part: str, count: int, seed: int) -> Rendered:
    """Render the first `count` images of a part, and wait for them: see `rendering_part`."""
    return finished(rendering_part(part, count, seed))


def rendering_part(part: str, count: int, seed: int) -> Work[Rendered]:
    """Render the first `count` images of a part.

    Args:
        part: train, validation or test; no two share an image.
        count: of images.
        seed: of the renderer.

    Yields:
        The share done.

    Returns:
        Images uint8 [count, 3, 32, 32], labels int64 [count]; every run of BLOCK images has as many of each class.
    """
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    labels = np.empty(count, np.int64)

    def fill(start: int) -> None:
        random = np.random.default_rng([seed, _PARTS.index(part), start // BLOCK])
        wanted = random.permutation(np.arange(BLOCK) % len(CLASSES))
        stop = min(start + BLOCK, count)
        labels[start:stop] = wanted[: stop - start]
        images[start:stop] = render_scenes(wanted, random)[: stop - start]

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        starts = range(0, count, BLOCK)
        for done, _ in enumerate(threads.map(fill, starts), 1):
            yield done / len(starts)
    return images, labels


def rendering(options: ShapesData, cache: Path) -> Work[tuple[Pool, Pool, Pool]]:
    """Return training, validation and test images: rendered the first time, then kept in `cache`.

    Yields:
        The share done.
    """
    held_out, seed, folder = options.held_out_images, options.render_seed, cache / "scenes"
    small = held_out / (options.train_images + 2 * held_out)
    large = 1 - 2 * small
    train = yield from part_of(_kept("train", options.train_images, seed, folder), 0, large)
    validation = yield from part_of(_kept("validation", held_out, seed, folder), large, small)
    test = yield from part_of(_kept("test", held_out, seed, folder), large + small, small)
    return train, validation, test


def _kept(part: str, count: int, seed: int, cache: Path) -> Work[Pool]:
    path = cache / f"{part}-{count}-seed{seed}-v{_RENDERER}.npz"
    if not path.exists():
        images, labels = yield from rendering_part(part, count, seed)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, images=images, labels=labels)
    with np.load(path, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    return Pool(images=images, labels=labels, classes=CLASSES, content=content_hash(images.tobytes()))
