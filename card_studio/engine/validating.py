"""A card's own dataset, where it can be had, and the card's accuracy on its validation images."""

from collections.abc import Generator
from typing import TypeVar

from card_studio.domain.ids import short
from card_studio.domain.options import CifarData, DataOptions
from card_studio.domain.run import AnyEvent
from card_studio.engine.card_content import CardContent
from card_studio.engine.card_file import card_net
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import Dataset, opening_dataset
from card_studio.engine.opening import heard
from card_studio.engine.predict import each_batch, ready
from card_studio.engine.resume import Pace
from card_studio.errors import DataError

Result = TypeVar("Result")
Telling = Generator[AnyEvent, Command | None, Result]
"""Work that tells what happens and returns its result."""


def opened(options: DataOptions, context: Context) -> Telling[Dataset]:
    """Open a dataset.

    Raises:
        DataError: it is missing or damaged.
    """
    return (yield from heard(opening_dataset(options, cache=context.cache, data_folder=context.data_folder)))


def own_dataset(content: CardContent, context: Context) -> Telling[tuple[Dataset | None, str]]:
    """Return the dataset that a card was made from, or None and why it could not be had.

    Nothing is downloaded: a file from elsewhere must not start that.
    """
    options = content.recipe.data
    if isinstance(options, CifarData):
        options = options.model_copy(update={"download": False})
    try:
        dataset = yield from opened(options, context)
    except DataError as error:
        return None, str(error)
    if dataset.digest == content.data_digest:
        return dataset, ""
    digests = f"digest {short(content.data_digest)}, found {short(dataset.digest)}"
    return None, f"{dataset.label} is not the dataset that it was made from ({content.data_label}, {digests})"


def validation_accuracy(content: CardContent, dataset: Dataset, context: Context) -> Telling[float]:
    """Return a network's accuracy on the validation images."""
    net = ready(card_net(content), context.device)
    images, labels = dataset.validation.images, dataset.validation.labels
    pace = Pace(len(images))
    right = answered = 0
    for batch in each_batch(net, images, device=context.device):
        right += int((batch.argmax(1) == labels[answered : answered + len(batch)]).sum())
        answered += len(batch)
        yield from pace.step(len(batch))
    return right / answered
