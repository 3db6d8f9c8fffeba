"""Figures hold the records' numbers, refuse what may not be compared, and are saved without a display."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from card_studio.domain.card import Card, Cell, Evaluation, SensitivityMap
from card_studio.domain.ids import CardId, ContentHash, Fingerprint
from card_studio.domain.job import MapOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import AugmentationOptions, CleanAugmentation, GaussianAugmentation
from card_studio.domain.recipe import Recipe
from card_studio.figures.disagreement import contact_sheet
from card_studio.figures.robustness import (
    accuracy_grid,
    clean_against_robust,
    robust_over_sparsity,
    robustness_matrix,
)
from card_studio.figures.sensitivity import frequency_profile, sensitivity_wall
from card_studio.figures.style import save
from card_studio.studio.disagreement import Question, find_disagreements
from card_studio.studio.robustness import SuiteAnswers, suites_answered

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUITE = Suite(corruptions=(CorruptionName.PIXELATE, CorruptionName.GAUSSIAN_NOISE), severities=(1, 3))


def evaluation(accuracies: list[float], key: str = "k") -> Evaluation:
    names = [(None, 0), *((name, severity) for name in SUITE.corruptions for severity in SUITE.severities)]
    return Evaluation(
        card_id=CardId("a"),
        suite=SUITE,
        suite_key=key,
        data_digest="d",
        cells=tuple(
            Cell(corruption=name, severity=severity, accuracy=accuracy, images=50)
            for (name, severity), accuracy in zip(names, accuracies, strict=True)
        ),
        clean_accuracy=accuracies[0],
        robust_accuracy=float(np.mean(accuracies[1:])),
        calibration_error=0.0,
        images=50,
        probabilities=ContentHash("p"),
        labels=ContentHash("l"),
        job_id=None,
        created_at=NOW,
    )


def card(name: str, clean: float | None, robust: float | None, augmentation: AugmentationOptions, size: int) -> Card:
    return Card(
        id=CardId(name),
        name=name,
        recipe=Recipe(augmentation=augmentation),
        fingerprint=Fingerprint("f"),
        data_label="data",
        data_digest="d",
        classes=("a",),
        size=8,
        sparsity=0.0,
        prunable_weights=1,
        kept_weights=1,
        parameters=1,
        binary=False,
        file_bytes=size,
        reference_bytes=1,
        level=0,
        total_epochs=1.0,
        validation_accuracy=0.5,
        clean_accuracy=clean,
        robust_accuracy=robust,
        suite=SUITE,
        has_map=False,
        job_id=None,
        created_at=NOW,
    )


def sensitivity(scale: float, norm: float = 4.0) -> SensitivityMap:
    return SensitivityMap(
        card_id=CardId("a"),
        options=MapOptions(norm=norm),
        size=8,
        errors=(scale * np.arange(64).reshape(8, 8) / 64).astype(np.float32),
        clean_error=0.1,
        images=256,
        job_id=None,
        created_at=NOW,
    )


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_grid_is_grouped_by_family_with_rising_severities() -> None:
    names, severities, values = accuracy_grid(evaluation([0.9, 0.1, 0.2, 0.3, 0.4]))
    assert names == ("gaussian_noise", "pixelate")
    assert severities == (1, 3)
    assert values.tolist() == [[0.3, 0.4], [0.1, 0.2]]


def test_the_matrix_shows_each_accuracy_and_says_what_it_is() -> None:
    figure = robustness_matrix(evaluation([0.9, 0.1, 0.2, 0.3, 0.404]), "a card")
    assert texts(figure) == ["30.0", "40.4", "10.0", "20.0"]
    said = " ".join(figure.get_supxlabel().split())
    assert SUITE.definition in said
    assert "n = 50" in said


def test_a_matrix_with_a_baseline_shows_differences() -> None:
    figure = robustness_matrix(
        evaluation([0.9, 0.1, 0.2, 0.3, 0.4]), "a card", baseline=evaluation([0.9, 0.2, 0.1, 0.3, 0.1])
    )
    assert texts(figure) == ["+0.0", "+30.0", "-10.0", "+10.0"]
    low, high = figure.axes[0].images[0].get_clim()
    assert -low == high == pytest.approx(30)


def test_unlike_numbers_are_not_drawn_together() -> None:
    some = evaluation([0.9, 0.1, 0.2, 0.3, 0.4])
    with pytest.raises(ValueError, match="different suites"):
        robustness_matrix(some, "a card", baseline=evaluation([0.9, 0.1, 0.2, 0.3, 0.4], key="other"))
    with pytest.raises(ValueError, match="same options"):
        sensitivity_wall([sensitivity(1), sensitivity(1, norm=2)], ["a", "b"])
    with pytest.raises(ValueError, match="same options"):
        frequency_profile([], [])


def answered(*cards: tuple[str, float, float, AugmentationOptions, int]) -> SuiteAnswers:
    """Return cards that answered one suite: id, clean and robust accuracy, augmentation, bytes."""
    made = [card(name, clean, robust, suit, size) for name, clean, robust, suit, size in cards]
    own = [replace(evaluation([clean, *[robust] * 4]), card_id=CardId(name)) for name, clean, robust, *_ in cards]
    return suites_answered(made, own)[0]


def test_clean_against_robust_draws_the_cards_by_suit() -> None:
    answers = answered(
        ("a", 0.9, 0.5, CleanAugmentation(), 1_000),
        ("b", 0.8, 0.7, GaussianAugmentation(), 250),
        ("c", 0.7, 0.6, GaussianAugmentation(), 500),
    )
    figure = clean_against_robust(answers)
    axes = figure.axes[0]
    clean, gaussian = axes.collections
    assert clean.get_offsets().tolist() == [[90, 50]]
    assert gaussian.get_offsets().tolist() == pytest.approx(np.array([[80, 70], [70, 60]]))
    assert clean.get_sizes()[0] > gaussian.get_sizes()[1] > gaussian.get_sizes()[0]
    assert axes.lines[0].get_xdata().tolist() == pytest.approx([80, 90])
    assert "n = 50" in figure.get_supxlabel()


def test_sparsity_has_bars_only_where_there_are_replicates() -> None:
    answers = answered(("a", 0.9, 0.5, CleanAugmentation(), 10), ("b", 0.9, 0.7, CleanAugmentation(), 10))
    (line,) = robust_over_sparsity(answers).axes[0].containers
    assert line.lines[0].get_ydata().tolist() == pytest.approx([60])
    (segment,) = line.lines[2][0].get_segments()
    assert segment[:, 1].tolist() == pytest.approx([60 - 10 * 2**0.5, 60 + 10 * 2**0.5])
    (alone,) = robust_over_sparsity(answered(("a", 0.9, 0.5, CleanAugmentation(), 10))).axes[0].containers
    assert not alone.lines[2][0].get_segments()[0].size, "one run has no spread"


def test_a_contact_sheet_shows_each_image_with_every_answer() -> None:
    answers = answered(("a", 0.9, 0.5, CleanAugmentation(), 10), ("b", 0.9, 0.7, GaussianAugmentation(), 10))
    stored = np.zeros((5, 50, 2), np.float16)
    stored[..., 0] = 1
    other = np.ascontiguousarray(stored[..., ::-1])
    arrays = {"a": stored, "b": other, "l": np.zeros(50, np.int64)}
    cards = tuple(replace(each, classes=("cat", "dog")) for each in answers.cards)
    own = {card: replace(each, probabilities=ContentHash(card)) for card, each in answers.evaluations.items()}
    answers = replace(answers, cards=cards, evaluations=own)
    found = find_disagreements(SimpleNamespace(array=arrays.__getitem__), answers, Question(cell=2))
    pictures = [np.full((3, 8, 8), 10 * at, np.uint8) for at in range(6)]
    figure = contact_sheet(found, found.part(0, 6), pictures, ["LRR", "dense"])
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.images[0].get_array()[0, 0, 0] for axes in drawn] == [0, 10, 20, 30, 40, 50]
    assert [text.get_text() for text in drawn[0].texts] == [
        "LRR",
        "✓ cat 100 %",
        "dense",
        "✗ dog 100 %",
        "pixelate 3, image 0",
    ]
    assert drawn[0].get_title(loc="left") == "cat · 100 %"


def test_a_wall_has_one_colour_scale() -> None:
    figure = sensitivity_wall([sensitivity(1), sensitivity(0.3), sensitivity(0.5)], ["a", "b", "c"], columns=2)
    limits = {axes.images[0].get_clim() for axes in figure.axes if axes.images}
    assert len(limits) == 1
    assert [axes.get_title() for axes in figure.axes][:3] == ["a", "b", "c"]
    assert "norm 4" in figure.get_supxlabel()
    difference = sensitivity_wall([sensitivity(1)], ["a"], baseline=sensitivity(1))
    assert not difference.axes[0].images[0].get_array().any()


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_figures_are_saved_whole_and_alike(tmp_path: Path, suffix: str) -> None:
    def draw(name: str) -> bytes:
        return save(frequency_profile([sensitivity(1)], ["a"]), tmp_path / f"{name}{suffix}").read_bytes()

    assert draw("one") == draw("two")
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one{suffix}", f"two{suffix}"]
    if suffix == ".png":
        with Image.open(tmp_path / "one.png") as image:
            assert image.size == (1_100, 720)
    else:
        assert "cycles per image" in (tmp_path / "one.svg").read_text()


def test_other_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.png or \.svg"):
        save(frequency_profile([sensitivity(1)], ["a"]), tmp_path / "figure.jpg")
