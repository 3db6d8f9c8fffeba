"""What evaluations of one suite say: groups, lines over sparsity, the matrix, against hand-made cases."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from scipy import stats

from card_studio.domain.card import Card, Cell, Evaluation
from card_studio.domain.ids import CardId, ContentHash, Fingerprint, JobId
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.recipe import recipe_from
from card_studio.studio.normalising import Normaliser
from card_studio.studio.published import robustbench_by_corruption
from card_studio.studio.robustness import lines_over_sparsity, measure, pareto_front, suites_answered
from card_studio.studio.robustness_grid import make_grid
from card_studio.studio.robustness_sheets import data_sheet, reading_sheet, summary_sheet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUITE = Suite(corruptions=(CorruptionName.FOG, CorruptionName.CONTRAST), severities=(1, 5))
IMAGES = 100


def card(
    name: str, *, seed: int = 0, sparsity: float = 0.8, augmentation: str = "clean", network: str = "resnet8"
) -> Card:
    compression: dict[str, Any] = {"method": "lrr", "sparsity": sparsity} if sparsity else {"method": "dense"}
    recipe = recipe_from(
        {
            "seed": seed,
            "name": name,
            "network": {"name": network},
            "augmentation": {"name": augmentation},
            "compression": compression,
        }
    )
    return Card(
        id=CardId(name),
        name=name,
        recipe=recipe,
        fingerprint=Fingerprint("f"),
        data_label="shapes",
        data_digest="d",
        classes=("a", "b"),
        size=32,
        sparsity=sparsity,
        prunable_weights=1000,
        kept_weights=1000,
        parameters=1000,
        binary=False,
        file_bytes=4000,
        reference_bytes=4000,
        level=0,
        total_epochs=3,
        validation_accuracy=0.9,
        clean_accuracy=None,
        robust_accuracy=None,
        suite=None,
        has_map=False,
        job_id=None,
        created_at=NOW,
    )


class Answers:
    """Evaluations with stored answers: each card is right on a given share of the images of every corrupted cell."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {"labels": np.zeros(IMAGES, np.int64)}

    def array(self, content: ContentHash) -> Any:
        return self.stored[content]

    def evaluation(self, of: Card, robust: float, key: str = "k", suite: Suite = SUITE) -> Evaluation:
        places = [(None, 0), *((name, at) for name in suite.corruptions for at in suite.severities)]
        shares = [0.9 if name is None else robust for name, _ in places]
        right = np.arange(IMAGES)[None, :] < np.rint(IMAGES * np.array(shares))[:, None]
        content = ContentHash(f"{of.id} {key}")
        self.stored[content] = np.stack([right, ~right], axis=2).astype(np.float16)
        cells = [
            Cell(corruption=name, severity=at, accuracy=float(own.mean()), images=IMAGES)
            for (name, at), own in zip(places, right, strict=True)
        ]
        return Evaluation(
            card_id=of.id,
            suite=suite,
            suite_key=key,
            data_digest="d",
            cells=tuple(cells),
            clean_accuracy=0.9,
            robust_accuracy=float(right[1:].mean()) if len(right) > 1 else float("nan"),
            calibration_error=0.1,
            images=IMAGES,
            probabilities=content,
            labels=ContentHash("labels"),
            job_id=None,
            created_at=NOW,
        )


def test_evaluations_of_unlike_suites_are_apart() -> None:
    store, first, second = Answers(), card("a"), card("b")
    evaluations = [store.evaluation(first, 0.5), store.evaluation(second, 0.6), store.evaluation(first, 0.4, "other")]
    found = suites_answered([first, second], evaluations)
    assert [(group.key, [each.id for each in group.cards]) for group in found] == [("k", ["a", "b"]), ("other", ["a"])]


def test_a_line_is_the_mean_over_seeds_with_a_t_interval() -> None:
    store = Answers()
    cards = [card(f"s{seed}", seed=seed) for seed in range(3)] + [card("ninety", sparsity=0.9)]
    shares = [0.5, 0.6, 0.64, 0.7]
    evaluations = [store.evaluation(each, share) for each, share in zip(cards, shares, strict=True)]
    (line,) = lines_over_sparsity(suites_answered(cards, evaluations)[0])
    assert [point.sparsity for point in line.points] == [0.8, 0.9]
    first, last = line.points
    assert first.mean == pytest.approx(np.mean(shares[:3]))
    assert first.interval == pytest.approx(
        stats.t.interval(0.95, 2, loc=np.mean(shares[:3]), scale=stats.sem(shares[:3]))
    )
    assert (last.sd, last.interval) == (None, None)


def test_recipes_that_differ_otherwise_are_lines_of_their_own() -> None:
    store = Answers()
    cards = [card("a"), card("b", network="resnet20"), card("c", augmentation="gaussian"), card("d", sparsity=0)]
    evaluations = [store.evaluation(each, 0.5) for each in cards]
    lines = lines_over_sparsity(suites_answered(cards, evaluations)[0])
    assert len({line.label for line in lines}) == 4
    assert any("resnet20" in line.label for line in lines)
    assert lines[0].label == "dense · clean"


