"""What a card shows of itself, as plain values: suit, rank, method, accuracies, bytes, and its map as a picture."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, SensitivityMap
from card_studio.domain.gate import suit_label
from card_studio.domain.ids import CardId, short
from card_studio.domain.names import Compression
from card_studio.ui.words import percent

METHOD_LABELS: dict[Compression, str] = {
    Compression.DENSE: "Dense",
    Compression.FINE_TUNE: "FT",
    Compression.GRADUAL: "GMP",
    Compression.LTH: "LTH",
    Compression.LRR: "LRR",
    Compression.EDGE_POPUP: "EP",
    Compression.BIPROP: "BP",
    Compression.DENSE_LONG: "Dense, long",
    Compression.RANDOM_MASK: "Random",
}
"""Methods as the literature abbreviates them (METHODS 2)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """Everything that is painted on a card."""

    id: CardId
    name: str
    suit: str
    """Augmentation."""
    label: str
    """What a gate calls its augmentation: the suit, and what of it is not as usual."""
    rank: str
    """Sparsity in percent; "D" for a dense card."""
    method: str
    network: str
    clean: float | None
    robust: float | None
    file_bytes: int
    picture: NDArray[np.float32] | None
    """[n, n] error rates 0 to 1 of its sensitivity map."""
    definition: str
    """Of the two accuracies; empty where there are none."""
    data_label: str
    data_digest: str
    mapped_at: datetime | None = None
    queued: bool = False
    """Whether jobs that measure it are waiting or running."""

    @property
    def key(self) -> tuple[object, ...]:
        """Two faces of one key look the same."""
        return (self.id, self.name, self.clean, self.robust, self.mapped_at, self.queued)

    @property
    def action(self) -> str:
        """What one click would queue; empty where nothing is missing."""
        if self.clean is not None and self.picture is not None:
            return ""
        if self.queued:
            return "Queued"
        return "Evaluate" if self.clean is None else "Map"

    @property
    def title(self) -> str:
        """The card in two or three words, as in "Added 80 augmix"."""
        return f"{'dense' if self.rank == 'D' else self.rank} {self.label}"

    @property
    def spoken(self) -> str:
        """The card in words, for tool tips and screen readers."""
        sparsity = "dense" if self.rank == "D" else f"{self.rank} % sparse"
        parts = [self.name, f"suit {self.suit}", sparsity, f"{self.method} {self.network}", size_text(self.file_bytes)]
        if self.clean is None or self.robust is None:
            parts.append("not evaluated yet")
        else:
            parts.append(f"clean {percent(self.clean)} %, robust {percent(self.robust)} %")
        if self.picture is None:
            parts.append("not mapped yet")
        return ", ".join(parts)


def face_of(card: Card, sensitivity: SensitivityMap | None, *, queued: bool = False) -> Face:
    """Return what a card shows.

    Args:
        card: the card.
        sensitivity: its map, if it was measured.
        queued: whether jobs that measure it are under way.
    """
    return Face(
        id=card.id,
        name=card.name or short(card.id),
        suit=str(card.augmentation),
        label=suit_label(card.recipe.augmentation),
        rank=rank_text(card.sparsity),
        method=METHOD_LABELS[card.method],
        network=str(card.recipe.network.name),
        clean=card.clean_accuracy,
        robust=card.robust_accuracy,
        file_bytes=card.file_bytes,
        picture=None if sensitivity is None else sensitivity.errors,
        data_label=card.data_label,
        data_digest=card.data_digest,
        mapped_at=None if sensitivity is None else sensitivity.created_at,
        definition="" if card.suite is None else card.suite.definition,
        queued=queued,
    )


def rank_text(sparsity: float) -> str:
    """Return a sparsity as a rank: `80`, `97.5`, or `D` for dense; never rounded up to 100."""
    if sparsity < 0.0005:  # it is shown to a tenth of a percent
        return "D"
    return f"{min(round(100 * sparsity, 1), 99.9):g}"


def size_text(count: int) -> str:
    """Return a number of bytes in the unit that suits it, such as `36.2 kB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def unknown_face(card: CardId) -> Face:
    """Return what stands in for a card whose record is still being fetched."""
    return Face(
        id=card,
        name=short(card),
        suit="",
        label="",
        rank="…",
        method="",
        network=short(card),
        clean=None,
        robust=None,
        file_bytes=0,
        picture=None,
        definition="",
        data_label="",
        data_digest="",
        queued=True,
    )
