"""What is declared of options, in words: for the form, the command line and whoever writes a recipe by hand."""

import enum
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from card_studio.domain.options import Options, Own

Bound = Literal["ge", "gt", "le", "lt"]
"""An end of a range, as `option` is given it."""
_LARGEST_SEED = 2**31 - 1
_TYPES = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One option of a recipe."""

    option: str
    """Where it stands, such as `training.epochs`."""
    kinds: tuple[str, ...]
    """The methods, datasets or augmentations that have it; empty where it is always there."""
    default: Any
    """As plain JSON; None where there is none."""
    required: bool
    unit: str
    allowed: str
    """Its range, its choices, or its type."""
    needs: str
    """What another option must be for this one to matter, such as `schedule = step`; empty where it always does."""
    explanation: str


OwnKinds = Sequence[type[Own]]
"""Options of one's own methods, as the workspace knows them."""


def declared(kind: type[Options], prefix: str = "", own: OwnKinds = ()) -> list[Declared]:
    """Return all options of a group and of the groups in it, in the order of their declaration.

    Kinds of one group that declare the same option share an entry; where they differ, each has its own.
    """
    found: list[Declared] = []
    for name, info in kind.model_fields.items():
        groups = kinds_of(info, own)
        if not groups:
            found.append(_one(prefix + name, info))
        elif len(groups) == 1:
            found += declared(groups[0], f"{prefix}{name}.", own)
        else:
            found += _choice(f"{prefix}{name}.", info, groups, own)
    return [each for each in found if not (issubclass(kind, Own) and each.option == f"{prefix}source")]


def _choice(prefix: str, info: FieldInfo, groups: list[type[Options]], own: OwnKinds) -> list[Declared]:
    """Return the choice between kinds of a group, a line for each, then what each of them has besides."""
    tag = tag_of(info)
    chosen = getattr(info.get_default(), tag)
    found = [_kind(prefix + tag, group, tags_of(group, tag), chosen) for group in groups]
    for group in groups:
        for each in declared(group, prefix, own):
            if each.option != prefix + tag:
                _add(found, each if each.kinds else replace(each, kinds=tags_of(group, tag)))
    every = {name for group in groups for name in tags_of(group, tag)}
    return [replace(each, kinds=()) if set(each.kinds) == every else each for each in found]


def _kind(place: str, group: type[Options], tags: tuple[str, ...], chosen: str) -> Declared:
    return Declared(
        option=place,
        kinds=(),
        default=str(chosen) if chosen in tags else None,
        required=False,
        unit="",
        allowed=", ".join(tags),
        needs="",
        explanation=" ".join((group.__doc__ or "").split()).removesuffix("."),
    )


def _add(found: list[Declared], new: Declared) -> None:
    for place, old in enumerate(found):
        if replace(old, kinds=()) == replace(new, kinds=()):
            found[place] = replace(old, kinds=tuple(dict.fromkeys((*old.kinds, *new.kinds))))
            return
    found.append(new)


def _one(place: str, info: FieldInfo) -> Declared:
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    needs = needs_of(info)
    return Declared(
        option=place,
        kinds=(),
        default=list(default) if isinstance(default, tuple) else default,
        required=info.is_required(),
        unit=unit_of(info),
        allowed=allowed_of(info),
        needs=" = ".join(needs) if needs else "",
        explanation=info.description or "",
    )


def kinds_of(info: FieldInfo, own: OwnKinds = ()) -> list[type[Options]]:
    """Return the groups that an option is, or may be, ours and then one's own; none where it is a plain value."""
    found = list(_groups(info.annotation))
    ours = [kind for kind in found if not issubclass(kind, Own)]
    bases = tuple(kind for kind in found if issubclass(kind, Own))
    return ours + [kind for kind in own if issubclass(kind, bases)]


def _groups(annotation: Any) -> Iterator[type[Options]]:
    if typing.get_origin(annotation) is typing.Annotated:
        yield from _groups(typing.get_args(annotation)[0])
    elif isinstance(annotation, type) and issubclass(annotation, Options):
        yield annotation
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for each in typing.get_args(annotation):
            yield from _groups(each)


def tag_of(info: FieldInfo) -> str:
    """Return which option of a group says what kind of group it is."""
    return info.discriminator if isinstance(info.discriminator, str) else "name"


def tags_of(kind: type[Options], tag: str) -> tuple[str, ...]:
    """Return the values of its tag that choose this kind."""
    return tuple(choices_of(kind.model_fields[tag].annotation))


def unit_of(info: FieldInfo) -> str:
    """Return an option's unit, such as `epochs`."""
    return str(_extra(info).get("unit", ""))


def needs_of(info: FieldInfo) -> tuple[str, str] | None:
    """Return which other option of the group must have which value for this one to matter, if any."""
    needs = _extra(info).get("needs")
    return (str(needs[0]), str(needs[1])) if isinstance(needs, list) else None


def is_shown(info: FieldInfo) -> bool:
    """Whether a form shows an option."""
    return bool(_extra(info).get("shown", True))


def matters(info: FieldInfo, values: Mapping[str, Any]) -> bool:
    """Whether an option has any effect beside the other values of its group."""
    needs = needs_of(info)
    return needs is None or str(values.get(needs[0])) == needs[1]


def allowed_of(info: FieldInfo) -> str:
    """Return what an option may be: its choices or its range, else its type."""
    kind = next(_plain_kinds(info.annotation))
    if choices := choices_of(kind):
        return ", ".join(choices)
    several = typing.get_origin(kind) is tuple
    inner = typing.get_args(kind)[0] if several else kind
    said = ", ".join(choices_of(inner)) or range_of(info) or _TYPES.get(inner, "")
    return f"a list of: {said}" if several else said


def choices_of(kind: Any) -> list[str]:
    """Return the names among which a type chooses; none where it is no choice."""
    if typing.get_origin(kind) is Literal:
        return [str(each) for each in typing.get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [str(each) for each in kind]
    return []


def range_of(info: FieldInfo) -> str:
    """Return an option's range, such as `1 to 16` or `above 0, at most 1`; empty where all is allowed."""
    low = next((rule for rule in info.metadata if isinstance(rule, Ge | Gt)), None)
    high = next((rule for rule in info.metadata if isinstance(rule, Le | Lt)), None)
    if isinstance(low, Ge) and isinstance(high, Le):
        return f"{_short(low.ge)} to {_short(high.le)}"
    said = []
    if low is not None:
        said.append(f"at least {_short(low.ge)}" if isinstance(low, Ge) else f"above {_short(low.gt)}")
    if high is not None:
        said.append(f"at most {_short(high.le)}" if isinstance(high, Le) else f"below {_short(high.lt)}")
    return ", ".join(said)


def bounds_of(info: FieldInfo) -> dict[Bound, int | float]:
    """Return an option's range as `option` was given it, such as {"ge": 1, "le": 16}."""
    known: dict[Bound, type] = {"ge": Ge, "gt": Gt, "le": Le, "lt": Lt}
    return {
        name: getattr(rule, name) for rule in info.metadata for name, kind in known.items() if isinstance(rule, kind)
    }


def _short(number: Any) -> str:
    return "2³¹-1" if number == _LARGEST_SEED else f"{number:,}" if isinstance(number, int) else f"{number:g}"


def _plain_kinds(kind: Any) -> Iterator[Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        yield from (each for each in typing.get_args(kind) if each is not type(None))
    else:
        yield kind


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
