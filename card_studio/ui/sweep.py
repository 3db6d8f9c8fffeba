"""A sweep: one recipe over a grid of methods, sparsities, augmentations and seeds; rules without a widget."""

import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from card_studio.domain.names import Compression
from card_studio.domain.options import CompressionOptions, Options
from card_studio.domain.recipe import Recipe, recipe_from
from card_studio.errors import RecipeError

MOST_JOBS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What a sweep varies; an empty axis stays as in the recipe."""

    methods: tuple[Compression, ...] = ()
    sparsities: tuple[float, ...] = ()
    augmentations: tuple[str, ...] = ()
    """AugmentationNames, or names of one's own."""
    seeds: tuple[int, ...] = ()


def sweep(recipe: Recipe, grid: Grid) -> list[Recipe]:
    """Return the recipes of a grid, each once: a method without a sparsity, such as dense, is there once per seed.

    Raises:
        RecipeError: a combination is not a valid recipe, or there are too many.
    """
    made: dict[str, Recipe] = {}
    for augmentation in grid.augmentations or (recipe.augmentation.name,):
        for method in grid.methods or (recipe.compression.method,):
            for sparsity in grid.sparsities or (None,):
                for seed in grid.seeds or (recipe.seed,):
                    each = _varied(recipe, method, sparsity, augmentation, seed)
                    made[each.model_dump_json()] = each
    if len(made) > MOST_JOBS:
        raise RecipeError(f"the sweep has {len(made):,} jobs: at most {MOST_JOBS:,} are queued at once")
    return list(made.values())


def numbers(text: str, name: str, *, whole: bool = False) -> tuple[Any, ...]:
    """Read a list such as `0.8, 0.9`, or for whole numbers also `0-4`.

    Raises:
        RecipeError: a part is not a number.
    """
    found: list[Any] = []
    for part in text.replace(";", ",").split(","):
        first, dash, last = part.strip().partition("-")
        try:
            if whole and dash and first:
                found += range(int(first), int(last) + 1)
            elif part.strip():
                found.append((int if whole else float)(part.strip()))
        except ValueError:
            example = "0, 1, 2 or 0-4" if whole else "0.8, 0.9"
            raise RecipeError(f"{name}: {part.strip()} is no number; write them as {example}") from None
    return tuple(dict.fromkeys(found))


def _varied(recipe: Recipe, method: Compression, sparsity: float | None, augmentation: str, seed: int) -> Recipe:
    values = recipe.model_dump(mode="json")
    values["seed"] = seed
    if augmentation != recipe.augmentation.name:
        values["augmentation"] = {"name": augmentation}
    if method != recipe.compression.method:
        values["compression"] = _carried(recipe.compression, _kind(CompressionOptions, "method", method))
        values["compression"]["method"] = method
    compression = values["compression"]
    if sparsity is not None:
        for key in {"sparsity", "matched_sparsity"} & set(_kind(CompressionOptions, "method", method).model_fields):
            compression[key] = sparsity
        if "also_keep" in compression:
            compression["also_keep"] = [kept for kept in compression["also_keep"] if kept < sparsity]
    return recipe_from(values, f"{method} {augmentation} seed {seed}")


def _carried(old: Options, kind: type[Options]) -> dict[str, Any]:
    """Return the options of an old method that the new one has too, with the same meaning."""
    plain = old.model_dump(mode="json")
    return {name: plain[name] for name in kind.model_fields if name in plain and name not in ("method", "scope")}


def _kind(union: Any, tag: str, value: str) -> type[Options]:
    kinds: Iterable[type[Options]] = typing.get_args(typing.get_args(union)[0])
    return next(kind for kind in kinds if value in _tags(kind, tag))


def _tags(kind: type[Options], tag: str) -> Sequence[str]:
    return typing.get_args(kind.model_fields[tag].annotation)
