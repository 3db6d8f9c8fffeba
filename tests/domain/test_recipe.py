"""Recipes: what is accepted, what an error says, fingerprints that stay, levels that hit their target."""

import itertools
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from card_studio.domain.names import Compression
from card_studio.domain.options import (
    Dense,
    FolderData,
    GaussianAugmentation,
    Lrr,
    Options,
    TrainingOptions,
    ValueType,
    option,
)
from card_studio.domain.recipe import (
    Recipe,
    at_sparsity,
    described,
    fingerprint,
    identity_of,
    labels_of,
    level_sparsities,
    merged,
    read_recipe,
    recipe_from,
    sparsity_text,
    target_sparsity,
    write_recipe,
)
from card_studio.errors import RecipeError
from card_studio.settings import SCHEMA_VERSION

# Pinned: a change here makes every stored fingerprint, stage and card of users foreign.
GOLDEN = {
    "default": "2de4d16b10fd12b29da4c1d2377ebe0c18594be5a17d6a49b6b7d65f4db9a6d6",
    "lrr": "70956f4d0ba5f1dcd9982d94d08e3bcc43431e9cce986ccaf172a0860dd31647",
}


def test_fingerprints_are_pinned() -> None:
    lrr = recipe_from({"seed": 3, "compression": {"method": "lrr", "sparsity": 0.9}})
    assert {"default": fingerprint(Recipe(), "digest"), "lrr": fingerprint(lrr, "digest")} == GOLDEN


def test_what_does_not_change_the_result_does_not_change_the_fingerprint() -> None:
    folder = {"name": "folder", "path": "a"}
    plain = recipe_from({"data": folder})
    moved = recipe_from({"name": "other", "notes": "n", "data": folder | {"path": "b", "label": "L"}})
    assert fingerprint(plain, "d") == fingerprint(moved, "d")
    keeping = recipe_from({"compression": {"method": "lrr", "also_keep": [0.0]}})
    assert fingerprint(keeping, "d") == fingerprint(recipe_from({"compression": {"method": "lrr"}}), "d")


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"data": {"name": "shapes", "render_seed": 1}},
        {"network": {"name": "resnet8"}},
        {"augmentation": {"name": "gaussian"}},
        {"training": {"epochs": 31}},
        {"compression": {"method": "lrr"}},
    ],
)
def test_what_changes_the_result_changes_the_fingerprint(change: dict[str, object]) -> None:
    assert fingerprint(recipe_from(change), "d") != fingerprint(Recipe(), "d")
    assert fingerprint(Recipe(), "other data") != fingerprint(Recipe(), "d")


class _Grown(Options):
    old: int = option(1, "there from the start")
    new: int = option(7, "added later", since=2)


def test_an_option_that_came_later_counts_only_off_its_default() -> None:
    assert identity_of(_Grown()) == {"old": 1}
    assert identity_of(_Grown(new=8)) == {"old": 1, "new": 8}


def test_options_of_recipes_are_all_explained() -> None:
    unexplained = [
        f"{group.__name__}.{name}"
        for group in _groups(Options)
        if group.__module__.endswith("domain.options")
        for name, field in group.model_fields.items()
        if name not in ("name", "method") and not field.description
    ]
    assert unexplained == []


