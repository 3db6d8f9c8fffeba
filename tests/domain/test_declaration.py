"""What the form and the command line say of options is what the recipe's declaration says."""

from typing import Any, get_args

import pytest

from card_studio.domain.declaration import Declared, allowed_of, declared, matters, needs_of
from card_studio.domain.names import AugmentationName, Compression, DatasetName
from card_studio.domain.options import Biprop, Options, TrainingOptions, option
from card_studio.domain.recipe import Recipe, recipe_from

LIST = declared(Recipe)


def entries(place: str, kind: str = "") -> list[Declared]:
    return [each for each in LIST if each.option == place and (not kind or kind in each.kinds)]


@pytest.mark.parametrize("method", Compression)
def test_every_option_of_a_method_is_listed_once_for_it(method: Compression) -> None:
    recipe = recipe_from({"compression": {"method": method}})
    for name, value in recipe.compression.model_dump(mode="json").items():
        if name == "method":
            continue
        nested = isinstance(value, dict)
        (entry,) = entries(f"compression.{name}.name" if nested else f"compression.{name}", method)
        assert entry.default == (value["name"] if nested else value)
        assert entry.explanation


@pytest.mark.parametrize(
    ("place", "names", "default"),
    [
        ("data.name", DatasetName, "shapes"),
        ("augmentation.name", AugmentationName, "clean"),
        ("compression.method", Compression, "dense"),
    ],
)
def test_each_kind_of_a_group_has_a_line_that_says_what_it_is(place: str, names: Any, default: str) -> None:
    lines = entries(place)
    assert [tag for line in lines for tag in line.allowed.split(", ")] == [str(name) for name in names]
    assert [line.default for line in lines if line.default] == [default]
    assert all(line.explanation for line in lines)


def test_nothing_is_listed_that_a_recipe_would_refuse() -> None:
    for entry in LIST:
        group, _, name = entry.option.partition(".")
        if not name or entry.required or not entry.kinds:
            continue
        tag = "method" if group == "compression" else "name"
        for kind in entry.kinds:
            needed = {"path": "a"} if kind in ("folder", "npz") else {}
            given: dict[str, Any] = {name: entry.default} if entry.default is not None else {}
            outer, dot, inner = name.partition(".")
            if dot:
                given = {outer: {inner: entry.default}}
            assert recipe_from({group: {tag: kind, **needed, **given}})


def test_units_ranges_and_choices_are_told() -> None:
    (epochs,) = entries("training.epochs")
    assert (epochs.unit, epochs.allowed, epochs.default) == ("epochs", "1 to 10,000", 30)
    (sparsity,) = entries("compression.sparsity")
    assert sparsity.allowed == "at least 0, below 1"
    assert set(sparsity.kinds) == set(map(str, Compression)) - {"dense", "dense_long"}
    (values,) = entries("values")
    assert values.allowed == "float32, float16, int8"
    assert [each.required for each in entries("data.path")] == [False, True, True]


class _Some(Options):
    many: tuple[float, ...] = option((), "several", ge=0)
    maybe: int | None = option(None, "one or none")


def test_lists_and_options_that_may_be_empty_say_what_they_hold() -> None:
    assert allowed_of(_Some.model_fields["many"]).startswith("a list of: ")
    assert allowed_of(_Some.model_fields["maybe"]) == "a whole number"


@pytest.mark.parametrize("kind", [TrainingOptions, Biprop])
def test_what_an_option_needs_is_another_option_and_one_of_its_choices(kind: type[Options]) -> None:
    needing = [(name, info) for name, info in kind.model_fields.items() if needs_of(info)]
    assert needing
    for _, info in needing:
        other, value = needs_of(info) or ("", "")
        assert value in get_args(kind.model_fields[other].annotation)
        assert matters(info, {other: value})
        assert not matters(info, {other: "something else"})
