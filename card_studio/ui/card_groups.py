"""Cards of one recipe but for the seed, as one line: the columns of the grouped table."""

import numpy as np

from card_studio.studio.replicates import CardGroup
from card_studio.ui.tables import Column
from card_studio.ui.words import kilobytes, percent


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