def _groups(base: type[Options]) -> list[type[Options]]:
    return [group for each in base.__subclasses__() for group in (each, *_groups(each))]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"trainig": {}}, "trainig: there is no such option"),
        ({"training": {"epochs": "many"}}, "training.epochs: Input should be a valid integer"),
        ({"training": {"epochs": 0}}, "training.epochs: Input should be greater than or equal to 1"),
        ({"compression": {"method": "lrr", "sparsity": 1.0}}, "compression.sparsity: Input should be less than 1"),
        ({"compression": {"method": "lrr", "scope": "global"}}, "compression.scope: there is no such option"),
        ({"augmentation": {"name": "cutout"}}, "'clean', 'gaussian', 'augmix'"),
        ({"network": {"name": "resnet9"}}, "network.name: Input should be"),
        ({"training": {"momentum": 0, "nesterov": True}}, "nesterov needs momentum"),
        ({"training": {"epochs": 2}, "compression": {"method": "lth", "rewind_epoch": 2}}, "rewind_epoch must be less"),
        ({"compression": {"method": "lrr", "sparsity": 0.5, "also_keep": [0.5]}}, "also_keep must hold sparsities"),
        ({"data": {"name": "folder"}}, "data.path: Field required"),
    ],
)
def test_a_wrong_recipe_names_the_field_and_what_is_allowed(values: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_from(values, "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_is_read_with_overrides(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('seed = 2\n[compression]\nmethod = "lrr"\n')
    recipe = read_recipe(path, ["training.epochs=5", "network.name=resnet8", "compression.sparsity=0.5"])
    assert (recipe.seed, recipe.training.epochs, recipe.network.name, target_sparsity(recipe)) == (2, 5, "resnet8", 0.5)


def test_a_relative_data_path_starts_at_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    path = tmp_path / "mine.toml"
    path.write_text('[data]\nname = "folder"\npath = "pictures"\n')
    data = read_recipe(path).data
    assert isinstance(data, FolderData)
    assert data.path == tmp_path / "pictures"


@pytest.mark.parametrize(
    ("content", "overrides", "said"),
    [
        (None, [], "no such recipe file"),
        (b"seed = ", [], "not a TOML file"),
        (b"\xff\xfe", [], "not a TOML file"),
        (b"", ["seed"], "write it as key=value"),
        (b"seed = 1", ["seed.x=1"], "seed is not a table"),
    ],
)
def test_an_unreadable_recipe_is_the_users_error(
    tmp_path: Path, content: bytes | None, overrides: list[str], said: str
) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=said):
        read_recipe(path, overrides)


recipes = st.builds(
    Recipe,
    name=st.text(max_size=20).filter(lambda text: text.isprintable()),
    seed=st.integers(0, 2**31 - 1),
    augmentation=st.builds(GaussianAugmentation, sigma=st.floats(0.01, 1)),
    training=st.builds(TrainingOptions, epochs=st.integers(1, 300), learning_rate=st.floats(0.001, 10)),
    compression=st.one_of(st.just(Dense()), st.builds(Lrr, sparsity=st.floats(0.1, 0.99))),
)


@given(recipes)
def test_a_recipe_survives_toml(recipe: Recipe) -> None:
    assert recipe_from(tomllib.loads(write_recipe(recipe))) == recipe


def test_levels_of_the_paper() -> None:
    published = (1, 0.8, 0.64, 0.512, 0.4096, 0.3277, 0.2621, 0.2097)
    levels = level_sparsities(0.8, 0.2)
    assert [round(1 - each, 4) for each in levels[:-1]] == list(published)
    assert levels[-1] == 0.8
    assert len(level_sparsities(0.95, 0.2)) == 15  # level 14 is clipped from .0440 to .05


def test_three_levels_of_the_tour_end_at_the_target() -> None:
    assert level_sparsities(0.8, 0.415) == (0.0, pytest.approx(0.415), pytest.approx(0.657775), 0.8)


@given(st.floats(0, 0.99), st.floats(0.01, 0.9))
def test_levels_rise_to_exactly_the_target(sparsity: float, share: float) -> None:
    levels = level_sparsities(sparsity, share)
    assert levels[0] == 0
    assert levels[-1] == sparsity
    assert all(a < b for a, b in itertools.pairwise(levels))


def test_level_zero_of_a_trajectory_is_plainly_dense() -> None:
    recipe = recipe_from({"compression": {"method": "lrr", "sparsity": 0.9, "also_keep": [0.0, 0.5]}})
    assert at_sparsity(recipe, 0.0).compression == Dense()
    half = at_sparsity(recipe, 0.5)
    assert (half.compression.method, target_sparsity(half)) == (Compression.LRR, 0.5)
    with pytest.raises(TypeError):
        at_sparsity(Recipe(), 0.5)


@pytest.mark.parametrize(
    ("sparsity", "text"),
    [(0.5, "50 %"), (0.800012, "80 %"), (0.8926, "89.26 %"), (0.99985, "99.98 %"), (0.999999, "99.9999 %")],
)
def test_a_sparsity_is_written_with_two_decimals_and_never_as_all(sparsity: float, text: str) -> None:
    assert sparsity_text(sparsity) == text


def test_a_title_says_what_is_made() -> None:
    recipe = recipe_from({"network": {"name": "resnet8"}, "compression": {"method": "lrr", "sparsity": 0.95}})
    assert described(recipe) == "resnet8 · clean · lrr 95 %"
    assert described(recipe.model_copy(update={"values": "int8"})) == "resnet8 · clean · lrr 95 % · int8"
    assert recipe.model_copy(update={"name": "mine"}).title == "mine"


@given(recipes)
def test_identity_and_labels_together_are_the_whole(recipe: Recipe) -> None:
    assert recipe_from(merged(labels_of(recipe), identity_of(recipe))) == recipe


def test_labels_hold_names_and_paths_and_nothing_that_counts() -> None:
    recipe = recipe_from({"name": "mine", "data": {"name": "folder", "path": "a", "size": 64}})
    assert labels_of(recipe) == {"name": "mine", "data": {"path": "a"}}


def test_fields_declared_without_option_still_have_an_identity() -> None:
    class Plain(Options):
        value: int = Field(default=1)

    assert identity_of(Plain()) == {"value": 1}


def test_an_older_form_is_read_as_the_present_one() -> None:
    assert recipe_from({"schema_version": 1}) == Recipe()
    with pytest.raises(RecipeError, match="schema_version: Input should be less than or equal to"):
        recipe_from({"schema_version": SCHEMA_VERSION + 1})


def test_rounded_values_are_part_of_a_recipes_identity_and_exact_ones_are_not_named() -> None:
    assert "values" not in identity_of(Recipe())
    prints = {fingerprint(recipe_from({"values": values}), "d") for values in get_args(ValueType)}
    assert len(prints) == 3


def test_no_option_is_younger_than_the_schema() -> None:
    fields = [field for group in (Recipe, *_groups(Options)) for field in group.model_fields.values()]
    since = [extra.get("since", 1) for field in fields if isinstance(extra := field.json_schema_extra, dict)]
    assert max(since) <= SCHEMA_VERSION


def test_images_too_small_for_the_network_are_refused_before_any_work() -> None:
    small = {"name": "folder", "path": "a", "size": 12}
    with pytest.raises(RecipeError, match="network conv8 needs images of at least 16x16 pixels, not 12x12: choose"):
        recipe_from({"data": small, "network": {"name": "conv8"}})
    assert recipe_from({"data": small | {"size": 16}, "network": {"name": "conv8"}})
    assert recipe_from({"data": small, "network": {"name": "conv6"}})
