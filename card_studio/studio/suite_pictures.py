"""The images on which cards were evaluated, as pictures: from the cache where they lie there, else made by a child."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from card_studio.domain.card import Card, Cell, Evaluation
from card_studio.domain.gate import cell_name
from card_studio.files import read_array
from card_studio.settings import Settings
from card_studio.studio.dealing import DealerClient
from card_studio.studio.wire import SuiteRows


class PictureSource(Protocol):
    """Where pictures come from: a workspace."""

    settings: Settings

    @property
    def path(self) -> Path:
        """Its folder."""

    def picture_dealer(self) -> DealerClient:
        """Return a warm child that makes pictures."""


def suite_pictures(
    workspace: PictureSource, card: Card, evaluation: Evaluation, places: Sequence[tuple[int, int]]
) -> list[NDArray[np.uint8]]:
    """Return images of a suite, each uint8 [3, H, W].

    Args:
        workspace: whose cache is looked into.
        card: any card of the dataset.
        evaluation: on the suite.
        places: cell and image of each, in any order.

    Raises:
        UserError: they are not in the cache, and the data to make them are not here.
    """
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for cell, image in places:
        rows[cell].append(image)
    found = {cell: _of_cell(workspace, card, evaluation, cell, images) for cell, images in rows.items()}
    at = {(cell, image): part for cell, images in rows.items() for image, part in zip(images, found[cell], strict=True)}
    return [at[place] for place in places]


def _of_cell(
    workspace: PictureSource, card: Card, evaluation: Evaluation, at: int, rows: Sequence[int]
) -> NDArray[np.uint8]:
    cell: Cell = evaluation.cells[at]
    cache = workspace.path / "cache"
    path = cache / "suites" / cell_name(evaluation.suite, evaluation.data_digest, cell.corruption, cell.severity)
    if path.exists():
        return np.array(read_array(path, mapped=True)[list(rows)])
    wanted = SuiteRows(
        suite=evaluation.suite,
        data=card.recipe.data,
        digest=evaluation.data_digest,
        corruption=cell.corruption,
        severity=cell.severity,
        rows=tuple(rows),
        cache=cache,
        data_folder=workspace.settings.data,
    )
    return workspace.picture_dealer().suite_images(wanted)
