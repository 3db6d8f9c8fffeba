"""The Fourier basis of sensitivity maps: norm, support, sharing by mirror cells, orthogonality (METHODS 5)."""

import numpy as np
import pytest

from card_studio.domain.fourier import basis_image, first_cells, fourier_basis, radial_profile

SIZES = [4, 5, 8, 9, 32]


@pytest.mark.parametrize("size", SIZES)
def test_each_basis_image_has_norm_one(size: int) -> None:
    basis = fourier_basis(size)
    assert basis.shape == (size * size, size, size)
    assert np.linalg.norm(basis.reshape(size * size, -1), axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_each_basis_image_is_supported_on_its_frequency_and_the_mirror(size: int) -> None:
    spectra = np.fft.fftshift(np.abs(np.fft.fft2(fourier_basis(size))), axes=(1, 2))
    for cell in range(size * size):
        i, j = cell // size - size // 2, cell % size - size // 2
        own = {((s * i + size // 2) % size, (s * j + size // 2) % size) for s in (1, -1)}
        found = {tuple(int(k) for k in at) for at in np.argwhere(spectra[cell] > 1e-3 * spectra[cell].max())}
        assert found == own


@pytest.mark.parametrize(("size", "distinct"), [(32, 514), (8, 34), (2, 4), (5, 13), (9, 41), (31, 481)])
def test_the_number_of_distinct_arrays(size: int, distinct: int) -> None:
    assert len(np.unique(first_cells(size))) == distinct
    assert len(np.unique(fourier_basis(size).reshape(size * size, -1).round(5), axis=0)) == distinct


@pytest.mark.parametrize("size", SIZES)
def test_distinct_arrays_are_orthogonal(size: int) -> None:
    distinct = fourier_basis(size)[np.unique(first_cells(size))].reshape(-1, size * size).astype(np.float64)
    assert distinct @ distinct.T == pytest.approx(np.eye(len(distinct)), abs=1e-5)


def test_a_pair_takes_the_closed_form_of_its_first_cell() -> None:
    x, y = np.mgrid[:4, :4]
    angle = 2 * np.pi * (-1 * x + 0 * y) / 4  # cell (1, 2) is frequency (-1, 0); its mirror is cell (3, 2)
    expected = (np.cos(angle) - np.sin(angle)) / 4
    assert basis_image(4, 1 * 4 + 2) == pytest.approx(expected, abs=1e-6)
    assert basis_image(4, 3 * 4 + 2) == pytest.approx(expected, abs=1e-6)


def test_the_centre_is_the_constant_image() -> None:
    for size in SIZES:
        centre = size // 2 * size + size // 2
        assert basis_image(size, centre) == pytest.approx(np.full((size, size), 1 / size), abs=1e-6)


def test_first_cells_do_not_follow_their_mirrors() -> None:
    first = first_cells(6)
    assert (first <= np.arange(36)).all()
    assert (first[first] == first).all()


def test_the_radial_profile_averages_rings() -> None:
    errors = np.zeros((5, 5), np.float32)
    errors[2, 2] = 0.8
    errors[1, 2] = errors[2, 1] = 0.4  # two of the ring of radius 1, which also holds four diagonal cells (1.41)
    radius, mean = radial_profile(errors)
    assert radius.tolist() == [0, 1, 2, 3]
    assert mean == pytest.approx([0.8, 0.8 / 8, 0, 0], abs=1e-6)
