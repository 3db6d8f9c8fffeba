"""A card, and what has been measured of it: evaluations and sensitivity maps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.ids import CardId, ContentHash, Fingerprint, JobId
from card_studio.domain.job import MapOptions, Suite
from card_studio.domain.names import AnyCorruption, Compression, is_own
from card_studio.domain.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A compact, accurate, robust network, and the headline of what is known of it."""

    id: CardId
    name: str
    recipe: Recipe
    fingerprint: Fingerprint
    data_label: str
    data_digest: str
    classes: tuple[str, ...]
    size: int
    """Pixels on each side of its images."""
    sparsity: float
    """Measured share of prunable weights that are zero."""
    prunable_weights: int
    kept_weights: int
    parameters: int
    binary: bool
    file_bytes: int
    reference_bytes: int
    """What information theory allows: METHODS' reference size of the same network."""
    level: int
    total_epochs: float
    """Epochs trained in all, earlier levels included."""
    validation_accuracy: float
    clean_accuracy: float | None
    """On the latest test suite; None where it was not evaluated."""
    robust_accuracy: float | None
    suite: Suite | None
    """The suite of the two figures above."""
    has_map: bool
    job_id: JobId | None
    created_at: datetime
    tags: tuple[str, ...] = ()
    notes: str = ""

    @property
    def method(self) -> Compression:
        """How it was made compact."""
        return self.recipe.compression.method

    @property
    def augmentation(self) -> str:
        """Its suit: an AugmentationName, or the name of one's own."""
        return str(self.recipe.augmentation.name)


CardOrder = Literal[
    "created",
    "name",
    "method",
    "augmentation",
    "network",
    "data",
    "sparsity",
    "bytes",
    "clean",
    "robust",
    "validation",
    "epochs",
]
"""What cards can be sorted by; cards without the figure come last either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardQuery:
    """Which cards, in which order, and which page of them; an empty tuple or text leaves nothing out."""

    text: str = ""
    """Words that must all occur in name, notes, tags, network, method, augmentation, data or id, in any case."""
    methods: tuple[Compression, ...] = ()
    augmentations: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Cards that bear every one of these."""
    data_digest: str | None = None
    ids: tuple[CardId, ...] = ()
    order: CardOrder = "created"
    descending: bool = True
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Accuracy on one corruption at one severity; corruption None and severity 0 are the clean images."""

    corruption: AnyCorruption | None
    severity: int
    accuracy: float
    images: int

    @property
    def counts(self) -> bool:
        """Whether it counts in robust accuracy: clean images do not, nor do corruptions of one's own."""
        return self.corruption is not None and not is_own(self.corruption)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A card's answers to a suite."""

    card_id: CardId
    suite: Suite
    suite_key: str
    data_digest: str
    cells: tuple[Cell, ...]
    """The clean cell first, then corruption by corruption in the suite's order, severities rising."""
    clean_accuracy: float
    robust_accuracy: float
    """Plain mean over the corrupted cells."""
    calibration_error: float
    images: int
    probabilities: ContentHash
    """A stored float16 array [cells, images, classes], cells in the order above."""
    labels: ContentHash
    """A stored int64 array [images]: the true classes."""
    job_id: JobId | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityMap:
    """Error rate of a card per Fourier basis frequency."""

    card_id: CardId
    options: MapOptions
    size: int
    errors: NDArray[np.float32]
    """[size, size], error rate 0 to 1, frequency (0, 0) at the centre [size // 2, size // 2]."""
    clean_error: float
    images: int
    job_id: JobId | None
    created_at: datetime


def mean_of_cells(cells: tuple[Cell, ...]) -> tuple[float, float]:
    """Return clean accuracy and the plain mean over the corrupted cells that count (METHODS, Scores).

    Where there is no such cell, the second figure is NaN.
    """
    clean = [cell.accuracy for cell in cells if cell.corruption is None]
    corrupted = [cell.accuracy for cell in cells if cell.counts]
    return float(np.mean(clean)), float(np.mean(corrupted)) if corrupted else float("nan")
