"""A recipe says how a card is made: read from TOML, checked, overridden from the command line, fingerprinted."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

import tomlkit
from pydantic import BaseModel, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from card_studio.domain.ids import Fingerprint
from card_studio.domain.names import AugmentationName, Compression, DatasetName
from card_studio.domain.options import (
    AnyNetwork,
    AugmentationOptions,
    CleanAugmentation,
    CompressionOptions,
    DataOptions,
    Dense,
    FolderData,
    Iterative,
    Lth,
    NetworkOptions,
    Options,
    Own,
    Ranked,
    Scored,
    ShapesData,
    TrainingOptions,
    ValueType,
    option,
    too_small,
)
from card_studio.errors import RecipeError
from card_studio.settings import SCHEMA_VERSION

_SAME_DENSITY = 0.99
_NEARLY_ALL = 0.9999
_TAGS = frozenset(str(tag) for names in (DatasetName, AugmentationName, Compression) for tag in names) | {
    "built-in",
    "own",
}
"""What pydantic adds to an error's location inside a union; no option bears such a name."""


class Recipe(Options):
    """How to make a card: data, network, augmentation, training, compression, seed."""

    schema_version: int = option(
        SCHEMA_VERSION, "Version of the recipe's form", ge=1, le=SCHEMA_VERSION, identity=False
    )
    name: str = option("", "What you call it; empty for a name made of the parts", identity=False, max_length=120)
    notes: str = option("", "Anything worth remembering", identity=False, max_length=10_000)
    values: ValueType = option(
        "float32",
        "How the card stores kept weights; float16 and int8 round them, binary layers need one bit each",
        since=2,
    )
    seed: int = option(0, "Seed of the initial weights, the data order and the augmentation", ge=0, le=2**31 - 1)
    data: DataOptions = ShapesData()
    network: AnyNetwork = NetworkOptions()
    augmentation: AugmentationOptions = CleanAugmentation()
    training: TrainingOptions = TrainingOptions()
    compression: CompressionOptions = Dense()

    @field_validator("schema_version")
    @classmethod
    def _upgraded(cls, _older: int) -> int:
        """Read an older form as the present one: what came since has defaults that mean the same."""
        return SCHEMA_VERSION

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problem := self._images_too_small():
            raise ValueError(problem)
        compression = self.compression
        if isinstance(compression, Lth) and compression.rewind_epoch >= self.training.epochs:
            raise ValueError("compression.rewind_epoch must be less than training.epochs")
        if not isinstance(compression, Scored) or compression.scope == "layerwise":
            return self
        if compression.schedule_epochs > self.training.epochs:
            raise ValueError("compression.schedule_epochs must be at most training.epochs")
        return self

    def _images_too_small(self) -> str:
        """Say so where it is known before the images are read; those of a .npz are measured by the job."""
        if not isinstance(self.data, FolderData) or not isinstance(self.network, NetworkOptions):
            return ""
        return too_small(self.network.name, self.data.size)

    @property
    def title(self) -> str:
        """The given name, or one made of network, augmentation, method and sparsity."""
        return self.name or described(self)


def described(recipe: Recipe) -> str:
    """Return a short name made of a recipe's parts, such as `resnet20 · gaussian · lrr 80 %`, or that and `int8`."""
    parts = [str(recipe.network.name), str(recipe.augmentation.name), _method_of(recipe)]
    sparsity = target_sparsity(recipe)
    rounded = "" if recipe.values == "float32" else f" · {recipe.values}"
    return " · ".join(parts) + (f" {sparsity_text(sparsity)}" if sparsity else "") + rounded


def sparsity_text(sparsity: float) -> str:
    """Return a share of removed weights as people write it, `80 %`: two decimals, more only short of 100 %."""
    return f"{round(100 * sparsity, 2 if sparsity < _NEARLY_ALL else 6):g} %"


def _method_of(recipe: Recipe) -> str:
    method = recipe.compression
    if isinstance(method, Ranked) and isinstance(method.criterion, Own):
        return f"{method.method} by {method.criterion.name}"
    return str(method.method)


def target_sparsity(recipe: Recipe) -> float:
    """Return the share of prunable weights that the finished card lacks."""
    return getattr(recipe.compression, "sparsity", 0.0)


def at_sparsity(recipe: Recipe, sparsity: float) -> Recipe:
    """Return the recipe of one card of a trajectory: `recipe` ending at `sparsity`; at 0 it is plainly dense.

    Args:
        recipe: a recipe with an iterative method.
        sparsity: one of the sparsities that the trajectory passes.
    """
    if not isinstance(recipe.compression, Iterative):
        raise TypeError(f"{recipe.compression.method} has no levels")
    if sparsity == 0:
        return recipe.model_copy(update={"compression": Dense()})
    compression = recipe.compression.model_copy(update={"sparsity": sparsity, "also_keep": ()})
    return recipe.model_copy(update={"compression": compression})


