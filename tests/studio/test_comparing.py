"""Comparing two cards: against scipy's test and hand-made cases."""

from datetime import UTC, datetime

import numpy as np
import pytest
from scipy import stats

from card_studio.domain.card import Cell, Evaluation
from card_studio.domain.ids import CardId, ContentHash
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.studio.comparing import compare, correct, robust_interval

SUITE = Suite(corruptions=(CorruptionName.FOG,), severities=(1, 2))


def evaluation(key: str = "k", suite: Suite = SUITE) -> Evaluation:
    cells = [(None, 0), *((name, severity) for name in suite.corruptions for severity in suite.severities)]
    return Evaluation(
        card_id=CardId("a"),
        suite=suite,
        suite_key=key,
        data_digest="d",
        cells=tuple(Cell(corruption=name, severity=at, accuracy=0.0, images=200) for name, at in cells),
        clean_accuracy=0.0,
        robust_accuracy=0.0,
        calibration_error=0.0,
        images=200,
        probabilities=ContentHash("p"),
        labels=ContentHash("l"),
        job_id=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def answering(rights: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return answers [cells, N, 2] that are right just where `rights` [cells, N] says."""
    shown = np.where(rights, labels, 1 - labels)
    return np.eye(2, dtype=np.float16)[shown]


def test_a_comparison_is_mcnemar_cell_by_cell_with_holm_over_all() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    first, second = rng.random((3, 200)) < 0.9, rng.random((3, 200)) < np.array([[0.9], [0.8], [0.7]])
    found = compare(
        evaluation(),
        evaluation(),
        answers=answering(first, labels),
        baseline_answers=answering(second, labels),
        labels=labels,
    )
    raw = [
        stats.binomtest(int((a & ~b).sum()), int((a ^ b).sum()), 0.5).pvalue for a, b in zip(first, second, strict=True)
    ]
    order = np.argsort(raw)
    stepped = np.minimum(1, np.maximum.accumulate(np.array(raw)[order] * [3, 2, 1]))
    assert [found.cells[index].p_value for index in order] == pytest.approx(list(stepped))
    assert [cell.difference for cell in found.cells] == pytest.approx(list(first.mean(1) - second.mean(1)), abs=1e-6)
    assert found.cells[2].significant
    assert found.robust == pytest.approx(first[1:].mean() - second[1:].mean())
    assert found.clean == pytest.approx(first[0].mean() - second[0].mean())
    low, high = found.robust_interval
    rows = first[1:].mean(axis=0) - second[1:].mean(axis=0)
    half = 1.96 * float(rows.std()) / 200**0.5
    assert (low, high) == pytest.approx((rows.mean() - half, rows.mean() + half), abs=0.01)
    assert low < found.robust < high


def test_a_card_against_itself_differs_nowhere() -> None:
    labels = np.zeros(200, np.int64)
    answers = answering(np.random.default_rng(0).random((3, 200)) < 0.5, labels)
    found = compare(evaluation(), evaluation(), answers=answers, baseline_answers=answers, labels=labels)
    assert {cell.p_value for cell in found.cells} == {1.0}
    assert not any(cell.significant for cell in found.cells)
    assert (found.robust, found.robust_interval) == (0, (0, 0))


def test_other_suites_are_refused() -> None:
    answers = np.zeros((3, 4, 2), np.float16)
    with pytest.raises(ValueError, match="on one suite"):
        compare(
            evaluation(),
            evaluation("other"),
            answers=answers,
            baseline_answers=answers,
            labels=np.zeros(4, np.int64),
        )


def test_the_interval_of_robust_accuracy_is_over_images_not_cells() -> None:
    labels = np.zeros(400, np.int64)
    lucky = np.random.default_rng(1).random(400) < 0.5
    answers = answering(np.tile(lucky, (3, 1)), labels)
    low, high = robust_interval(evaluation(), answers, labels)
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / 20, abs=0.015)
    assert correct(answers, labels).tolist() == np.tile(lucky, (3, 1)).tolist()
    clean_only = evaluation(suite=Suite(corruptions=()))
    assert np.isnan(robust_interval(clean_only, answers[:1], labels)).all()
