"""Jobs: specifications survive JSON, names say what is done, suites say what their numbers mean."""

import pytest

from card_studio.domain.ids import CardId
from card_studio.domain.job import (
    JOB_SPEC,
    SELECTION_SUITE,
    EvaluateCards,
    JobSpec,
    JobState,
    MakeCard,
    MapCards,
    MapOptions,
    PrepareGate,
    Suite,
    title,
)
from card_studio.domain.names import EXTRA_CORRUPTIONS, FAMILIES, STANDARD_CORRUPTIONS, CorruptionName
from card_studio.domain.options import CleanAugmentation, GaussianAugmentation, ShapesData
from card_studio.domain.recipe import Recipe, identity_of

SPECS: list[tuple[JobSpec, str]] = [
    (MakeCard(recipe=Recipe(name="mine"), then_evaluate=Suite()), "mine"),
    (EvaluateCards(cards=(CardId("a"),)), "Evaluate 1 card"),
    (MapCards(cards=(CardId("a"), CardId("b"))), "Map 2 cards"),
    (
        PrepareGate(data=ShapesData(), augmentations=(CleanAugmentation(), GaussianAugmentation())),
        "Gate: clean, gaussian",
    ),
]


@pytest.mark.parametrize(("spec", "name"), SPECS)
def test_a_specification_survives_json_and_has_a_name(spec: JobSpec, name: str) -> None:
    assert JOB_SPEC.validate_json(JOB_SPEC.dump_json(spec)) == spec
    assert title(spec) == name


def test_a_suite_says_whether_its_mean_is_robust_accuracy() -> None:
    assert Suite().standard
    some = Suite(corruptions=(CorruptionName.FOG,), severities=(5,), images=100)
    assert not some.standard
    assert some.definition == (
        "builtin: 1 corruptions x severities 5, not the standard 15; the first 100 test images; seed 0"
    )


def test_float32_is_what_was_always_meant_and_another_precision_says_so() -> None:
    rough = Suite(precision="bfloat16")
    assert identity_of(rough) == identity_of(Suite()) | {"precision": "bfloat16"}
    assert "precision" not in identity_of(Suite())
    assert identity_of(MapOptions()) == {"images": 256, "norm": 4.0, "clamp": False, "seed": 0}
    assert rough.definition == f"{Suite().definition}; computed in bfloat16"
    assert rough.images_alone == Suite()


def test_selection_touches_neither_test_images_nor_the_fifteen() -> None:
    assert SELECTION_SUITE.split == "validation"
    assert set(SELECTION_SUITE.corruptions) == set(EXTRA_CORRUPTIONS)
    assert not set(SELECTION_SUITE.corruptions) & set(STANDARD_CORRUPTIONS)


def test_families_hold_every_corruption_once_fifteen_of_them_standard() -> None:
    listed = [name for family in FAMILIES.values() for name in family]
    assert sorted(listed) == sorted(CorruptionName)
    assert (len(STANDARD_CORRUPTIONS), len(EXTRA_CORRUPTIONS)) == (15, 4)


def test_states_that_are_ended() -> None:
    assert {state for state in JobState if state.ended} == {JobState.FINISHED, JobState.FAILED, JobState.CANCELLED}
