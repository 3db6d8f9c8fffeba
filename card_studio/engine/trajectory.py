"""The levels that a recipe passes through: what each is trained from, for how long, and which of them become cards."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, TypeVar

from card_studio.domain.names import Compression
from card_studio.domain.options import (
    DenseLong,
    FineTune,
    Iterative,
    Lth,
    Options,
    OwnCriterion,
    RandomMask,
    TrainingOptions,
)
from card_studio.domain.recipe import Recipe, at_sparsity, identity_of, level_sparsities, target_sparsity

_DIGITS = 9
"""Sparsities of levels are rounded to so many, so that 1 - 0.8 * 0.8 and 0.36 are the same level."""
Method = TypeVar("Method", bound=Options)


class Start(Enum):
    """What a level's training starts from."""

    FRESH = auto()
    """Initial weights."""
    SURVIVORS = auto()
    """The parent level's trained weights, pruned by magnitude."""
    REWOUND = auto()
    """The same masks, but the weights of the start or of an early epoch."""
    RANDOM_MASK = auto()
    """Initial weights, of which each layer keeps as many as those masks would, chosen at random."""
    GRADUAL = auto()
    """Initial weights, pruned while they are trained."""
    SCORED = auto()
    """Initial weights, which stay; scores are trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One training run of a trajectory."""

    number: int
    """Prunings so far; 0 is dense. Where a trajectory branches, two levels bear the same number."""
    sparsity: float
    """When it is trained."""
    start: Start = Start.FRESH
    parent: int | None = None
    """Place in the trajectory of the level that the masks come from."""
    early: int | None = None
    """Place of the level whose weights survivors go back to; None for the initial weights."""
    path: tuple[dict[str, Any], ...] = ()
    """How it came about, as plain values: with the recipe less its compression, its identity."""
    training: TrainingOptions
    epochs: range
    """Those of the learning rate's schedule that are trained."""
    total_epochs: int
    """Trained in all to get here."""
    rewind_point: bool = False
    """Whether it is only the first epochs of level 0, kept because survivors go back to them."""
    recipe: Recipe | None = None
    """Of the card that is made of it; None where none is."""

    def steps(self, per_epoch: int) -> int:
        """Return its optimiser steps."""
        return len(self.epochs) * per_epoch


def trajectory(recipe: Recipe) -> tuple[Level, ...]:
    """Return the levels of a recipe in the order in which they are trained, parents before children."""
    return tuple(_PLANS[recipe.compression.method](recipe))


def _method(recipe: Recipe, kind: type[Method]) -> Method:
    if not isinstance(recipe.compression, kind):
        raise TypeError(f"{recipe.compression.method} is not planned as {kind.__name__}")
    return recipe.compression


def _dense_level(recipe: Recipe, /, **changes: Any) -> Level:
    epochs = recipe.training.epochs
    level = Level(number=0, sparsity=0.0, training=recipe.training, epochs=range(epochs), total_epochs=epochs)
    return replace(level, **changes)


def _dense(recipe: Recipe) -> list[Level]:
    return [_dense_level(recipe, recipe=recipe)]


def _dense_long(recipe: Recipe) -> list[Level]:
    options = _method(recipe, DenseLong)
    levels = len(level_sparsities(options.matched_sparsity, options.share_per_level))
    training = recipe.training.model_copy(update={"epochs": recipe.training.epochs * levels})
    path = ({"method": options.method, "epochs": training.epochs},)
    changes = {"epochs": range(training.epochs), "total_epochs": training.epochs}
    return [_dense_level(recipe, recipe=recipe, training=training, path=path, **changes)]


def _fine_tune(recipe: Recipe) -> list[Level]:
    options = _method(recipe, FineTune)
    changes = {
        "epochs": options.fine_tune_epochs,
        "learning_rate": options.fine_tune_learning_rate,
        "schedule": "constant",
        "warmup_epochs": 0.0,
    }
    tuned = Level(
        number=1,
        sparsity=options.sparsity,
        start=Start.SURVIVORS,
        parent=0,
        path=(identity_of(options),),
        training=recipe.training.model_copy(update=changes),
        epochs=range(options.fine_tune_epochs),
        total_epochs=recipe.training.epochs + options.fine_tune_epochs,
        recipe=recipe,
    )
    return [_dense_level(recipe), tuned]


