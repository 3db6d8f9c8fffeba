"""The Fourier basis images of a sensitivity map, and which cells of the map share one (METHODS 5; Yin et al. 2019).

Cells lie on the centred grid: frequency (0, 0) at [n // 2, n // 2]. A real image cannot hold one frequency without
its mirror (-i, -j), so both cells of a mirror pair take the same array, that of the first in row-major order.
"""

import numpy as np
from numpy.typing import NDArray


def first_cells(size: int) -> NDArray[np.int64]:
    """Return for each cell of the map the flat index of the first cell of its mirror pair: int64 [size * size].

    A size of n has n**2 / 2 + 2 distinct ones where n is even, (n**2 + 1) / 2 where it is odd.
    """
    mirror = (-(np.arange(size) - size // 2) + size // 2) % size
    cells = np.arange(size * size)
    row, column = np.divmod(cells, size)
    first: NDArray[np.int64] = np.minimum(cells, mirror[row] * size + mirror[column])
    return first


def basis_image(size: int, cell: int) -> NDArray[np.float32]:
    """Return the basis image of a cell: U[x, y] = (cos t - sin t) / n with t = 2 pi (i x + j y) / n.

    Args:
        size: n, pixels on each side.
        cell: flat index on the centred grid.

    Returns:
        float32 [size, size], Frobenius norm 1, the same array for a cell and its mirror.
    """
    row, column = divmod(int(first_cells(size)[cell]), size)
    i, j = row - size // 2, column - size // 2
    x, y = np.arange(size)[:, None], np.arange(size)[None, :]
    turns = (i * x + j * y) % size / size  # whole turns are taken off in integers, so that large frequencies stay exact
    angle = 2 * np.pi * turns
    return ((np.cos(angle) - np.sin(angle)) / size).astype(np.float32)


def fourier_basis(size: int) -> NDArray[np.float32]:
    """Return every cell's basis image: float32 [size * size, size, size], cells in centred row-major order.

    It holds size**4 numbers: for a wall of thumbnails or a test, not for large images.
    """
    first = first_cells(size)
    basis = np.empty((size * size, size, size), np.float32)
    for cell in np.unique(first):
        basis[first == cell] = basis_image(size, int(cell))
    return basis


def radial_profile(errors: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean error by frequency: rings one cycle per image wide around the centre of a map.

    Args:
        errors: [n, n], frequency (0, 0) at [n // 2, n // 2].

    Returns:
        radius float64 [R], cycles per image, 0 to about n / sqrt 2, and the mean over each ring's cells float64 [R].
    """
    size = len(errors)
    offsets = np.arange(size) - size // 2
    radius = np.hypot(offsets[:, None], offsets[None, :])
    rings = np.rint(radius).astype(np.int64).ravel()
    cells = np.bincount(rings)
    mean = np.bincount(rings, weights=np.asarray(errors, np.float64).ravel()) / np.maximum(cells, 1)
    return np.arange(len(cells), dtype=np.float64)[cells > 0], mean[cells > 0]
