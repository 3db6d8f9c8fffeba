"""Methods of one's own in recipes: known by what they declare, checked, and part of the fingerprint."""

from typing import Any, Literal

import pytest

from card_studio.domain.declaration import declared
from card_studio.domain.gate import suit_label
from card_studio.domain.names import MethodKind
from card_studio.domain.own import Extension, OwnMethods, described, options_of
from card_studio.domain.recipe import Recipe, at_sparsity, fingerprint, read_recipe, recipe_from, write_recipe
from card_studio.errors import ExtensionError, RecipeError
from card_studio.extend import Options, option


class StripesOptions(Options):
    period: int = option(4, "Rows from one stripe to the next", unit="px", ge=2, le=32)
    direction: Literal["rows", "columns"] = option("rows", "Along what they run")
    strength: float = option(0.5, "How strong", gt=0, le=1, needs=("direction", "rows"))
    soft: bool = option(False, "Soft edges")
    note: str = option("", "Anything")


STRIPES = described(MethodKind.AUGMENTATION, "stripes", "Stripes", StripesOptions)
MIXER = described(MethodKind.NETWORK, "mixer", "A mixer", StripesOptions)
SPREAD = described(MethodKind.CRITERION, "spread", "Spread", StripesOptions)
OLD, NEW = "a" * 64, "b" * 64


def extension(source: str, *, current: bool = True) -> Extension:
    return Extension(source=source, label="mine.py", methods=(STRIPES, MIXER, SPREAD), current=current)


OWN = OwnMethods(extensions=(extension(NEW), extension(OLD, current=False)))
WHOLE: dict[str, Any] = {
    "network": {"name": "own.mixer", "period": 6},
    "augmentation": {"name": "own.stripes", "period": 8},
    "compression": {"method": "lrr", "criterion": {"name": "own.spread", "soft": True}},
}


def test_what_is_told_of_a_method_says_the_same_as_its_options() -> None:
    told = {each.option: each for each in declared(options_of(STRIPES, NEW)) if each.option not in ("name", "source")}
    meant = {each.option: each for each in declared(StripesOptions)}
    assert told == meant
    assert STRIPES.model_validate_json(STRIPES.model_dump_json()) == STRIPES


def test_a_recipe_is_given_the_code_and_all_options_of_its_own_methods() -> None:
    recipe = OWN.resolved(recipe_from(WHOLE))
    plain = recipe.model_dump(mode="json")
    rest = {"direction": "rows", "strength": 0.5, "soft": False, "note": ""}
    assert plain["augmentation"] == {"name": "own.stripes", "source": NEW, "period": 8, **rest}
    assert plain["compression"]["criterion"] == {"name": "own.spread", "source": NEW, "period": 4, **rest, "soft": True}
    assert (plain["network"]["source"], plain["network"]["period"], plain["network"]["width"]) == (NEW, 6, 1.0)
    assert OWN.resolved(recipe) == recipe
    assert recipe.title == "own.mixer · own.stripes · lrr by own.spread 80 %"


def test_a_recipe_comes_back_from_toml_and_json(tmp_path: Any) -> None:
    recipe = OWN.resolved(recipe_from(WHOLE))
    path = tmp_path / "recipe.toml"
    path.write_text(write_recipe(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize("place", ["network", "augmentation", "criterion"])
def test_other_code_or_another_option_is_another_fingerprint(place: str) -> None:
    group = {"network": WHOLE["network"], "augmentation": WHOLE["augmentation"]}.get(place)
    values = {"compression": WHOLE["compression"]} if group is None else {place: group}
    base = OWN.resolved(recipe_from(values))
    where = "compression.criterion" if group is None else place
    changed = OWN.resolved(recipe_from(values, overrides=[f"{where}.strength=0.25"]))
    older = OWN.resolved(recipe_from(values, overrides=[f"{where}.source={OLD}"]))
    said = OWN.resolved(recipe_from(values, overrides=[f"{where}.strength=0.5"]))
    prints = [fingerprint(each, "data") for each in (base, changed, older, said)]
    assert len(set(prints)) == 3
    assert prints[0] == prints[3]  # a default that is written out changes nothing


def test_a_card_on_the_way_keeps_the_criterion() -> None:
    recipe = OWN.resolved(recipe_from(WHOLE))
    kept = at_sparsity(recipe, 0.5)
    assert kept.model_dump()["compression"]["criterion"] == recipe.model_dump()["compression"]["criterion"]


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("augmentation.period=99", "augmentation.period: Input should be less than or equal to 32"),
        ("augmentation.direction=up", "augmentation.direction: Input should be 'rows' or 'columns'"),
        ("augmentation.perriod=4", "augmentation.perriod: there is no such option"),
        ("augmentation.name=own.gone", "augmentation.name: this workspace has no augmentation own.gone"),
        (f"augmentation.source={'c' * 64}", "from the code cccccccc"),
        ("compression.criterion.soft=maybe", "compression.criterion.soft: Input should be a valid boolean"),
        ("network.depth=4", "network.depth: there is no such option"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(override: str, said: str) -> None:
    with pytest.raises(RecipeError, match=r"^recipe: ") as refused:
        OWN.resolved(recipe_from(WHOLE, overrides=[override]))
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["own.", "own.A", "own.../x", "own.a b", "stripes"])
def test_other_names_are_refused_before_anything_is_looked_up(name: str) -> None:
    with pytest.raises(RecipeError):
        recipe_from({"augmentation": {"name": name}})


def test_an_option_that_a_form_could_not_show_is_refused() -> None:
    class Listed(Options):
        many: tuple[int, ...] = option((), "Many")

    class Bare(Options):
        period: int = option(..., "No default")

    class Taken(Options):
        width: float = option(1.0, "The network has one already")

    class Wrong(Options):
        period: int = option(1, "Its default is out of its range", ge=2)

    for kind, options in [
        ("augmentation", Listed),
        ("augmentation", Bare),
        ("network", Taken),
        ("augmentation", Wrong),
    ]:
        with pytest.raises(ExtensionError):
            described(MethodKind(kind), "mine", "", options)


def test_lists_offer_what_is_current_among_ours() -> None:
    lines = declared(Recipe, own=OWN.kinds)
    assert [each.allowed for each in lines if each.option == "augmentation.name"][-1] == "own.stripes"
    (period,) = [each for each in lines if each.option == "augmentation.period"]
    assert (period.kinds, period.allowed, period.unit) == (("own.stripes",), "2 to 32", "px")
    assert not [each for each in lines if each.option.endswith("source")]
    assert len([each for each in lines if each.option == "compression.criterion.period"]) == 1
    assert OWN.names(MethodKind.NETWORK) == ["own.mixer"]


def test_each_version_and_each_choice_is_a_suit_of_its_own() -> None:
    base = recipe_from(WHOLE)
    labels = {
        suit_label(OWN.resolved(recipe_from(WHOLE, overrides=[each])).augmentation)
        for each in ("seed=1", "augmentation.period=9", f"augmentation.source={OLD}")
    }
    assert len(labels) == 3
    assert all(label.split()[0] == "own.stripes" for label in labels)
    assert base.augmentation.name == "own.stripes"
