"""Cards of one recipe but for the seed, as one line: mean and spread over replicates, of like numbers only."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from card_studio.domain.card import Card
from card_studio.domain.recipe import identity_of
from card_studio.ui.tables import Column
from card_studio.ui.words import NONE, kilobytes, percent


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
        known = [value for value in values if value is not None]
        if not known:
            return NONE
        if len(known) == 1:
            return f"{percent(known[0])} (one run)"
        return f"{percent(float(np.mean(known)))} ± {percent(float(np.std(known, ddof=1)))}"


def group_cards(cards: Sequence[Card]) -> list[CardGroup]:
    """Return replicates together, in the order in which their first one comes.

    Cards measured on different suites never meet in one mean: they are groups of their own.
    """
    groups: defaultdict[str, list[Card]] = defaultdict(list)
    for card in cards:
        groups[_key(card)].append(card)
    return [CardGroup(key=key, cards=tuple(members)) for key, members in groups.items()]


def _key(card: Card) -> str:
    recipe = {name: value for name, value in identity_of(card.recipe).items() if name != "seed"}
    suite = identity_of(card.suite) if card.suite is not None else None
    return json.dumps([recipe, card.data_digest, round(card.sparsity, 4), suite], sort_keys=True)


def _flagged(group: CardGroup) -> str:
    suite = group.first.suite
    flag = "† " if suite is not None and not suite.standard else ""
    return flag + group.spread([card.robust_accuracy for card in group.cards])


GROUP_COLUMNS: tuple[Column[CardGroup], ...] = (
    Column(key="name", header="Recipe", text=lambda group: group.first.name, width=240),
    Column(key="n", header="Seeds", text=lambda group: f"{len(group.cards)}", figures=True, width=64),
    Column(
        key="sparsity",
        header="Sparsity (%)",
        text=lambda group: percent(group.first.sparsity),
        figures=True,
        width=96,
    ),
    Column(
        key="clean",
        header="Clean (%), mean ± sd",
        text=lambda group: group.spread([card.clean_accuracy for card in group.cards]),
        figures=True,
        width=160,
        tip="Over seeds; the sample's standard deviation",
    ),
    Column(
        key="robust",
        header="Robust (%), mean ± sd",
        text=_flagged,
        figures=True,
        width=160,
        tip="Over seeds; the sample's standard deviation; † is not the standard 15 x 5",
    ),
    Column(
        key="bytes",
        header="Size (kB)",
        text=lambda group: kilobytes(round(float(np.mean([card.file_bytes for card in group.cards])))),
        figures=True,
        width=90,
        tip="Mean over seeds",
    ),
    Column(key="data", header="Data", text=lambda group: group.first.data_label, width=90),
)
