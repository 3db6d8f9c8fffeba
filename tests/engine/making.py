"""A job of each method, run under a clock that is counted, and what is read from its events."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import torch

from card_studio.domain.job import MakeCard
from card_studio.domain.names import Compression
from card_studio.domain.options import (
    Biprop,
    Dense,
    DenseLong,
    EdgePopup,
    FineTune,
    Gradual,
    Lrr,
    Lth,
    RandomMask,
)
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import (
    AnyEvent,
    CardMade,
    CheckpointSaved,
)
from card_studio.engine.card_file import load_card
from card_studio.engine.context import Command, Context
from card_studio.engine.make_card import make_card

METHODS = {
    Compression.DENSE: Dense(),
    Compression.FINE_TUNE: FineTune(sparsity=0.7, fine_tune_epochs=1),
    Compression.GRADUAL: Gradual(sparsity=0.7, prune_every=1),
    Compression.LTH: Lth(sparsity=0.7, share_per_level=0.5, rewind_epoch=1, also_keep=(0,)),
    Compression.LRR: Lrr(sparsity=0.7, share_per_level=0.5, also_keep=(0, 0.5)),
    Compression.EDGE_POPUP: EdgePopup(sparsity=0.7, scope="global", schedule_epochs=1),
    Compression.BIPROP: Biprop(sparsity=0.7, schedule_epochs=0),
    Compression.DENSE_LONG: DenseLong(matched_sparsity=0.5, share_per_level=0.5),
    Compression.RANDOM_MASK: RandomMask(sparsity=0.7, share_per_level=0.5),
}


def using(recipe: Recipe, compression: object) -> Recipe:
    return recipe.model_copy(update={"compression": compression})


def run(recipe: Recipe, context: Context, save_at: int | None = None) -> list[AnyEvent]:
    """Make a card under a clock that makes every step long enough to be told; with `save_at`, save and die there."""
    seconds = count()
    events = make_card(MakeCard(recipe=recipe), context, clock=lambda: float(next(seconds)))
    told: list[AnyEvent] = []
    event = next(events, None)
    while event is not None:
        told.append(event)
        if save_at is None or len(told) <= save_at:
            event = next(events, None)
        elif isinstance(event := events.send(Command.SAVE), CheckpointSaved):
            events.close()
            break
    return told


def plain(events: Sequence[AnyEvent]) -> list[dict[str, Any]]:
    """Return events without what the clock decides."""
    return [event.model_dump(exclude={"at", "images_per_s", "eta_s"}) for event in events]


def of(kind: type[AnyEvent], events: Sequence[AnyEvent]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def state(made: CardMade, context: Context) -> dict[str, torch.Tensor]:
    return dict(load_card(context.cards / f"{made.card}.card").state)


def elsewhere(context: Context, name: str) -> Context:
    root = context.cards.parent / name
    return replace(context, stages=root / "stages", cards=root / "cards", checkpoint=root / "checkpoint")
