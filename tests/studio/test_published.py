"""Published figures: complete, and consistent among themselves."""

import pytest

from card_studio.domain.names import STANDARD_CORRUPTIONS, AugmentationName, Compression
from card_studio.studio.published import (
    DEFINITIONS,
    LRR_DECK_PER_CORRUPTION,
    LRR_PER_CORRUPTION,
    robustbench,
    robustnets,
)


def test_the_table_is_whole() -> None:
    found = robustnets()
    assert len(found) == 3 * (1 + 6 * 5)
    assert len({(each.method, each.augmentation, each.sparsity) for each in found}) == len(found)
    assert all(0.6 < each.robust < each.clean < 1 for each in found)
    assert {each.source for each in (*found, *robustbench())} == set(DEFINITIONS)


@pytest.mark.parametrize(
    ("method", "augmentation", "sparsity", "clean", "robust"),
    [
        (Compression.LRR, AugmentationName.CLEAN, 0.95, 95.72, 75.61),
        (Compression.FINE_TUNE, AugmentationName.AUGMIX, 0.5, 95.19, 88.73),
        (Compression.BIPROP, AugmentationName.GAUSSIAN, 0.8, 92.10, 84.44),
        (Compression.DENSE, AugmentationName.AUGMIX, 0.0, 94.95, 88.18),
    ],
)
def test_figures_stand_at_their_places(
    method: Compression, augmentation: AugmentationName, sparsity: float, clean: float, robust: float
) -> None:
    own = [e for e in robustnets() if (e.method, e.augmentation, e.sparsity) == (method, augmentation, sparsity)]
    assert [(100 * each.clean, 100 * each.robust) for each in own] == [pytest.approx((clean, robust))]


def test_figures_by_corruption_average_to_the_headline() -> None:
    for by_corruption, headline in ((LRR_PER_CORRUPTION, 0.9094), (LRR_DECK_PER_CORRUPTION, 0.9278)):
        assert tuple(by_corruption) == STANDARD_CORRUPTIONS
        assert sum(by_corruption.values()) / 15 == pytest.approx(headline, abs=0.001)
