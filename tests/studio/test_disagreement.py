"""Which images cards disagree on most: the measure against scipy, the order and the filters against hand-made cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from card_studio.studio.disagreement import Question, disagreement_sheet, divergence, find_disagreements
from card_studio.studio.robustness import SuiteAnswers, suites_answered
from tests.studio.test_robustness import IMAGES, Answers, card


@given(st.integers(0, 10_000), st.integers(2, 5))
def test_of_two_cards_it_is_scipys_jensen_shannon_distance_squared(seed: int, classes: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.ones(classes), (2, 7)).astype(np.float32)
    expected = [jensenshannon(first, second, base=2) ** 2 for first, second in zip(*p, strict=True)]
    assert divergence(p) == pytest.approx(np.array(expected), abs=1e-5)


def test_it_runs_from_0_to_1_whatever_the_number_of_cards_and_classes() -> None:
    for cards, classes in ((2, 10), (3, 10), (6, 3)):
        sure = np.eye(classes, dtype=np.float16)[np.arange(cards) % classes][:, None]
        assert divergence(sure)[0] == pytest.approx(1, abs=1e-6)
        assert divergence(np.repeat(sure[:1], cards, axis=0))[0] == 0


def test_rows_that_were_rounded_to_float16_are_made_whole() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(10), (3, 50))
    assert divergence(p.astype(np.float16)) == pytest.approx(divergence(p), abs=2e-3)


@pytest.fixture
def arrays() -> Answers:
    return Answers()


@pytest.fixture
def two(arrays: Answers) -> SuiteAnswers:
    """Two cards, right on the first 80 and the first 60 of 100 corrupted images, alike on clean ones."""
    cards = [card("better"), card("worse", augmentation="gaussian")]
    own = [arrays.evaluation(cards[0], 0.8), arrays.evaluation(cards[1], 0.6)]
    return suites_answered(cards, own)[0]


def test_only_unlike_answers_count(arrays: Answers, two: SuiteAnswers) -> None:
    assert len(find_disagreements(arrays, two, Question(cell=0))) == 0
    found = find_disagreements(arrays, two, Question(cell=1))
    assert [each.image for each in found.part(0, IMAGES)] == list(range(60, 80))
    assert {each.divergence for each in found.part(0, IMAGES)} == {1.0}
    first = found.part(0, 1)[0]
    assert [(answer.label, answer.probability, answer.right) for answer in first.answers] == [
        (0, 1.0, True),
        (1, 1.0, False),
    ]
    assert "20 of 100 images with unlike answers" in found.definition


def test_filters_ask_who_is_right(arrays: Answers, two: SuiteAnswers) -> None:
    better, worse = (each.id for each in two.cards)
    assert len(find_disagreements(arrays, two, Question(cell=1, right=better, wrong=worse))) == 20
    assert len(find_disagreements(arrays, two, Question(cell=1, right=worse))) == 0
    assert len(find_disagreements(arrays, two, Question(cell=1, wrong=better))) == 0


def test_over_all_cells_each_image_stands_once_where_the_divergence_is_largest(
    arrays: Answers, two: SuiteAnswers
) -> None:
    worse = two.evaluations[two.cards[1].id]
    weaker = np.array(arrays.stored[worse.probabilities], np.float32)
    weaker[1:3] = 0.9 * weaker[1:3] + 0.05  # less sure at the first corruption
    weaker[4] = 0.6 * weaker[4] + 0.2
    arrays.stored[worse.probabilities] = weaker.astype(np.float16)
    found = find_disagreements(arrays, two, Question())
    assert sorted(each.image for each in found.part(0, IMAGES)) == list(range(60, 80))
    assert {found.cell_words(each.cell) for each in found.part(0, IMAGES)} == {"contrast 1"}


def test_the_largest_divergence_comes_first_and_parts_continue(arrays: Answers, two: SuiteAnswers) -> None:
    worse = two.evaluations[two.cards[1].id]
    stored = np.array(arrays.stored[worse.probabilities], np.float32)
    sure = np.linspace(0.55, 0.95, 20)
    stored[1, 60:80] = np.stack([1 - sure, sure], axis=1)
    arrays.stored[worse.probabilities] = stored.astype(np.float16)
    found = find_disagreements(arrays, two, Question(cell=1))
    assert [each.image for each in found.part(0, 12) + found.part(12, 99)] == list(range(79, 59, -1))
    assert sorted(found.divergence, reverse=True) == list(found.divergence)


def test_the_table_names_classes_and_marks_right_answers(arrays: Answers, two: SuiteAnswers) -> None:
    found = find_disagreements(arrays, two, Question(cell=1))
    sheet = disagreement_sheet(found, found.part(0, 2))
    assert [sheet.written(0, column) for column in range(8)] == [
        "60",
        "fog 1",
        "a",
        "100.0",
        "a *",
        "100.0",
        "b",
        "100.0",
    ]
    assert "Jensen-Shannon" in sheet.note
    assert "n" not in sheet.groups[0][0]