def _single(recipe: Recipe, start: Start) -> list[Level]:
    path = (identity_of(recipe.compression),)
    return [_dense_level(recipe, number=1, sparsity=target_sparsity(recipe), start=start, path=path, recipe=recipe)]


def _random_mask(recipe: Recipe) -> list[Level]:
    """Copy the masks of LRR's last level: they depend on all its levels but the last, which is not trained."""
    options = _method(recipe, RandomMask)
    levels: list[Level] = []
    sparsities = _rounded(level_sparsities(options.sparsity, options.share_per_level))
    lrr = {"method": str(Compression.LRR), "dense_first": options.dense_first, "dense_last": options.dense_last}
    for number in range(len(sparsities) - 1):
        levels.append(_pruned(recipe, levels, number - 1, sparsities[number], Start.SURVIVORS, lrr))
    parent = len(levels) - 1
    last = _pruned(recipe, levels, parent, options.sparsity, Start.RANDOM_MASK, identity_of(options))
    return [*levels, replace(last, total_epochs=recipe.training.epochs, recipe=recipe)]


def _iterative(recipe: Recipe) -> list[Level]:
    """Train and prune by turns. Sparsities to keep that lie between levels branch off where their own card would."""
    options = _method(recipe, Iterative)
    method: dict[str, Any] = {"method": str(recipe.compression.method)}
    method |= {"dense_first": options.dense_first, "dense_last": options.dense_last}
    if isinstance(options.criterion, OwnCriterion):
        method["criterion"] = identity_of(options.criterion)
    start, first_epoch = Start.SURVIVORS, 0
    levels: list[Level] = []
    if isinstance(options, Lth):
        start, first_epoch = Start.REWOUND, options.rewind_epoch
        method["rewind_epoch"] = first_epoch
    if first_epoch:
        until = ({"until_epoch": first_epoch},)
        levels.append(
            _dense_level(recipe, path=until, epochs=range(first_epoch), total_epochs=first_epoch, rewind_point=True)
        )
    places: dict[tuple[float, ...], int] = {(): -1}
    for target in sorted({*options.also_keep, options.sparsity}):
        sparsities = _rounded(level_sparsities(target, options.share_per_level))
        for number, sparsity in enumerate(sparsities):
            before, here = sparsities[:number], sparsities[: number + 1]
            if here not in places:
                places[here] = len(levels)
                level = _pruned(recipe, levels, places[before], sparsity, start, method, first_epoch)
                levels.append(level)
        place = places[sparsities]
        levels[place] = replace(levels[place], recipe=at_sparsity(recipe, target))
    return levels


def _pruned(
    recipe: Recipe,
    levels: list[Level],
    parent: int,
    sparsity: float,
    start: Start,
    method: dict[str, Any],
    first_epoch: int = 0,
) -> Level:
    """Return the level after `parent`; where there is none, the dense level 0."""
    if parent < 0:
        return _dense_level(recipe)
    before = levels[parent]
    epochs = range(first_epoch, recipe.training.epochs)
    return Level(
        number=before.number + 1,
        sparsity=sparsity,
        start=start,
        parent=parent,
        early=0 if first_epoch else None,
        path=(*before.path, {**method, "sparsity": sparsity}),
        training=recipe.training,
        epochs=epochs,
        total_epochs=before.total_epochs + len(epochs),
    )


def _rounded(sparsities: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(sparsity, _DIGITS) for sparsity in sparsities)


_PLANS: dict[Compression, Callable[[Recipe], list[Level]]] = {
    Compression.DENSE: _dense,
    Compression.FINE_TUNE: _fine_tune,
    Compression.GRADUAL: lambda recipe: _single(recipe, Start.GRADUAL),
    Compression.LTH: _iterative,
    Compression.LRR: _iterative,
    Compression.EDGE_POPUP: lambda recipe: _single(recipe, Start.SCORED),
    Compression.BIPROP: lambda recipe: _single(recipe, Start.SCORED),
    Compression.DENSE_LONG: _dense_long,
    Compression.RANDOM_MASK: _random_mask,
}
