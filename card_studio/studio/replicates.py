"""Cards of one recipe but for the seed: replicates, whose mean and spread are of like numbers only."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from card_studio.domain.card import Card
from card_studio.domain.recipe import identity_of

_NONE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardGroup:
    """Replicates: the same recipe, data and suite, each with its own seed."""

    key: str
    cards: tuple[Card, ...]

    @property
    def first(self) -> Card:
        """Any of them, for what they have in common."""
        return self.cards[0]

    def spread(self, values: Sequence[float | None]) -> str:
        """Return `mean ± sd` in percent over those that have the number; the sd is the sample's, n - 1."""
        known = [value for value in values if value is not None and value == value]
        if not known:
            return _NONE
        mean = f"{100 * float(np.mean(known)):.1f}"
        return f"{mean} (one run)" if len(known) == 1 else f"{mean} ± {100 * float(np.std(known, ddof=1)):.1f}"


def group_cards(cards: Sequence[Card]) -> list[CardGroup]:
    """Return replicates together, in the order in which their first one comes.

    Cards measured on different suites never meet in one mean: they are groups of their own.
    """
    groups: defaultdict[str, list[Card]] = defaultdict(list)
    for card in cards:
        suite = identity_of(card.suite) if card.suite is not None else None
        groups[json.dumps([recipe_key(card), suite], sort_keys=True)].append(card)
    return [CardGroup(key=key, cards=tuple(members)) for key, members in groups.items()]


def recipe_key(card: Card, *, without: Sequence[str] = ()) -> str:
    """Return what replicates have in common: recipe but for the seed, data, measured sparsity.

    Args:
        card: any card.
        without: parts of the recipe that may differ too, such as `augmentation`.
    """
    left_out = {"seed", *without}
    recipe = {name: value for name, value in identity_of(card.recipe).items() if name not in left_out}
    return json.dumps([recipe, card.data_digest, round(card.sparsity, 4)], sort_keys=True)
