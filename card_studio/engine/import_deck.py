"""A .deck file of another workspace comes into this one: its cards, its gate's references, and the deck itself.

All of it is checked before the first card is put into the workspace. What is there already stays as it is, so that
importing a file again changes nothing.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from card_studio.domain.deck import suits_of
from card_studio.domain.gate import reference_key, suit_label
from card_studio.domain.ids import CardId, ContentHash
from card_studio.domain.job import DECK_SUFFIX, CardLabels, ImportCards
from card_studio.domain.run import AnyEvent, CardMade, DeckBrought, PhaseStarted, ReferenceBuilt
from card_studio.engine.card_content import CardContent
from card_studio.engine.card_file import CARD_SUFFIX, card_id, load_card
from card_studio.engine.context import Command, Context
from card_studio.engine.deck_file import DeckFile, reading_deck
from card_studio.engine.import_cards import copied, import_cards, relabelled
from card_studio.engine.resume import Pace, Task, paced, resumable
from card_studio.engine.validating import opened
from card_studio.engine.written_card import card_made
from card_studio.errors import CardFileError, DataError
from card_studio.files import array_bytes, explained, keep_content

_UNKNOWN = float("nan")
_LONGEST = 200
"""Characters of a name that are taken over."""


def import_file(spec: ImportCards, context: Context) -> Task:
    """Put what a file holds into the workspace, by the kind of file that its name tells."""
    return (import_deck if spec.path.suffix == DECK_SUFFIX else import_cards)(spec, context)


@resumable
def import_deck(spec: ImportCards, context: Context) -> Iterator[AnyEvent]:
    """Put a deck into the workspace, yielding what happens.

    A recipe given with it says where the cards' dataset lies here.

    Raises:
        CardFileError: the file is missing, damaged, hostile, or no deck that this release can use.
        DataError: the given dataset is not the cards'.
        WorkspaceError: the disk is full or read-only.
    """
    yield PhaseStarted(text=f"reading {spec.path.name}")
    pace = Pace(2)
    deck = yield from paced(reading_deck(spec.path), pace)
    header = deck.header
    with explained(context.cache):
        context.cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=context.cache, prefix="deck-") as folder:
        contents = yield from _checked_cards(deck, Path(folder), pace)
        spectra = [deck.spectra(suit) for suit in range(len(header.augmentations))]
        if spec.recipe is not None:
            dataset = yield from opened(spec.recipe.data, context)
            if dataset.digest != header.data_digest:
                raise DataError(f"{spec.path}: {dataset.label} is not the dataset that its cards were made from")
        yield PhaseStarted(text=f"taking over {len(contents)} cards")
        for card, content in contents.items():
            yield _placed(card, content, deck, spec, Path(folder), context)
    for augmentation, each in zip(header.augmentations, spectra, strict=True):
        yield ReferenceBuilt(
            key=reference_key(header.data_digest, augmentation, header.deck.gate),
            data_digest=header.data_digest,
            data_label=header.data_label,
            augmentation=augmentation,
            options=header.deck.gate,
            spectra=ContentHash(keep_content(context.artifacts, array_bytes(each))),
            brought=True,
        )
    yield DeckBrought(name=_one_line(deck.extras.name), deck=header.deck)


def _checked_cards(
    deck: DeckFile, folder: Path, pace: Pace
) -> Generator[AnyEvent, Command | None, dict[CardId, CardContent]]:
    """Write the deck's card files into a folder; return what they hold once they are known to fit it."""
    contents: dict[CardId, CardContent] = {}
    for number, card in enumerate(deck.header.cards, 1):
        yield PhaseStarted(text=f"checking card {number} of {len(deck.header.cards)}")
        path = folder / f"{card}{CARD_SUFFIX}"
        yield from paced(deck.copying(card, path), pace, 1 / len(deck.header.cards))
        try:
            contents[card] = load_card(path)
            found = card_id(path)
        except CardFileError as error:
            raise CardFileError(f"{deck.path}: its card {number}: {str(error).removeprefix(f'{path}: ')}") from error
        if found != card:
            raise CardFileError(f"{deck.path}: damaged: its card {number} is another than it says")
    _require_fit(deck, contents)
    return contents


def _require_fit(deck: DeckFile, contents: Mapping[CardId, CardContent]) -> None:
    header = deck.header
    suits, _ = suits_of([suit_label(each.recipe.augmentation) for each in contents.values()])
    if suits != tuple(suit_label(each) for each in header.augmentations):
        raise CardFileError(f"{deck.path}: its references are not those of its cards' augmentations")
    wanted = (header.data_digest, header.classes, header.size)
    if any((each.data_digest, each.classes, each.size) != wanted for each in contents.values()):
        raise CardFileError(f"{deck.path}: its cards are not all made from {header.data_label}")


def _placed(
    card: CardId, content: CardContent, deck: DeckFile, spec: ImportCards, folder: Path, context: Context
) -> CardMade:
    """Put a card into the workspace; return the event that it is there."""
    path = folder / f"{card}{CARD_SUFFIX}"
    if spec.recipe is None:
        saved = copied(path, context.cards)
    else:
        content = replace(content, recipe=content.recipe.model_copy(update={"data": spec.recipe.data}))
        saved = relabelled(content, path, context.cards)
    labels = deck.extras.labels.get(card, CardLabels(name=content.recipe.title))
    notes = f"{labels.notes} Imported with {spec.path.name}.".strip()
    accuracy = labels.validation_accuracy
    return card_made(
        content,
        saved,
        recipe=content.recipe.model_copy(update={"notes": notes}),
        name=_one_line(labels.name) or content.recipe.title,
        validation_accuracy=accuracy if accuracy is not None and 0 <= accuracy <= 1 else _UNKNOWN,
    )


def _one_line(name: str) -> str:
    return " ".join(name.split())[:_LONGEST]
