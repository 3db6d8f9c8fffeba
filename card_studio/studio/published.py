"""Published figures to show beside one's own (METHODS 7), each with what it is; in percent as printed."""

from collections.abc import Mapping
from dataclasses import dataclass

from card_studio.domain.names import STANDARD_CORRUPTIONS, AugmentationName, Compression, CorruptionName


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFigure:
    """Clean and robust accuracy of one published network or deck, shares of 1."""

    source: str
    label: str
    method: Compression | None
    """None for a deck."""
    augmentation: AugmentationName | None
    sparsity: float
    clean: float
    robust: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCorruptions:
    """Accuracy of one published card or deck by corruption, each the mean over the five severities; shares of 1."""

    source: str
    label: str
    sparsity: float
    clean: float
    robust: float
    by_corruption: Mapping[CorruptionName, float]
    images: int
    """In each cell."""


ROBUSTBENCH = "RobustBench"
ROBUSTNETS = "RobustNets"
DEFINITIONS = {
    ROBUSTBENCH: "RobustBench: CIFAR-10 / CIFAR-10-C, 15 corruptions × severities 1–5, all 10,000 test images, "
    "95 % sparse (Diffenderfer et al. 2021)",
    ROBUSTNETS: "RobustNets (NeurIPS 2022): CIFAR-10 / CIFAR-10-C, ResNet-18, global pruning, 15 corruptions × "
    "severities 1–5, single runs",
}
"""By source, the line that goes with each of its figures."""

_SPARSITIES = (0.5, 0.6, 0.8, 0.9, 0.95)
_CLEAN, _GAUSSIAN, _AUGMIX = AugmentationName.CLEAN, AugmentationName.GAUSSIAN, AugmentationName.AUGMIX
_DENSE = {_CLEAN: (94.82, 73.30), _AUGMIX: (94.95, 88.18), _GAUSSIAN: (93.01, 84.59)}
_FT, _GMP, _LTH, _LRR = Compression.FINE_TUNE, Compression.GRADUAL, Compression.LTH, Compression.LRR
_EP, _BP = Compression.EDGE_POPUP, Compression.BIPROP
_TABLE: dict[AugmentationName, dict[Compression, str]] = {
    _CLEAN: {
        _FT: "94.35/73.52 93.49/74.20 94.07/72.66 94.08/72.09 92.96/69.65",
        _GMP: "94.37/72.89 94.16/73.29 94.46/73.08 93.89/72.24 93.65/72.06",
        _LTH: "94.62/73.52 94.87/74.24 94.79/74.45 95.19/74.38 95.14/73.90",
        _LRR: "95.07/75.63 95.38/74.86 95.42/75.31 95.60/75.71 95.72/75.61",
        _EP: "91.49/76.27 92.44/76.70 93.69/75.83 94.06/75.46 93.87/74.62",
        _BP: "91.47/75.81 92.20/75.47 93.30/75.18 93.63/75.10 93.56/73.10",
    },
    _AUGMIX: {
        _FT: "95.19/88.73 94.93/88.68 93.93/87.45 94.19/87.52 93.62/85.66",
        _GMP: "94.24/87.68 94.95/88.10 94.53/87.89 94.74/87.62 94.19/87.00",
        _LTH: "95.61/88.84 95.40/89.01 95.53/89.42 95.74/89.40 95.83/89.04",
        _LRR: "95.58/88.96 95.77/89.46 95.99/89.68 96.27/89.82 96.10/89.56",
        _EP: "92.48/86.13 92.78/86.77 93.95/87.96 94.63/87.98 94.56/87.35",
        _BP: "91.88/85.51 92.64/86.43 93.27/87.09 94.16/87.68 94.28/87.44",
    },
    _GAUSSIAN: {
        _FT: "93.44/84.50 93.03/84.26 93.01/84.21 92.35/83.16 91.91/81.35",
        _GMP: "93.43/84.36 92.91/83.60 92.22/83.64 92.45/83.31 92.06/82.87",
        _LTH: "93.21/85.42 93.05/85.41 93.39/85.74 93.57/86.02 93.79/85.96",
        _LRR: "93.16/85.47 93.59/85.79 93.63/86.03 93.93/86.28 93.90/86.33",
        _EP: "90.55/83.19 91.15/84.03 92.13/84.92 92.46/85.08 92.53/85.02",
        _BP: "90.03/83.07 90.75/83.44 92.10/84.44 92.04/84.22 92.53/84.37",
    },
}
LRR_PER_CORRUPTION: dict[CorruptionName, float] = dict(
    zip(
        STANDARD_CORRUPTIONS,
        (0.808, 0.862, 0.891, 0.956, 0.828, 0.945, 0.950, 0.925, 0.920, 0.941, 0.959, 0.933, 0.925, 0.907, 0.893),
        strict=True,
    )
)
"""RobustBench's LRR card with AugMix on CIFAR-10-C: accuracy by corruption, mean over the severities."""
LRR_DECK_PER_CORRUPTION: dict[CorruptionName, float] = dict(
    zip(
        STANDARD_CORRUPTIONS,
        (0.920, 0.933, 0.927, 0.952, 0.863, 0.937, 0.944, 0.929, 0.931, 0.927, 0.959, 0.913, 0.929, 0.928, 0.928),
        strict=True,
    )
)
"""RobustBench's deck of six LRR cards."""


