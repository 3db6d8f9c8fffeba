"""A study's tables against hand-made cases: replicates, one run, recipes that differ otherwise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from card_studio.domain.card import Card
from card_studio.studio.replicates import group_cards, recipe_key
from card_studio.studio.report import corruption_sheet, groups_sheet, table_sheet
from card_studio.studio.robustness import SuiteAnswers, suites_answered
from card_studio.studio.sheet import as_markdown
from tests.studio.test_robustness import Answers, card


def answered(*pairs: tuple[Card, float]) -> SuiteAnswers:
    arrays = Answers()
    own = [replace(each, id=each.id + str(each.recipe.seed) + str(at)) for at, (each, _) in enumerate(pairs)]
    robust = [arrays.evaluation(each, share) for each, (_, share) in zip(own, pairs, strict=True)]
    return suites_answered(own, robust)[0]


@pytest.fixture
def answers() -> SuiteAnswers:
    """Two replicates clean, one Gaussian, one dense."""
    return answered(
        (card("lrr"), 0.6),
        (card("lrr", seed=1), 0.7),
        (card("lrr", augmentation="gaussian"), 0.8),
        (card("dense", sparsity=0.0), 0.5),
    )


def test_methods_by_augmentation_with_spread_and_one_run_named(answers: SuiteAnswers) -> None:
    sheet = table_sheet(answers, "robust")
    assert [heading.text for heading in sheet.headings] == ["Method", "clean", "gaussian"]
    assert sheet.rows == (
        ("resnet8 · dense", "50.0 (one run)", None),
        ("resnet8 · lrr 80 %", "65.0 ± 7.1", "80.0 (one run)"),
    )
    assert "n = 100" in sheet.note


def test_recipes_that_differ_otherwise_are_told_apart() -> None:
    short = card("lrr")
    training = short.recipe.training.model_copy(update={"epochs": 99})
    longer = replace(short, recipe=short.recipe.model_copy(update={"training": training}))
    sheet = table_sheet(answered((short, 0.6), (longer, 0.7)), "robust")
    epochs = short.recipe.training.epochs
    assert {row[0] for row in sheet.rows} == {f"resnet8 · lrr 80 % · {n} epochs" for n in (epochs, 99)}


def test_the_interval_over_replicates_is_students(answers: SuiteAnswers) -> None:
    sheet = groups_sheet(answers)
    by_name = {row[0]: row for row in sheet.rows}
    row = by_name["resnet8 · lrr 80 % · clean"]
    low, high = stats.t.interval(0.95, 1, loc=65, scale=np.std([60, 70], ddof=1) / 2**0.5)
    assert row[1] == 2
    assert row[5:9] == pytest.approx((65, np.std([60, 70], ddof=1), low, high))
    assert by_name["resnet8 · dense · clean"][6:9] == (None, None, None)


def test_accuracy_by_corruption_is_over_severities_and_replicates(answers: SuiteAnswers) -> None:
    sheet = corruption_sheet(answers)
    assert [row[0] for row in sheet.rows] == ["clean images", "fog", "contrast"]
    at = [heading.text for heading in sheet.headings].index("resnet8 · lrr 80 % · clean")
    assert [row[at] for row in sheet.rows] == pytest.approx([90, 65, 65])


def test_markdown_keeps_marks_and_note(answers: SuiteAnswers) -> None:
    sheet = replace(table_sheet(answers, "robust"), marked=frozenset({(0, 1)}))
    lines = as_markdown(sheet).splitlines()
    assert lines[0] == "| Method | clean | gaussian |"
    assert lines[1] == "| --- | ---: | ---: |"
    assert r"50.0 (one run) \*" in lines[2]
    assert lines[-1] == sheet.note


def test_replicates_differ_in_the_seed_alone() -> None:
    cards = [card("a"), card("b", seed=1), card("c", sparsity=0.9), card("d", augmentation="gaussian")]
    assert [len(group.cards) for group in group_cards(cards)] == [2, 1, 1]
    assert recipe_key(cards[0]) != recipe_key(cards[3])
    assert recipe_key(cards[0], without=("augmentation",)) == recipe_key(cards[3], without=("augmentation",))
