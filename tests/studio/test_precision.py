"""What an arithmetic changes, counted by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from card_studio.domain.card import Cell, Evaluation
from card_studio.domain.ids import CardId, ContentHash
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.studio.precision import precision_shift

SUITE = Suite(corruptions=(CorruptionName.FOG,), severities=(1,))
ANSWERS = np.array([[[1, 0], [1, 0], [0, 1], [0, 1]], [[1, 0], [0, 1], [0, 1], [0, 1]]], np.float16)


def evaluation(suite: Suite, clean: float, robust: float) -> Evaluation:
    cells = tuple(
        Cell(corruption=name, severity=at, accuracy=accuracy, images=4)
        for name, at, accuracy in ((None, 0, clean), (CorruptionName.FOG, 1, robust))
    )
    return Evaluation(
        card_id=CardId("a"),
        suite=suite,
        suite_key=suite.precision,
        data_digest="d",
        cells=cells,
        clean_accuracy=clean,
        robust_accuracy=robust,
        calibration_error=0.0,
        images=4,
        probabilities=ContentHash("p"),
        labels=ContentHash("l"),
        job_id=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_flipped_answers_are_counted_right_or_wrong() -> None:
    other = ANSWERS.copy()
    other[0, 0] = (0, 1)
    other[1, 3] = (1, 0)
    exact, rough = (
        evaluation(SUITE, 0.75, 0.5),
        evaluation(SUITE.model_copy(update={"precision": "bfloat16"}), 0.5, 0.75),
    )
    shift = precision_shift(exact, rough, ANSWERS, other)
    assert (shift.clean, shift.robust, shift.flipped, shift.answers) == (-0.25, 0.25, 2, 8)
    assert shift.words == (
        "bfloat16 against float32: clean -25.00, robust +25.00 points; 2 of 8 answers flipped (25.00 %), "
        "n = 4 in each cell"
    )


def test_more_than_the_arithmetic_may_not_differ() -> None:
    exact = evaluation(SUITE, 1, 1)
    for other in (evaluation(Suite(precision="bfloat16"), 1, 1), replace(exact, card_id=CardId("b"))):
        with pytest.raises(ValueError, match="the same images"):
            precision_shift(exact, other, ANSWERS, ANSWERS)
