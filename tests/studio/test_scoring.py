"""Deck scores against the domain's own weights and means, image by image, and against hand-made cases."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from card_studio.domain.card import Card, Cell, Evaluation
from card_studio.domain.deck import Deck, DeckMode, DeckScore, card_weights, combine, suits_of
from card_studio.domain.gate import suit_label
from card_studio.domain.ids import CardId, ContentHash, DeckId, Fingerprint
from card_studio.domain.job import GateOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import (
    AugmentationOptions,
    AugmixAugmentation,
    CleanAugmentation,
    GaussianAugmentation,
)
from card_studio.domain.recipe import Recipe
from card_studio.studio.scoring import right, score_deck, votes_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUITE = Suite(corruptions=(CorruptionName.FOG, CorruptionName.SNOW), severities=(1, 4))
OPTIONS: dict[str, AugmentationOptions] = {
    "clean": CleanAugmentation(),
    "gaussian": GaussianAugmentation(),
    "augmix": AugmixAugmentation(),
    "gaussian sigma=0.2": GaussianAugmentation(sigma=0.2),
}


def card(number: int, suit: str, file_bytes: int = 1_000) -> Card:
    return Card(
        id=CardId(f"{number:064x}"),
        name=f"card {number}",
        recipe=Recipe(seed=number, augmentation=OPTIONS[suit]),
        fingerprint=Fingerprint("f"),
        data_label="data",
        data_digest="d",
        classes=("a", "b", "c"),
        size=8,
        sparsity=0.8,
        prunable_weights=10,
        kept_weights=2,
        parameters=12,
        binary=False,
        file_bytes=file_bytes,
        reference_bytes=900,
        level=0,
        total_epochs=1.0,
        validation_accuracy=0.9,
        clean_accuracy=None,
        robust_accuracy=None,
        suite=None,
        has_map=False,
        job_id=None,
        created_at=NOW,
    )


def deck(
    cards: Sequence[Card], mode: DeckMode = DeckMode.DOMAIN_ADAPTIVE, m: int = 1, temperature: float = 1.0
) -> Deck:
    return Deck(
        id=DeckId(1),
        name="deck",
        cards=tuple(each.id for each in cards),
        mode=mode,
        gate=GateOptions(),
        batch=m,
        temperature=temperature,
        created_at=NOW,
        modified_at=NOW,
    )


def evaluation(of: Card, suite: Suite = SUITE, images: int = 10, key: str = "k") -> Evaluation:
    cells = [(None, 0), *((name, severity) for name in suite.corruptions for severity in suite.severities)]
    return Evaluation(
        card_id=of.id,
        suite=suite,
        suite_key=key,
        data_digest="d",
        cells=tuple(Cell(corruption=name, severity=at, accuracy=0.0, images=images) for name, at in cells),
        clean_accuracy=0.0,
        robust_accuracy=0.0,
        calibration_error=0.0,
        images=images,
        probabilities=ContentHash("p"),
        labels=ContentHash("l"),
        job_id=None,
        created_at=NOW,
    )


def answers(rng: np.random.Generator, cells: int = 5, images: int = 37, classes: int = 3) -> np.ndarray:
    p = rng.random((cells, images, classes)).astype(np.float32)
    return (p / p.sum(axis=2, keepdims=True)).astype(np.float16)


def scored(cards: Sequence[Card], played: Deck, seed: int = 0) -> tuple[DeckScore, list[np.ndarray], np.ndarray, list]:
    rng = np.random.default_rng(seed)
    probabilities = [answers(rng) for _ in cards]
    labels = rng.integers(0, 3, 37)
    suits, _ = suits_of([suit_label(each.recipe.augmentation) for each in cards])
    distances = [rng.random((5, 37)).astype(np.float32) for _ in suits]
    score = score_deck(
        played,
        cards,
        [evaluation(each) for each in cards],
        probabilities=probabilities,
        labels=labels,
        distances=distances,
    )
    return score, probabilities, labels, distances


HAND = [card(0, "clean"), card(1, "gaussian"), card(2, "clean"), card(3, "augmix"), card(4, "gaussian sigma=0.2")]


@pytest.mark.parametrize("mode", DeckMode)
@pytest.mark.parametrize("m", [1, 8, 100])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_accuracies_are_those_of_the_domains_weights_and_mean(mode: DeckMode, m: int, count: int) -> None:
    cards = HAND[:count]
    score, probabilities, labels, distances = scored(cards, deck(cards, mode, m, temperature=0.3))
    suits, owners = suits_of([suit_label(each.recipe.augmentation) for each in cards])
    assert score.suits == suits
    for index, cell in enumerate(score.cells):
        each = np.stack([p[index] for p in probabilities])
        near = np.stack([d[index] for d in distances], axis=1)
        weights = card_weights(near, owners, mode, m=m, temperature=0.3)
        assert cell.accuracy == pytest.approx((combine(each, weights).argmax(1) == labels).mean())
        plain = card_weights(near, owners, DeckMode.DOMAIN_AGNOSTIC)
        assert cell.agnostic == pytest.approx((combine(each, plain).argmax(1) == labels).mean())
        alone = [
            (each[owners == suit].astype(np.float32).mean(0).argmax(1) == labels).mean() for suit in range(len(suits))
        ]
        assert cell.best_suit == pytest.approx(max(alone))
        assert cell.any_card == pytest.approx((each.argmax(2) == labels).any(0).mean())
        assert sum(cell.chosen) == pytest.approx(1)
    corrupted = score.cells[1:]
    assert (score.clean, score.robust) == pytest.approx(
        (score.cells[0].accuracy, np.mean([cell.accuracy for cell in corrupted]))
    )
    assert score.gain == pytest.approx(score.robust - score.agnostic_robust)
    assert score.any_card_robust == pytest.approx(np.mean([cell.any_card for cell in corrupted]))
    singles = [(p[1:].argmax(2) == labels).mean() for p in probabilities]
    assert score.best_card == cards[int(np.argmax(singles))].id
    assert score.best_card_robust == pytest.approx(max(singles))


def test_a_deck_with_a_gate_in_three_acts() -> None:
    cards = [card(0, "clean"), card(1, "gaussian")]
    labels = np.array([0, 1, 0, 1])
    truth = np.eye(3, dtype=np.float16)[labels]
    wrong = np.eye(3, dtype=np.float16)[np.full(4, 2)] * np.float16(0.9)
    # clean images: only the clean card is right; the corrupted ones: only the other; the gate knows, one image apart
    probabilities = [np.stack([truth, wrong]), np.stack([wrong, truth])]
    near, far = np.zeros(4, np.float32), np.ones(4, np.float32)
    mixed = np.array([0, 0, 0, 2], np.float32)
    suite = Suite(corruptions=(CorruptionName.FOG,), severities=(1,))
    score = score_deck(
        deck(cards),
        cards,
        [evaluation(each, suite) for each in cards],
        probabilities=probabilities,
        labels=labels,
        distances=[np.stack([near, far]), np.stack([far, mixed])],
    )
    assert score.clean == 1
    assert score.robust == 0.75
    assert [cell.chosen for cell in score.cells] == [(1, 0), (0.25, 0.75)]
    assert score.best_suit_robust == score.any_card_robust == 1
    assert score.agnostic_robust == 1  # the sure card outvotes the less sure
    assert score.gain == -0.25
    low, high = score.gain_interval
    assert low < -0.25 < high <= 0


def test_the_interval_treats_an_image_not_a_cell_as_one_draw() -> None:
    rng = np.random.default_rng(1)
    cards = [card(0, "clean"), card(1, "gaussian")]
    labels = np.zeros(400, np.int64)
    lucky = rng.random(400) < 0.5  # the same images in every cell
    hit, miss = np.array([1, 0, 0], np.float16), np.array([0, 0.9, 0], np.float16)
    first = np.where(lucky[None, :, None], hit, miss) * np.ones((5, 1, 1), np.float16)
    second = np.broadcast_to(np.array([0, 0.95, 0], np.float16), first.shape)
    here, there = np.zeros((5, 400), np.float32), np.ones((5, 400), np.float32)
    score = score_deck(
        deck(cards, DeckMode.DOMAIN_ADAPTIVE),
        cards,
        [evaluation(each, images=400) for each in cards],
        probabilities=[first.astype(np.float16), second],
        labels=labels,
        distances=[here, there],
    )
    low, high = score.gain_interval
    row_gain = lucky.astype(float) - np.where(lucky, 1 > 0.95, 0)
    assert score.gain == pytest.approx(row_gain.mean())
    assert high - low == pytest.approx(2 * 1.96 * row_gain.std() / 20, abs=0.02)


def test_a_card_dealt_twice_counts_twice_and_takes_its_bytes_once() -> None:
    cards = [HAND[0], HAND[0], HAND[2]]
    score, probabilities, labels, _ = scored(cards, deck(cards, DeckMode.DOMAIN_AGNOSTIC))
    mean = sum(each.astype(np.float32) for each in probabilities)
    assert score.cells[2].accuracy == pytest.approx((mean[2].argmax(1) == labels).mean())
    assert score.file_bytes == 2_000


def test_a_suite_without_corruptions_has_a_clean_score_only() -> None:
    suite = Suite(corruptions=())
    cards = [HAND[0]]
    score = score_deck(
        deck(cards),
        cards,
        [evaluation(HAND[0], suite)],
        probabilities=[answers(np.random.default_rng(0), cells=1, images=4)],
        labels=np.zeros(4, np.int64),
        distances=[np.zeros((1, 4), np.float32)],
    )
    assert 0 <= score.clean <= 1
    assert np.isnan([score.robust, score.gain, *score.gain_interval]).all()


def test_the_first_of_equal_classes_is_the_answer() -> None:
    p = np.array([[[0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [0.2, 0.4, 0.4]]], np.float16)
    assert right(votes_of(p), np.array([1, 1, 2])).tolist() == [False, True, False]


def test_every_half_from_zero_to_one_is_converted_exactly() -> None:
    halves = np.arange(0x3C01, dtype=np.uint16).view(np.float16)
    assert halves[-1] == 1
    votes = votes_of(halves.reshape(1, -1, 1))
    assert votes.dtype == np.float32
    assert votes[0].tolist() == halves.astype(np.float32).tolist()


def test_what_does_not_fit_is_refused() -> None:
    rng = np.random.default_rng(0)
    good = answers(rng)
    one = [evaluation(HAND[0])]
    labels, near = np.zeros(37, np.int64), np.zeros((5, 37), np.float32)
    for wrong in (
        {"probabilities": [good[:4]]},
        {"distances": [near[:, :5]]},
        {"distances": [near, near]},
        {"labels": labels[:3]},
    ):
        with pytest.raises(ValueError, match=r"cells and|suits need"):
            score_deck(
                deck(HAND[:1]),
                HAND[:1],
                one,
                **{"probabilities": [good], "labels": labels, "distances": [near], **wrong},  # type: ignore[arg-type]  # each is of its own type
            )
    with pytest.raises(ValueError, match="one suite"):
        score_deck(
            deck(HAND[:2]),
            HAND[:2],
            [evaluation(HAND[0]), evaluation(HAND[1], key="other")],
            probabilities=[good, good],
            labels=labels,
            distances=[near, near],
        )


@pytest.mark.parametrize("mode", DeckMode)
def test_each_corruption_is_the_mean_of_its_severities_with_its_own_interval(mode: DeckMode) -> None:
    score, probabilities, labels, _ = scored(HAND[:4], deck(HAND[:4], mode, temperature=0.3))
    assert [each.corruption for each in score.corruptions] == [None, *SUITE.corruptions]
    best = next(number for number, each in enumerate(HAND) if each.id == score.best_card)
    for each in score.corruptions:
        own = [index for index, cell in enumerate(score.cells) if cell.corruption == each.corruption]
        for name in ("accuracy", "agnostic", "best_suit", "any_card"):
            assert getattr(each, name) == pytest.approx(np.mean([getattr(score.cells[at], name) for at in own]))
        alone = [(probabilities[best][at].argmax(1) == labels).mean() for at in own]
        assert each.best_card == pytest.approx(np.mean(alone))
        assert each.gain_interval[0] <= each.gain <= each.gain_interval[1]
    corrupted = score.corruptions[1:]
    assert score.robust == pytest.approx(np.mean([each.accuracy for each in corrupted]))
    assert score.best_card_robust == pytest.approx(np.mean([each.best_card for each in corrupted]))
