"""Files from elsewhere become cards of this workspace: .card files as they are, foreign state dicts checked and packed.

Nothing is unpickled. A card's own recipe comes with it; of a foreign network only what its tensors tell is known, and
the rest (data, augmentation, training) is what the given recipe says, or assumed. All cards of a file are checked
before the first is put into the workspace.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from card_studio.domain.job import ImportCards
from card_studio.domain.names import DatasetName
from card_studio.domain.options import CifarData
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import AnyEvent, CardMade, Logged, PhaseStarted
from card_studio.engine.card_content import CardContent, SavedCard
from card_studio.engine.card_file import CARD_SUFFIX, card_id, load_card, measured_card, save_card
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.import_foreign import ForeignNet, content_of, read_foreign
from card_studio.engine.resume import resumable
from card_studio.engine.validating import Telling, opened, own_dataset, validation_accuracy
from card_studio.engine.written_card import card_made, rounding_told
from card_studio.errors import CardFileError, DataError
from card_studio.files import replacing

_CIFAR = {10: CifarData(name=DatasetName.CIFAR10), 100: CifarData(name=DatasetName.CIFAR100)}
"""What a foreign network of so many classes is taken to be made from where nobody says."""
_CIFAR_SIZE = 32
_UNKNOWN = float("nan")


@resumable
def import_cards(spec: ImportCards, context: Context) -> Iterator[AnyEvent]:
    """Put the cards of a file into the workspace, yielding what happens.

    Validation accuracy is measured where the dataset is found to be the one that the card was made from.

    Raises:
        CardFileError: the file is missing, damaged, hostile, or holds no network known here.
        DataError: a foreign network's dataset is missing or damaged, or a given dataset is not the card's.
        WorkspaceError: the disk is full or read-only.
    """
    yield PhaseStarted(text=f"reading {spec.path.name}")
    if spec.path.suffix == CARD_SUFFIX:
        yield from _card(spec, context)
    else:
        yield from _foreign(spec, context)


def _card(spec: ImportCards, context: Context) -> Iterator[AnyEvent]:
    """Import another workspace's card; a recipe given with it says where the dataset lies here."""
    content = load_card(spec.path)
    if spec.recipe is not None:
        content = replace(content, recipe=content.recipe.model_copy(update={"data": spec.recipe.data}))
    dataset, reason = yield from own_dataset(content, context)
    if reason and spec.recipe is not None:
        raise DataError(f"{spec.path}: {reason}")
    if reason:
        yield Logged(text=f"validation accuracy is not known: {reason}")
    saved = copied(spec.path, context.cards) if spec.recipe is None else relabelled(content, spec.path, context.cards)
    accuracy = (
        _UNKNOWN if dataset is None else (yield from validation_accuracy(load_card(saved.path), dataset, context))
    )
    yield _made(content, saved, accuracy, name=content.recipe.title, notes=f"Imported from {spec.path.name}.")


def copied(path: Path, folder: Path) -> SavedCard:
    """Copy a card's file to its place, byte for byte."""
    target = folder / f"{card_id(path)}{CARD_SUFFIX}"
    with replacing(target) as temporary:
        shutil.copyfile(path, temporary)
        if card_id(temporary) != target.stem:
            raise CardFileError(f"{path}: it changed while it was read: try again")
    return measured_card(target)


def relabelled(content: CardContent, path: Path, folder: Path) -> SavedCard:
    """Write a card whose dataset lies elsewhere here; its identity stays."""
    saved = save_card(content, folder)
    if saved.id != card_id(path):
        saved.path.unlink()
        raise CardFileError(f"{path}: made by another release: import it without a recipe")
    return saved


def _foreign(spec: ImportCards, context: Context) -> Iterator[AnyEvent]:
    """Import foreign networks: one, or the cards of a deck."""
    dataset = None if spec.recipe is None else (yield from opened(spec.recipe.data, context))
    nets = _read(spec, _CIFAR_SIZE if dataset is None else dataset.size)
    if dataset is None:
        dataset = yield from _assumed_dataset(nets[0], spec.path, context)
    recipe = spec.recipe or Recipe(data=dataset.options)
    contents = [_content(net, recipe, dataset, spec.path) for net in nets]
    yield Logged(text=_found(nets[0]))
    yield Logged(text="its makers may have trained on images that count as validation images here")
    assumed = "method" if spec.recipe else "method, augmentation and training"
    for number, content in enumerate(contents, 1):
        of = f" {number} of {len(nets)}" if len(nets) > 1 else ""
        name, notes = f"{recipe.name or spec.path.stem}{of}", f"Imported from {spec.path.name}; {assumed} assumed."
        saved = save_card(content, context.cards)
        accuracy = yield from _stored_accuracy(content, saved, dataset, context)
        yield _made(content, saved, accuracy, name=name, notes=notes)


def _read(spec: ImportCards, size: int) -> list[ForeignNet]:
    """Read the networks, as the recipe's network where that fits, else as the one that their tensors tell."""
    if spec.recipe is not None:
        with suppress(CardFileError):
            return read_foreign(spec.path, size=size, network=spec.recipe.network)
    return read_foreign(spec.path, size=size)


def _content(net: ForeignNet, recipe: Recipe, dataset: Dataset, path: Path) -> CardContent:
    """Return what is to be written; name and notes stay out, so that equal cards have equal files."""
    plain = recipe.model_copy(update={"name": "", "notes": ""})
    try:
        content = content_of(
            net, recipe=plain, classes=dataset.classes, data_label=dataset.label, data_digest=dataset.digest
        )
    except CardFileError as error:
        raise CardFileError(f"{path}: {error} by {dataset.label}: say with a recipe what it was made from") from error
    return replace(content, values=recipe.values)


def _found(net: ForeignNet) -> str:
    mean, std = (", ".join(f"{value:.3f}" for value in values) for values in (net.mean, net.std))
    return (
        f"{net.network.name} at {net.network.width:g} times the width; normalised with means {mean}, deviations {std}"
    )


def _assumed_dataset(net: ForeignNet, path: Path, context: Context) -> Telling[Dataset]:
    options = _CIFAR.get(net.classes)
    if options is None:
        raise DataError(f"{path}: {net.classes} classes: say with a recipe which dataset it was made from")
    try:
        return (yield from opened(options, context))
    except DataError as error:
        raise DataError(f"{path}: made from {options.name}, or else say with a recipe from what: {error}") from error


def _made(content: CardContent, saved: SavedCard, accuracy: float, *, name: str, notes: str) -> CardMade:
    """Return the event that the card is there."""
    recipe = content.recipe.model_copy(update={"notes": f"{content.recipe.notes} {notes}".strip()})
    return card_made(content, saved, recipe=recipe, name=name, validation_accuracy=accuracy)


def _stored_accuracy(content: CardContent, saved: SavedCard, dataset: Dataset, context: Context) -> Telling[float]:
    """Return the validation accuracy of a card as it lies in the workspace, and tell what rounding has done to it."""
    accuracy = yield from validation_accuracy(load_card(saved.path), dataset, context)
    if content.values != "float32":
        exact = yield from validation_accuracy(content, dataset, context)
        yield rounding_told(content.values, exact, accuracy)
    return accuracy
