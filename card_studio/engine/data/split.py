"""Labelled images in memory, and the seeded stratified split that holds some of each class out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from card_studio.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pool:
    """All images of a source, before they are split."""

    images: NDArray[np.uint8]
    """[N, 3, H, W]."""
    labels: NDArray[np.int64]
    """[N], indices into `classes`."""
    classes: tuple[str, ...]
    content: str
    """Hash of what the images were read from."""


def stratified(
    labels: NDArray[np.int64], classes: Sequence[str], shares: Sequence[float], *, seed: int, source: str
) -> tuple[NDArray[np.int64], ...]:
    """Draw parts that each hold their share of every class, and the rest.

    Each part is in a random order, so its first images are of mixed classes.

    Args:
        labels: int64 [N].
        classes: their names, for errors.
        shares: of each class, for each part; every part gets at least one image of each class.
        seed: of the draw.
        source: what to call the data in an error.

    Returns:
        Indices of the rest (to train on), then of each part; together they are a permutation of 0 .. N - 1.

    Raises:
        DataError: a class has too few images for each part and the rest to get one.
    """
    generator = np.random.default_rng(seed)
    parts: list[list[NDArray[np.int64]]] = [[] for _ in range(len(shares) + 1)]
    for label, name in enumerate(classes):
        members = generator.permutation(np.flatnonzero(labels == label))
        counts = [max(1, round(share * len(members))) for share in shares]
        if sum(counts) >= len(members):
            raise DataError(
                f"{source}: class '{name}' has {len(members)} images, too few to hold out {sum(counts)} of them "
                "and train on the rest: add images, remove the class, or hold out a smaller share"
            )
        pieces = np.split(members, np.cumsum(counts))
        for part, piece in zip(parts, [pieces[-1], *pieces[:-1]], strict=True):
            part.append(piece)
    return tuple(generator.permutation(np.concatenate(part)) for part in parts)
