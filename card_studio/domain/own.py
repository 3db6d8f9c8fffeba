"""Methods of one's own as the window and the command line know them: by what their files have declared, never run.

A child process runs a file and says what it registers, as `Extension`; that is kept in the workspace. From it
`options_of` makes the same kind of options that our own methods have, so form, lists and checks treat all alike.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from card_studio.domain.declaration import Bound, bounds_of, choices_of, needs_of, unit_of
from card_studio.domain.ids import short
from card_studio.domain.job import CorruptDataset, Suite
from card_studio.domain.names import OWN_PREFIX, MethodKind
from card_studio.domain.options import (
    Options,
    Own,
    OwnAugmentation,
    OwnCorruption,
    OwnCriterion,
    OwnName,
    OwnNetwork,
    PlainValue,
    Ranked,
    option,
)
from card_studio.domain.recipe import Recipe, explain
from card_studio.errors import ExtensionError, RecipeError

OptionType = Literal["bool", "int", "float", "str", "choice"]
_TYPES: dict[OptionType, type] = {"bool": bool, "int": int, "float": float, "str": str}
_TEMPLATES: dict[MethodKind, type[Own]] = {
    MethodKind.NETWORK: OwnNetwork,
    MethodKind.AUGMENTATION: OwnAugmentation,
    MethodKind.CORRUPTION: OwnCorruption,
    MethodKind.CRITERION: OwnCriterion,
}
_MOST_LETTERS = 200
OwnKind = TypeVar("OwnKind", bound=Own)
Corrupted = TypeVar("Corrupted", Suite, CorruptDataset)
_NO_CODE = "0" * 64


class OwnOption(Options):
    """One option, as its file declares it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: OptionType
    choices: tuple[str, ...] = ()
    default: PlainValue
    help: str = ""
    unit: str = ""
    bounds: dict[Bound, int | float] = Field(default_factory=dict)
    needs: tuple[str, str] | None = None


class OwnMethod(Options):
    """One method, as its file registers it."""

    kind: MethodKind
    name: OwnName
    explanation: str = Field(max_length=_MOST_LETTERS)
    options: tuple[OwnOption, ...] = ()


