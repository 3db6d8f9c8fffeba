"""Maps side by side: kinds, limits, differences, sheets."""

import numpy as np
import pytest

from card_studio.studio.sensitivity_view import frequency_words, limits


def test_limits_leave_few_cells_out() -> None:
    values = np.full((20, 20), 0.2, np.float32)
    values[0, 0] = 1
    assert limits([values], signed=False) == pytest.approx((0, 0.2))
    assert limits([values - 0.5], signed=True) == pytest.approx((-0.3, 0.3))
    assert limits([values], signed=False, whole=True) == (0, 1)
    assert limits([], signed=True) == (-1, 1)


def test_a_flat_map_still_has_a_scale() -> None:
    low, high = limits([np.zeros((4, 4), np.float32)], signed=False)
    assert low < high


def test_a_frequency_is_told_from_the_centre() -> None:
    assert frequency_words(32, 16, 16) == "(0, 0), 0.0 cycles per image"
    assert frequency_words(32, 13, 20) == "(−3, 4), 5.0 cycles per image"
    assert frequency_words(5, 2, 2) == "(0, 0), 0.0 cycles per image"