def robustbench() -> tuple[PublishedFigure, ...]:
    """Return RobustBench's cards and decks on CIFAR-10."""
    rows: tuple[tuple[str, Compression | None, AugmentationName | None, float, float], ...] = (
        ("LRR AugMix", _LRR, _AUGMIX, 96.66, 90.94),
        ("LRR deck of six", None, None, 96.56, 92.78),
        ("Binary AugMix", _BP, _AUGMIX, 94.87, 88.32),
        ("Binary deck of six", None, None, 95.09, 90.15),
    )
    return tuple(
        PublishedFigure(
            source=ROBUSTBENCH,
            label=label,
            method=method,
            augmentation=suit,
            sparsity=0.95,
            clean=clean / 100,
            robust=robust / 100,
        )
        for label, method, suit, clean, robust in rows
    )


def robustbench_by_corruption() -> tuple[PublishedCorruptions, ...]:
    """Return RobustBench's card and deck on CIFAR-10-C, corruption by corruption."""
    figures = {figure.label: figure for figure in robustbench()}
    columns = {"LRR AugMix": LRR_PER_CORRUPTION, "LRR deck of six": LRR_DECK_PER_CORRUPTION}
    return tuple(
        PublishedCorruptions(
            source=ROBUSTBENCH,
            label=label,
            sparsity=figures[label].sparsity,
            clean=figures[label].clean,
            robust=figures[label].robust,
            by_corruption=values,
            images=10_000,
        )
        for label, values in columns.items()
    )


def robustnets() -> tuple[PublishedFigure, ...]:
    """Return RobustNets' table on CIFAR-10, the dense networks included; sparsity rises within a line."""
    found = []
    for suit, methods in _TABLE.items():
        found.append(_robustnet(Compression.DENSE, suit, 0.0, *_DENSE[suit]))
        for method, line in methods.items():
            for sparsity, pair in zip(_SPARSITIES, line.split(), strict=True):
                clean, robust = map(float, pair.split("/"))
                found.append(_robustnet(method, suit, sparsity, clean, robust))
    return tuple(found)


def _robustnet(
    method: Compression, suit: AugmentationName, sparsity: float, clean: float, robust: float
) -> PublishedFigure:
    at = "" if method is Compression.DENSE else f" {100 * sparsity:g} %"
    return PublishedFigure(
        source=ROBUSTNETS,
        label=f"{method} {suit}{at}",
        method=method,
        augmentation=suit,
        sparsity=sparsity,
        clean=clean / 100,
        robust=robust / 100,
    )
