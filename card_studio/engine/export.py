"""Writes a deck to one file: a .deck for another workspace, or a .onnx for another program."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

import numpy as np

from card_studio.domain.deck import suits_of
from card_studio.domain.gate import Floats, suit_label
from card_studio.domain.ids import CardId
from card_studio.domain.job import ONNX_NEEDS, ONNX_SUFFIX, ExportDeck
from card_studio.domain.run import Advanced, AnyEvent, Logged, PhaseStarted
from card_studio.engine.card_content import CardContent
from card_studio.engine.card_file import CARD_SUFFIX, card_net, load_card
from card_studio.engine.context import Context
from card_studio.engine.deck_file import DeckExtras, DeckHeader, writing_deck
from card_studio.engine.resume import Pace, paced, resumable
from card_studio.errors import CardFileError, UserError
from card_studio.files import content_path, read_array, replacing

_PACKAGES = ("card-studio", "torch", "numpy")
_MOST_ONNX_BYTES = (1 << 31) - (1 << 24)
"""A protocol buffer holds less than 2 GiB; some is left for what is not a weight."""


@resumable
def export_deck(spec: ExportDeck, context: Context) -> Iterator[AnyEvent]:
    """Write the file that a job asks for; it appears under its name only once it is whole.

    Raises:
        CardFileError: a card's file is missing or damaged, or the cards do not belong together.
        UserError: writing ONNX needs packages that are not installed, or the deck is too large for one file.
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    yield PhaseStarted(text="reading the cards")
    cards: dict[CardId, CardContent] = {}
    for card in dict.fromkeys(spec.deck.cards):
        cards[card] = load_card(context.cards / f"{card}{CARD_SUFFIX}")
        yield Advanced(progress=0.0)
    suits, _ = suits_of([suit_label(each.recipe.augmentation) for each in cards.values()])
    if suits != tuple(suit_label(each.augmentation) for each in spec.references):
        raise ValueError("the references are not those of the deck's suits, in its order")
    header = _header(spec, cards)
    spectra = [read_array(content_path(context.artifacts, each.spectra)) for each in spec.references]
    yield from (_onnx if spec.out.suffix == ONNX_SUFFIX else _deck)(spec, header, spectra, cards, context)
    yield Logged(text=f"{spec.out} is written: {spec.out.stat().st_size:,} bytes")


def _header(spec: ExportDeck, cards: Mapping[CardId, CardContent]) -> DeckHeader:
    """Return what the file says of the deck.

    Raises:
        CardFileError: the cards were not made from one dataset.
    """
    first = cards[spec.deck.cards[0]]
    for card, content in cards.items():
        if content.data_digest != first.data_digest:
            raise CardFileError(f"card {card} was not made from {first.data_label}: a deck needs cards of one dataset")
    return DeckHeader(
        deck=spec.deck,
        augmentations=tuple(each.augmentation for each in spec.references),
        classes=first.classes,
        size=first.size,
        data_label=first.data_label,
        data_digest=first.data_digest,
        packages={name: version(name) for name in _PACKAGES},
    )


def _deck(
    spec: ExportDeck,
    header: DeckHeader,
    spectra: Sequence[Floats],
    cards: Mapping[CardId, CardContent],
    context: Context,
) -> Iterator[AnyEvent]:
    yield PhaseStarted(text=f"writing {spec.out.name}")
    files = {card: context.cards / f"{card}{CARD_SUFFIX}" for card in cards}
    extras = DeckExtras(name=spec.name, labels=spec.labels)
    yield from paced(writing_deck(spec.out, header, extras, spectra, files), Pace(1))


def _onnx(
    spec: ExportDeck,
    header: DeckHeader,
    spectra: Sequence[Floats],
    cards: Mapping[CardId, CardContent],
    context: Context,
) -> Iterator[AnyEvent]:
    """Write the graph, a network at a time, and check it; PyTorch's exporter takes some seconds for each."""
    del context
    try:
        from card_studio.engine import onnx_check, onnx_deck
    except ImportError as error:
        raise UserError(ONNX_NEEDS) from error
    _require_room(spec, spectra, cards)
    labels = [suit_label(each.recipe.augmentation) for each in cards.values()]
    _, owners = suits_of(labels)
    owner = dict(zip(cards, owners.tolist(), strict=True))
    nets = {card: card_net(content) for card, content in cards.items()}
    graphs, pace = {}, Pace(len(cards) + 2)
    for number, (card, net) in enumerate(nets.items(), 1):
        yield PhaseStarted(text=f"card {number} of {len(cards)} as ONNX")
        graphs[card] = onnx_deck.net_graph(net, header.size)
        yield from pace.step(1)
    yield PhaseStarted(text=f"writing {spec.out.name}")
    with replacing(spec.out) as temporary:
        temporary.write_bytes(onnx_deck.deck_model(header, spec.name, owner, spectra, graphs).SerializeToString())
        yield from pace.step(1)
        yield PhaseStarted(text="checking it in onnxruntime")
        places = np.array([owner[card] for card in spec.deck.cards])
        in_order = [nets[card] for card in spec.deck.cards]
        difference = onnx_check.largest_difference(temporary, header, spectra, places, in_order)
        yield from pace.step(1)
    yield Logged(text=f"checked in onnxruntime: probabilities differ by {difference:.1g} at most")


def _require_room(spec: ExportDeck, spectra: Sequence[Floats], cards: Mapping[CardId, CardContent]) -> None:
    """Refuse a deck that no ONNX file can hold: it stores every weight in float32, removed ones too."""
    weights = sum(tensor.numel() for content in cards.values() for tensor in content.state.values())
    needed = 4 * weights + sum(each.nbytes for each in spectra)
    if needed > _MOST_ONNX_BYTES:
        raise UserError(
            f"{spec.name} needs {needed / 1e9:.1f} GB as ONNX, whose files hold 2 GB: take cards out, or export a .deck"
        )
