"""A small deck with all that its export needs: two clean cards and a Gaussian one, and their gate's references."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from card_studio.domain.gate import Floats, features
from card_studio.domain.ids import CardId, ContentHash
from card_studio.domain.job import CardLabels, DeckDefinition, ExportDeck, GateOptions, StoredReference
from card_studio.domain.names import CorruptionName, DeckMode
from card_studio.domain.options import AugmentationOptions, CleanAugmentation, GaussianAugmentation
from card_studio.engine.card_content import CardContent
from card_studio.engine.card_file import save_card
from card_studio.engine.context import Context
from card_studio.engine.data import shapes
from card_studio.engine.data.augment import reference_images
from card_studio.engine.data.corrupt import corrupt
from card_studio.files import array_bytes, keep_content
from tests.engine.card_files import binary, sparse

SUITS: tuple[AugmentationOptions, ...] = (CleanAugmentation(), GaussianAugmentation())
GATE = GateOptions(images=60)
CORRUPTIONS = (
    (CorruptionName.GAUSSIAN_NOISE, 5), (CorruptionName.SHOT_NOISE, 3), (CorruptionName.DEFOCUS_BLUR, 3),
    (CorruptionName.CONTRAST, 5),
)  # fmt: skip


def three_cards() -> list[CardContent]:
    """Return a clean card, a binary one trained with Gaussian noise, and another clean one."""
    noisy = binary()
    recipe = noisy.recipe.model_copy(update={"augmentation": SUITS[1]})
    return [sparse(seed=0), replace(noisy, recipe=recipe), sparse(0.5, seed=1)]


def references(options: GateOptions = GATE) -> list[Floats]:
    """Return the spectra of both suits' reference images."""
    images = torch.from_numpy(shapes.render("train", options.images, 0)[0])
    augmented = [reference_images(images, suit, torch.Generator().manual_seed(0)) for suit in SUITS]
    return [features(each.numpy(), options) for each in augmented]


def some_images(count: int) -> NDArray[np.uint8]:
    """Return images uint8 [count, 3, 32, 32], a fifth of them clean, the others corrupted, the kinds by turns."""
    clean = torch.from_numpy(shapes.render("test", count, 0)[0])
    kinds = [clean, *(corrupt(clean, name, level, torch.Generator().manual_seed(0)) for name, level in CORRUPTIONS)]
    return np.stack([kinds[index % len(kinds)][index].numpy() for index in range(count)])


def export_of(
    context: Context,
    out: Path,
    *,
    cards: Sequence[CardContent] = (),
    order: Sequence[int] = (0, 1, 2),
    mode: DeckMode = DeckMode.DOMAIN_ADAPTIVE,
    batch: int = 1,
    name: str = "Three",
) -> ExportDeck:
    """Put cards and references into a workspace; return the job that exports them as a deck."""
    context.cards.mkdir(parents=True, exist_ok=True)
    contents = cards or three_cards()
    ids = [save_card(each, context.cards).id for each in contents]
    kept = [ContentHash(keep_content(context.artifacts, array_bytes(each))) for each in references()]
    return ExportDeck(
        name=name,
        deck=DeckDefinition(cards=tuple(ids[at] for at in order), mode=mode, gate=GATE, batch=batch, temperature=2.0),
        references=tuple(StoredReference(augmentation=a, spectra=s) for a, s in zip(SUITS, kept, strict=True)),
        labels={
            CardId(card): CardLabels(name=f"card {at}", notes="mine", validation_accuracy=0.5 + at / 10)
            for at, card in enumerate(ids)
        },
        out=out,
    )
