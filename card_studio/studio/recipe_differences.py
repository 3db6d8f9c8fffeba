"""In what the recipes of some cards differ: a row for each option, a column for each card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from card_studio.domain.card import Card
from card_studio.studio.sheet import Heading, Sheet
from card_studio.studio.side_by_side import titles_of

_LEFT_OUT = ("schema_version",)
"""What says nothing of how a card was made."""
_KINDS = ("name", "method")
"""What says of which kind a group of options is comes first in it."""
_NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRow:
    """An option of a recipe, as each card has it."""

    name: str
    """Such as `training.epochs`."""
    values: tuple[str, ...]
    """A dash where a card's recipe has no such option."""

    @property
    def differs(self) -> bool:
        """Whether the cards do not all have the same."""
        return len(set(self.values)) > 1


def option_rows(cards: Sequence[Card]) -> tuple[OptionRow, ...]:
    """Return every option of these cards' recipes, in the order in which recipes are written."""
    flat = [_flat(card.recipe.model_dump(mode="json")) for card in cards]
    names = dict.fromkeys(name for each in flat for name in each if name not in _LEFT_OUT)
    groups = list(dict.fromkeys(name.partition(".")[0] for name in names))

    def place(name: str) -> tuple[int, bool]:
        group, _, option = name.partition(".")
        return groups.index(group), option not in _KINDS

    ordered = sorted(names, key=place)
    return tuple(OptionRow(name=name, values=tuple(_said(each.get(name)) for each in flat)) for name in ordered)


def recipe_sheet(cards: Sequence[Card], *, equal: bool = False) -> Sheet:
    """Return the options in which recipes differ, as a table; the equal ones too, if asked.

    Args:
        cards: a column each.
        equal: also the options in which they do not differ; those that differ are then marked.
    """
    rows = option_rows(cards)
    shown = [row for row in rows if equal or row.differs]
    same = len(rows) - sum(row.differs for row in rows)
    marked = {(at, 1 + card) for at, row in enumerate(shown) if equal and row.differs for card in range(len(cards))}
    return Sheet(
        title="Recipes",
        headings=(Heading(text="Option"), *(Heading(text=title) for title in titles_of(cards))),
        rows=tuple((row.name, *row.values) for row in shown),
        note=f"{len(rows) - same} options differ, {same} are equal" + (", marked where they differ" if equal else ""),
        marked=frozenset(marked),
    )


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _said(value: Any) -> str:
    if value is None or value == "":
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) or _NONE if isinstance(value, list) else str(value)