def test_the_matrix_says_differences_and_marks_them() -> None:
    store, base, better = Answers(), card("base"), card("better", augmentation="gaussian")
    answers = suites_answered([base, better], [store.evaluation(base, 0.5), store.evaluation(better, 0.8)])[0]
    grid = make_grid(answers, measure(store, answers, [base.id, better.id], base.id), "base")
    assert [row.title for row in grid.rows] == ["clean images", "weather", "fog", "digital", "contrast", "mean of all"]
    fog = grid.cells[2]
    assert [cell.accuracy for cell in fog[0] if cell] == pytest.approx([0.5] * 3)
    assert [cell.difference for cell in fog[1] if cell] == pytest.approx([0.3] * 3)
    assert [cell.marked for cell in fog[1] if cell] == [True, True, False], "no test is made of a mean of two cells"
    assert fog[0][0] is not None
    assert fog[0][0].difference is None
    robust = grid.cells[-1][1][-1]
    assert robust is not None
    assert robust.marked
    assert "paired bootstrap" in robust.words


def test_sheets_hold_every_cell_with_its_interval() -> None:
    store, base, better = Answers(), card("base"), card("better", augmentation="gaussian")
    answers = suites_answered([base, better], [store.evaluation(base, 0.5), store.evaluation(better, 0.8)])[0]
    grid = make_grid(answers, measure(store, answers, [base.id, better.id], base.id), "base")
    data = data_sheet(grid)
    assert len(data.rows) == 2 * 5
    row = next(row for row in data.rows if row[0] == "better" and row[6] == "fog")
    low, high = stats.binomtest(80, 100).proportion_ci(method="wilson")
    assert row[8:12] == pytest.approx((0.8, low, high, 0.3))
    reading = reading_sheet(grid)
    assert reading.groups == (("", 1), ("base (lrr 80 %)", 3), ("better (lrr 80 %)", 3))
    assert sum(count for _, count in reading.groups) == len(reading.headings)
    summary = summary_sheet(grid)
    assert summary.rows[1][11] == pytest.approx(30)
    assert summary.marked == {(1, len(summary.headings) - 3)}


def test_published_columns_stand_beside_the_cards_and_say_so() -> None:
    store, one = Answers(), card("one")
    answers = suites_answered([one], [store.evaluation(one, 0.5)])[0]
    plain = make_grid(answers, measure(store, answers, [one.id], None))
    grid = replace(plain, published=robustbench_by_corruption())
    assert [row.title for row in grid.rows] == ["clean images", "weather", "fog", "digital", "contrast", "mean of all"]
    said = [grid.published_cell(row, 0) for row in range(6)]
    assert [cell and cell.accuracy for cell in said] == pytest.approx([0.9666, None, 0.941, None, 0.933, 0.9094])
    assert all(cell.published and "not this suite" in cell.words for cell in said if cell)
    reading = reading_sheet(grid)
    assert reading.groups[-2:] == (
        ("Published: RobustBench LRR AugMix", 1),
        ("Published: RobustBench LRR deck of six", 1),
    )
    assert reading.rows[1][-2:] == pytest.approx((94.1, 92.7))
    assert "published, not this suite" in reading.note
    assert "published" not in plain.note
    of_literature = [row for row in data_sheet(grid).rows if row[0] == "published"]
    assert len(of_literature) == 2 * 16
    assert all(len(row) == len(data_sheet(grid).headings) for row in data_sheet(grid).rows)


def test_mce_stands_in_the_summary_with_its_normaliser() -> None:
    store, base, better = Answers(), card("base"), card("better", augmentation="gaussian")
    answers = suites_answered([base, better], [store.evaluation(base, 0.5), store.evaluation(better, 0.8)])[0]
    by = Normaliser(title="base", evaluation=answers.evaluations[base.id])
    grid = make_grid(answers, measure(store, answers, [base.id, better.id], None), "", by)
    sheet = summary_sheet(grid)
    assert sheet.headings[-1].text == "mCE (%), by base"
    assert [row[-1] for row in sheet.rows] == pytest.approx([100, 40])
    assert f"over those of base on {SUITE.definition}" in sheet.note
    robust = grid.cells[-1][1][-1]
    assert robust is not None
    assert "mCE 40.0 %, normalised by base" in robust.words
    assert "mCE" not in summary_sheet(make_grid(answers, grid.results)).note


def test_numbers_say_what_they_were_computed_with() -> None:
    store, cards = Answers(), [card("a"), card("b")]
    evaluations = [replace(store.evaluation(each, 0.5), job_id=JobId(at)) for at, each in enumerate(cards, 1)]
    same = suites_answered(cards, evaluations, {JobId(1): "torch 2", JobId(2): "torch 2"})[0]
    assert same.definition().endswith(" · n = 100 in each cell · torch 2")
    unlike = suites_answered(cards, evaluations, {JobId(1): "torch 2", JobId(2): "torch 3"})[0]
    assert "† computed with unlike versions: torch 2; torch 3" in unlike.definition()
    assert "unlike" not in unlike.definition([cards[0].id])
    assert [row[-1] for row in data_sheet(make_grid(unlike, measure(store, unlike, ["a", "b"], None))).rows] == [
        *["torch 2"] * 5,
        *["torch 3"] * 5,
    ]


def test_a_suite_of_clean_images_alone_has_one_row() -> None:
    store, one = Answers(), card("one")
    clean = store.evaluation(one, 0.5, suite=Suite(corruptions=()))
    answers = suites_answered([one], [clean])[0]
    grid = make_grid(answers, measure(store, answers, [one.id], None))
    assert [row.title for row in grid.rows] == ["clean images"]


def test_the_pareto_front_leaves_out_what_is_beaten() -> None:
    assert pareto_front([(1, 5), (2, 4), (2, 3), (3, 1), (0, 5)]) == [0, 1, 3]
    assert pareto_front([]) == []