def level_sparsities(sparsity: float, share_per_level: float) -> tuple[float, ...]:
    """Return the sparsity at each level, from 0 (dense) to the target, the last level clipped to hit it.

    The density after k levels is (1 - share_per_level)**k (METHODS 2, global magnitude). A level that comes within
    1 % of the target's density is the last, so that no whole level is spent on a handful of weights.

    Args:
        sparsity: the target, in [0, 1).
        share_per_level: share of the remaining weights removed at each level, in (0, 1).
    """
    levels = [0.0]
    density = 1.0
    while levels[-1] < sparsity:
        density *= 1 - share_per_level
        arrived = (1 - sparsity) / density > _SAME_DENSITY
        levels.append(sparsity if arrived else 1 - density)
    return tuple(levels)


def fingerprint(recipe: Recipe, data_digest: str) -> Fingerprint:
    """Return the hash of all that determines a recipe's result: options, seed and the data's content.

    Names, notes, paths and other options declared with identity=False do not count; an option younger than schema
    version 1 counts only where it is not at its default, so that old fingerprints stay as they were.

    Args:
        recipe: a recipe of the present schema.
        data_digest: the dataset's content digest.
    """
    content = {"recipe": identity_of(recipe), "data": data_digest}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return Fingerprint(hashlib.sha256(text.encode()).hexdigest())


def identity_of(options: BaseModel) -> dict[str, Any]:
    """Return the options that change a result, as plain JSON values."""
    kept: dict[str, Any] = {}
    plain = options.model_dump(mode="json")
    for name, field in type(options).model_fields.items():
        value = getattr(options, name)
        young_and_default = int(str(_extra(field).get("since", 1))) > 1 and value == field.default
        if _extra(field).get("identity", True) and not young_and_default:
            kept[name] = identity_of(value) if isinstance(value, BaseModel) else plain[name]
    return kept | (options.model_extra or {})


def labels_of(options: BaseModel) -> dict[str, Any]:
    """Return the options that do not change a result and are not at their default: names, notes, paths.

    With `identity_of`, and `merged`, they are the whole again.
    """
    kept: dict[str, Any] = {}
    plain = options.model_dump(mode="json")
    for name, field in type(options).model_fields.items():
        value = getattr(options, name)
        if isinstance(value, BaseModel):
            kept |= {name: inner} if (inner := labels_of(value)) else {}
        elif not _extra(field).get("identity", True) and value != field.default:
            kept[name] = plain[name]
    return kept


def merged(values: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables joined; where both have a plain value, that of `more` counts."""
    both = dict(values)
    for name, value in more.items():
        inner = both.get(name)
        both[name] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return both


def _extra(field: FieldInfo) -> Mapping[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def recipe_from(values: Mapping[str, Any], source: str = "recipe", overrides: Iterable[str] = ()) -> Recipe:
    """Check plain values and make a recipe of them.

    Args:
        values: nested tables, as TOML or JSON gives them.
        source: what to call them in an error: a file's name.
        overrides: `a.b=value`, applied first.

    Raises:
        RecipeError: a key or value is wrong; the text names it and says what is allowed.
    """
    wanted = deepcopy(dict(values))
    for override in overrides:
        _apply(wanted, override)
    try:
        return Recipe.model_validate(wanted)
    except ValidationError as error:
        raise RecipeError(f"{source}: {explain(error)}") from error


def read_recipe(path: Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe from a TOML file, then apply `a.b=value` overrides.

    A relative `data.path` is taken from the recipe file's folder where it exists there.

    Raises:
        RecipeError: the file is missing, is not TOML, or has a wrong key or value.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise RecipeError(f"{path}: no such recipe file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: not a TOML file: {error}") from error
    except PermissionError as error:
        raise RecipeError(f"{path}: no permission to read it") from error
    data_path = values.get("data", {}).get("path") if isinstance(values.get("data"), dict) else None
    if isinstance(data_path, str) and (path.parent / data_path).exists():
        values["data"]["path"] = str((path.parent / data_path).resolve())
    return recipe_from(values, str(path), overrides)


def write_recipe(recipe: Recipe) -> str:
    """Return a recipe as TOML that `read_recipe` reads back to an equal one."""
    return tomlkit.dumps(recipe.model_dump(mode="json", exclude_none=True))


def explain(error: ValidationError) -> str:
    """Return pydantic's complaints in one line, each naming its field and what is allowed."""
    return "; ".join(_complaint(item["loc"], item["msg"], item.get("type", "")) for item in error.errors())


def _complaint(location: tuple[int | str, ...], message: str, kind: str) -> str:
    field = ".".join(str(part) for part in location if not _is_tag(part)) or "the recipe as a whole"
    if kind == "extra_forbidden":
        message = "there is no such option"
    if kind == "union_tag_invalid":
        message = re.sub(r"<\w+\.\w+: ('\w+')>", r"\1", message).replace(
            "does not match any of the expected tags:", "is none of"
        )
    return f"{field}: {message.removeprefix('Value error, ')}"


def _is_tag(part: int | str) -> bool:
    return part in _TAGS


def _apply(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key.strip():
        raise RecipeError(f"--set {override}: write it as key=value, for example training.epochs=20")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    *tables, last = key.strip().split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise RecipeError(f"--set {override}: {table} is not a table of the recipe")
    values[last] = value
