"""The cards of a job and the one dataset that they were all made from."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from card_studio.domain.ids import CardId, short
from card_studio.domain.options import DataOptions, ShapesData
from card_studio.domain.run import AnyEvent, PhaseStarted
from card_studio.engine.card_file import CardContent, card_net, load_card
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import Dataset, opening_dataset
from card_studio.engine.opening import heard
from card_studio.engine.predict import ready
from card_studio.errors import DataError, NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedCard:
    """A card with its network ready on the job's device."""

    id: CardId
    content: CardContent
    net: nn.Module


def load_cards(ids: Sequence[CardId], context: Context) -> tuple[LoadedCard, ...]:
    """Load each card once, in the given order.

    Raises:
        NotFoundError: a card's file is not in the workspace.
        CardFileError: it is damaged.
        DataError: the cards were not made from one dataset.
    """
    cards = tuple(_load(card, context.cards, context.device) for card in dict.fromkeys(ids))
    first = cards[0]
    for card in cards[1:]:
        if card.content.data_digest != first.content.data_digest:
            raise DataError(
                f"card {short(card.id)} was made from {card.content.data_label}, card {short(first.id)} from "
                f"{first.content.data_label}: evaluate the cards of each dataset in a job of their own"
            )
    return cards


def _load(card: CardId, folder: Path, device: torch.device) -> LoadedCard:
    path = folder / f"{card}.card"
    if not path.exists():
        raise NotFoundError(f"{path}: no such card file: import the card again, or make it anew")
    content = load_card(path)
    return LoadedCard(id=card, content=content, net=ready(card_net(content), device))


def dataset_of(
    cards: Sequence[LoadedCard], data_path: Path | None, context: Context
) -> Generator[AnyEvent, Command | None, Dataset]:
    """Open the dataset that the cards were made from, telling how far its download or rendering has come.

    Args:
        cards: loaded cards of one dataset.
        data_path: where the dataset now lies, if it moved.
        context: the job's folders.

    Raises:
        DataError: it is missing, damaged, or not the one that the cards were made from.
    """
    content = cards[0].content
    options = _moved(content.recipe.data, data_path)
    yield PhaseStarted(text=f"opening {content.data_label}")
    dataset = yield from heard(opening_dataset(options, cache=context.cache, data_folder=context.data_folder))
    if dataset.digest != content.data_digest:
        raise DataError(
            f"the dataset {dataset.label} is not the one that card {short(cards[0].id)} was made from "
            f"({content.data_label}, digest {short(content.data_digest)}, found {short(dataset.digest)}): "
            "give the path of the original data"
        )
    return dataset


def _moved(options: DataOptions, path: Path | None) -> DataOptions:
    if path is None:
        return options
    if isinstance(options, ShapesData):
        raise DataError(f"the embedded dataset lies nowhere: leave out the data path {path}")
    return options.model_copy(update={"path": path})
