"""mCE against the definition, worked out by hand, and versions in one line."""

from datetime import UTC, datetime

import pytest

from card_studio.domain.card import Cell, Evaluation
from card_studio.domain.ids import CardId, ContentHash
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.run import Environment
from card_studio.studio.normalising import mean_corruption_error
from card_studio.studio.versions import computed_with, versions_text

FOG, CONTRAST = CorruptionName.FOG, CorruptionName.CONTRAST


def evaluation(errors: dict[tuple[CorruptionName, int], int], key: str = "k") -> Evaluation:
    """Return an evaluation on 100 images with so many errors in each cell."""
    cells = [Cell(corruption=None, severity=0, accuracy=1.0, images=100)]
    cells += [
        Cell(corruption=name, severity=at, accuracy=(100 - wrong) / 100, images=100)
        for (name, at), wrong in errors.items()
    ]
    return Evaluation(
        card_id=CardId("a"),
        suite=Suite(corruptions=(FOG, CONTRAST), severities=(1, 5)),
        suite_key=key,
        data_digest="d",
        cells=tuple(cells),
        clean_accuracy=1.0,
        robust_accuracy=0.5,
        calibration_error=0.0,
        images=100,
        probabilities=ContentHash("p"),
        labels=ContentHash("l"),
        job_id=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


BY = evaluation({(FOG, 1): 10, (FOG, 5): 30, (CONTRAST, 1): 20, (CONTRAST, 5): 60})


def test_errors_are_summed_over_severities_before_they_are_divided() -> None:
    own = evaluation({(FOG, 1): 10, (FOG, 5): 10, (CONTRAST, 1): 40, (CONTRAST, 5): 40})
    assert mean_corruption_error(own, BY) == pytest.approx((20 / 40 + 80 / 80) / 2)
    assert mean_corruption_error(BY, BY) == 1


def test_there_is_no_mce_without_errors_to_divide_by() -> None:
    perfect = evaluation({(FOG, 1): 0, (FOG, 5): 0, (CONTRAST, 1): 1, (CONTRAST, 5): 0})
    assert str(mean_corruption_error(BY, perfect)) == "nan"
    assert str(mean_corruption_error(evaluation({}), evaluation({}))) == "nan"


def test_unlike_suites_are_refused() -> None:
    with pytest.raises(ValueError, match="the same suite"):
        mean_corruption_error(BY, evaluation({(FOG, 1): 1}, "other"))


def test_versions_that_matter_are_one_line() -> None:
    environment = Environment(
        machine="m",
        system="Linux",
        processor="p",
        python="3.11",
        packages={"torch": "2.13.0", "card-studio": "0.1.0", "pydantic": "2"},
        git_revision="0123456789abcdef",
        device="cpu",
        threads=2,
        process_id=1,
    )
    assert versions_text(environment) == "card-studio 0.1.0 (0123456), torch 2.13.0, on cpu"
    assert computed_with(["", "a", "a"]) == ["a"]
    assert computed_with([""]) == []
    assert computed_with(["a", "b"]) == ["† computed with unlike versions: a; b"]
