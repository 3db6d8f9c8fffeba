"""Where maps hang on the wall: by augmentation and sparsity, or one after the other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from card_studio.studio.sensitivity_view import CardMap
from card_studio.ui.card_picker import short_method


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Row and column of the wall."""

    row: int
    column: int


def by_kind(maps: Sequence[CardMap]) -> list[Place]:
    """Return places: a row for each augmentation, columns by rising sparsity and method.

    Cards that are alike in all three, such as replicates, hang side by side.
    """
    suits = list(dict.fromkeys(str(each.card.augmentation) for each in maps))
    kinds = sorted({_kind(each) for each in maps})
    spots = [(suits.index(str(each.card.augmentation)), kinds.index(_kind(each))) for each in maps]
    crowds = Counter(spots)
    widths = [max(crowds[row, kind] for row in range(len(suits))) for kind in range(len(kinds))]
    seen: Counter[tuple[int, int]] = Counter()
    places = []
    for spot in spots:
        places.append(Place(row=spot[0], column=sum(widths[: spot[1]]) + seen[spot]))
        seen[spot] += 1
    return places


def in_flow(count: int, across: int) -> list[Place]:
    """Return places from left to right, `across` in a row."""
    return [Place(row=at // across, column=at % across) for at in range(count)]


def _kind(each: CardMap) -> tuple[float, str]:
    return round(each.card.sparsity, 4), short_method(each.card)