class Extension(Options):
    """A file or an installed package's entry point, and the methods that it registers."""

    source: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the file; of name, version, entry point and module of a package."""
    label: str
    """The file's name, or the package's and its entry point's."""
    entry_point: str = ""
    """Empty for a file."""
    methods: tuple[OwnMethod, ...] = Field(min_length=1)
    current: bool = True
    """Whether it is offered; False once a newer one of the same label is there, which old cards do not use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMethods:
    """All extensions of a workspace."""

    extensions: tuple[Extension, ...] = ()

    def current(self, kind: MethodKind | None = None) -> list[OwnMethod]:
        """Return the methods that are offered, of one kind or of all."""
        found = [method for each in self.extensions if each.current for method in each.methods]
        return [method for method in found if kind is None or method.kind is kind]

    def names(self, kind: MethodKind) -> list[str]:
        """Return the names of the methods of a kind."""
        return [method.name for method in self.current(kind)]

    @property
    def kinds(self) -> list[type[Own]]:
        """The options of each offered method."""
        offered = [each for each in self.extensions if each.current]
        return [options_of(method, each.source) for each in offered for method in each.methods]

    def at_defaults(self, kind: type[OwnKind]) -> list[OwnKind]:
        """Return the offered methods of a kind, such as OwnCorruption, with all their options at their defaults."""
        return [kind.model_validate(made().model_dump()) for made in self.kinds if issubclass(made, kind)]

    def find(self, kind: MethodKind, name: str, source: str = "") -> tuple[OwnMethod, Extension]:
        """Return a method of that name: the one that is offered, or the one from `source`.

        Raises:
            ExtensionError: there is none.
        """
        for each in self.extensions:
            if each.source == source or (not source and each.current):
                for method in each.methods:
                    if (method.kind, method.name) == (kind, name):
                        return method, each
        code = f" from the code {short(source)}" if source else ""
        names = ", ".join(self.names(kind)) or "none"
        raise ExtensionError(
            f"this workspace has no {kind} {name}{code} (of one's own it has: {names}): "
            "add its file with `card-studio extend FILE`"
        )

    def resolved(self, recipe: Recipe) -> Recipe:
        """Return a recipe whose own methods name their code and have all their options.

        Raises:
            RecipeError: an option is wrong, or the workspace has no such method.
        """
        changes: dict[str, Any] = {}
        if isinstance(recipe.network, OwnNetwork):
            changes["network"] = self._whole(recipe.network, MethodKind.NETWORK, ("network",))
        if isinstance(recipe.augmentation, OwnAugmentation):
            changes["augmentation"] = self._whole(recipe.augmentation, MethodKind.AUGMENTATION, ("augmentation",))
        compression = recipe.compression
        if isinstance(compression, Ranked) and isinstance(compression.criterion, OwnCriterion):
            place = ("compression", "criterion")
            whole = self._whole(compression.criterion, MethodKind.CRITERION, place)
            changes["compression"] = compression.model_copy(update={"criterion": whole})
        return recipe.model_copy(update=changes) if changes else recipe

    def resolved_corruptions(self, of: Corrupted) -> Corrupted:
        """Return a suite, or a set to write, that has the code and all options of each of its own corruptions.

        Raises:
            RecipeError: an option is wrong, or the workspace has no such corruption.
        """
        given = [each for each in map(of.corruption, of.corruptions) if isinstance(each, OwnCorruption)]
        own = tuple(self._whole(each, MethodKind.CORRUPTION, ("corruptions",)) for each in given)
        return of.model_copy(update={"own": own})

    def _whole(self, given: Own, kind: MethodKind, place: tuple[str, ...]) -> Own:
        """Return options with the defaults filled in and the code named.

        What is wrong is told as though the recipe itself had found it, so that a form shows it at its field.
        """
        try:
            method, extension = self.find(kind, given.name, given.source)
            whole = options_of(method, extension.source).model_validate(
                given.model_dump() | {"source": extension.source}
            )
        except ExtensionError as error:
            missing = PydanticCustomError("own", "{text}", {"text": str(error)})
            problems = [InitErrorDetails(type=missing, loc=(*place, "name"), input=given.name)]
        except ValidationError as error:
            problems = [_placed(each, place) for each in error.errors()]
        else:
            return type(given).model_validate(whole.model_dump())
        cause = ValidationError.from_exception_data("Recipe", problems)
        raise RecipeError(f"recipe: {explain(cause)}") from cause


def _placed(problem: Mapping[str, Any], place: tuple[str, ...]) -> InitErrorDetails:
    kind = PydanticCustomError(problem["type"], "{text}", {"text": problem["msg"]})
    return InitErrorDetails(type=kind, loc=(*place, *problem["loc"]), input=problem["input"])


def template_of(kind: MethodKind) -> type[Own]:
    """Return what a recipe or a suite keeps of a method of that kind."""
    return _TEMPLATES[kind]


def described(kind: MethodKind, name: str, explanation: str, options: type[Options]) -> OwnMethod:
    """Return what is told of a method; the opposite of `options_of`.

    Raises:
        ExtensionError: the name or an option cannot be used; the text says why.
    """
    try:
        declared = tuple(_described(each, info) for each, info in options.model_fields.items())
        method = OwnMethod(kind=kind, name=OWN_PREFIX + name, explanation=explanation[:_MOST_LETTERS], options=declared)
        options_of(method, _NO_CODE).model_validate({each.name: each.default for each in declared})
    except ValidationError as error:
        raise ExtensionError(f"{kind} {name!r} cannot be used: {explain(error)}") from error
    reserved = set(template_of(kind).model_fields) & set(options.model_fields)
    if reserved:
        raise ExtensionError(f"{kind} {name!r}: an option may not be called {sorted(reserved)[0]!r}: rename it")
    return method


def _described(name: str, info: Any) -> OwnOption:
    kind = info.annotation
    choices = choices_of(kind) if typing.get_origin(kind) is Literal else []
    named: OptionType | None = next((text for text, known in _TYPES.items() if known is kind), None)
    named = "choice" if choices else named
    if named is None or not isinstance(info.default, bool | int | float | str):
        raise ExtensionError(
            f"option {name!r} must be a bool, int, float, str or Literal of texts, and have a default: "
            f'write for example `{name}: int = option(4, "what it does")`'
        )
    return OwnOption(
        name=name,
        type=named,
        choices=tuple(choices),
        default=info.default,
        help=info.description or "",
        unit=unit_of(info),
        bounds=bounds_of(info),
        needs=needs_of(info),
    )


@lru_cache(maxsize=1_000)
def _made(method: str, source: str) -> type[Own]:
    found = OwnMethod.model_validate_json(method)
    fields: dict[str, Any] = {
        "name": (Literal[found.name], found.name),
        "source": (Literal[source], source),
    }
    for each in found.options:
        kind = Literal[each.choices] if each.type == "choice" else _TYPES[each.type]
        constraints: dict[str, Any] = {str(bound): number for bound, number in each.bounds.items()}
        fields[each.name] = (kind, option(each.default, each.help, unit=each.unit, needs=each.needs, **constraints))
    template = template_of(found.kind)
    made: type[Own] = create_model(found.name, __base__=template, __cls_kwargs__={"extra": "forbid"}, **fields)
    made.__doc__ = found.explanation
    return made


def options_of(method: OwnMethod, source: str) -> type[Own]:
    """Return the options of a method as a model with a field for each, the same object for the same method."""
    return _made(method.model_dump_json(), source)
