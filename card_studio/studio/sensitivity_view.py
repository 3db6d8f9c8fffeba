"""Sensitivity maps side by side: which of them may share a scale, sensible limits, differences, profiles, sheets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, SensitivityMap
from card_studio.domain.fourier import radial_profile
from card_studio.domain.ids import CardId, JobId
from card_studio.domain.job import MapOptions
from card_studio.studio.robustness_grid import card_title
from card_studio.studio.sheet import Heading, Sheet, Value
from card_studio.studio.versions import computed_with

_LIMIT_SHARE = 99.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CardMap:
    """A card and its map."""

    card: Card
    map: SensitivityMap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapKind:
    """Maps that were measured alike: the same options, size, images and data. Only these share a scale."""

    key: str
    options: MapOptions
    size: int
    images: int
    data_label: str
    maps: tuple[CardMap, ...]
    versions: Mapping[JobId, str] = field(default_factory=dict)
    """What the maps' jobs were computed with, as far as it was recorded."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Two kinds of one identity show the same: maps are never measured anew without a new time."""
        return (self.key, *((each.card.id, each.card.name, each.card.tags, each.map.created_at) for each in self.maps))

    @property
    def definition(self) -> str:
        """One line that goes with every number of these maps."""
        clamp = "clamped to [0, 1]" if self.options.clamp else "not clamped"
        precision = "" if self.options.precision == "float32" else f" · computed in {self.options.precision}"
        jobs = (each.map.job_id for each in self.maps)
        versions = computed_with(self.versions.get(job, "") for job in jobs if job is not None)
        said = (
            f"{self.data_label} · Fourier noise of norm {self.options.norm:g} in each channel, {clamp} · "
            f"{self.size} × {self.size} frequencies · n = {self.images:,} images · seed {self.options.seed}{precision}"
        )
        return " · ".join([said, *versions])


def map_kinds(
    cards: Sequence[Card], maps: Sequence[SensitivityMap], versions: Mapping[JobId, str] | None = None
) -> list[MapKind]:
    """Return maps by how they were measured: first the kind with most cards; cards stay in the given order.

    Args:
        cards: whose maps count.
        maps: of these and other cards.
        versions: what jobs were computed with (`studio.versions`).
    """
    by_card: defaultdict[CardId, list[SensitivityMap]] = defaultdict(list)
    for each in maps:
        by_card[each.card_id].append(each)
    kinds: defaultdict[str, list[CardMap]] = defaultdict(list)
    for card in cards:
        for each in by_card[card.id]:
            key = f"{card.data_digest} {each.size} {each.images} {each.options.model_dump_json()}"
            if not any(known.card.id == card.id for known in kinds[key]):  # the newest comes first
                kinds[key].append(CardMap(card=card, map=each))
    found = [
        MapKind(
            key=key,
            options=own[0].map.options,
            size=own[0].map.size,
            images=own[0].map.images,
            data_label=own[0].card.data_label,
            maps=tuple(own),
            versions=versions or {},
        )
        for key, own in kinds.items()
    ]
    return sorted(found, key=lambda kind: (-len(kind.maps), -kind.images, kind.key))


def differences(maps: Sequence[CardMap], baseline: SensitivityMap | None) -> list[NDArray[np.float32]]:
    """Return each map's error rates, or how much they exceed the baseline's."""
    if baseline is None:
        return [each.map.errors for each in maps]
    return [(each.map.errors - baseline.errors).astype(np.float32) for each in maps]


def limits(values: Sequence[NDArray[np.float32]], *, signed: bool, whole: bool = False) -> tuple[float, float]:
    """Return limits of one scale for all maps: the 99th percentile, so that few cells do not flatten the rest.

    Args:
        values: error rates, or differences.
        signed: differences: as far below 0 as above.
        whole: the whole range of an error rate, 0 to 1, whatever the values.
    """
    if not values:
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    if whole:
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    every = np.concatenate([each.ravel() for each in values])
    high = max(0.05, float(np.ceil(20 * np.percentile(np.abs(every), _LIMIT_SHARE)) / 20))
    return (-high, high) if signed else (0.0, high)


def profile_sheet(kind: MapKind, maps: Sequence[CardMap]) -> Sheet:
    """Return the mean error by frequency, a column for each map."""
    profiles = [radial_profile(each.map.errors) for each in maps]
    headings = [Heading(text="Frequency (cycles/image)", digits=0)]
    headings += [Heading(text=f"{card_title(each.card)} (%)", digits=1) for each in maps]
    radii = profiles[0][0] if profiles else np.empty(0)
    rows = [(float(radius), *(100 * float(profile[1][at]) for profile in profiles)) for at, radius in enumerate(radii)]
    note = f"{kind.definition} · mean error rate over rings one cycle wide"
    return Sheet(title="Error by frequency", headings=tuple(headings), rows=tuple(rows), note=note)


def map_sheet(kind: MapKind, maps: Sequence[CardMap]) -> Sheet:
    """Return one line for each map: its card and what its map comes to."""
    headings = (
        Heading(text="Card"),
        Heading(text="Augmentation"),
        Heading(text="Sparsity (%)", digits=1),
        *(
            Heading(text=text, digits=1)
            for text in ("Clean error (%)", "Mean error (%)", "Low frequencies (%)", "Middle (%)", "High (%)")
        ),
    )
    note = f"{kind.definition} · low, middle and high: thirds of the radius"
    rows = tuple(_map_row(each) for each in maps)
    return Sheet(title="Sensitivity maps", headings=headings, rows=rows, note=note)


def cell_sheet(kind: MapKind, maps: Sequence[CardMap]) -> Sheet:
    """Return every cell of every map in a line of its own."""
    headings = (
        *(Heading(text=text) for text in ("card", "name")),
        *(Heading(text=text, digits=0) for text in ("i", "j")),
        Heading(text="error", digits=4),
    )
    half = kind.size // 2
    rows: list[tuple[Value, ...]] = []
    for each in maps:
        for (row, column), error in np.ndenumerate(each.map.errors):
            rows.append((each.card.id, each.card.name, row - half, column - half, float(error)))
    return Sheet(title="Sensitivity maps", headings=headings, rows=tuple(rows), note=kind.definition)


def frequency_words(size: int, row: int, column: int) -> str:
    """Return a cell's frequency in words: `(3, −4), 5.0 cycles per image`."""
    i, j = row - size // 2, column - size // 2
    said = f"({i}, {j})".replace("-", "−")
    return f"{said}, {np.hypot(i, j):.1f} cycles per image"


def _map_row(each: CardMap) -> tuple[Value, ...]:
    radius, mean = radial_profile(each.map.errors)
    third = radius[-1] / 3
    bands = [mean[(radius >= k * third) & (radius < (k + 1) * third + (k == 2))].mean() for k in range(3)]
    return (
        card_title(each.card),
        str(each.card.augmentation),
        100 * each.card.sparsity,
        100 * each.map.clean_error,
        100 * float(each.map.errors.mean()),
        *(100 * float(band) for band in bands),
    )
