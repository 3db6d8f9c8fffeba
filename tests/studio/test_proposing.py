"""Proposals against a plain search that scores every deck anew, and against hand-made cases."""

from collections.abc import Sequence

import numpy as np
import pytest

from card_studio.domain.card import Card
from card_studio.domain.deck import DeckMode, suits_of
from card_studio.domain.gate import suit_label
from card_studio.domain.job import SELECTION_SUITE, Suite
from card_studio.studio.proposing import Proposal, Proposer
from card_studio.studio.scoring import score_deck
from tests.studio.test_scoring import HAND, SUITE, answers, card, deck, evaluation

SMALL = SELECTION_SUITE.model_copy(update={"severities": (1,)})


def hand_of_experts() -> tuple[list[Card], list[np.ndarray], np.ndarray, dict[str, np.ndarray]]:
    """Return four cards over five cells: each suit's is right where the gate sends images to it, and one is never."""
    labels = np.array([0, 1, 2, 0])
    truth, wrong = np.eye(3)[labels], np.eye(3)[(labels + 1) % 3]
    home = {"clean": (0, 1, 2), "gaussian": (3,), "augmix": (4,)}
    cards = [card(0, "clean", 500), card(1, "gaussian", 300), card(2, "augmix", 400), card(3, "clean", 100)]
    probabilities = [
        np.stack([truth if cell in home[suit] else wrong for cell in range(5)]).astype(np.float16)
        for suit in ("clean", "gaussian", "augmix")
    ] + [np.stack([wrong] * 5).astype(np.float16)]
    distances = {
        suit: np.stack([np.full(4, 0.0 if cell in cells else 1.0, np.float32) for cell in range(5)])
        for suit, cells in home.items()
    }
    return cards, probabilities, labels, distances


def proposer_of(
    cards: Sequence[Card],
    probabilities: Sequence[np.ndarray],
    labels: np.ndarray,
    distances: dict[str, np.ndarray],
    suite: Suite = SMALL,
    **rules: object,
) -> Proposer:
    evaluations = [evaluation(each, suite, len(labels)) for each in cards]
    return Proposer(cards, evaluations, probabilities=probabilities, labels=labels, distances=distances, **rules)  # type: ignore[arg-type]  # each rule is of its own type


@pytest.mark.parametrize(
    ("budget", "expected"),
    [(1_200, [0, 1, 2]), (900, [0, 1]), (700, [0]), (400, [1]), (50, [])],  # equals: fewer bytes first
)
def test_a_proposal_takes_what_helps_most_and_keeps_to_the_budget(budget: int, expected: list[int]) -> None:
    cards, probabilities, labels, distances = hand_of_experts()
    proposal = proposer_of(cards, probabilities, labels, distances).propose(budget, steps=4)
    assert [int(each, 16) for each in proposal.cards] == expected
    assert all(step.file_bytes <= budget for step in proposal.steps)
    accuracies = [0.0, *(step.accuracy for step in proposal.steps)]
    assert [step.gain for step in proposal.steps] == pytest.approx(list(np.diff(accuracies)))


@pytest.mark.parametrize("mode", DeckMode)
def test_each_step_of_a_proposal_scores_as_its_deck_does(mode: DeckMode) -> None:
    rng = np.random.default_rng(5)
    cards = HAND[:4]
    probabilities = [answers(rng) for _ in cards]
    labels = rng.integers(0, 3, 37)
    distances = {suit: rng.random((5, 37)).astype(np.float32) for suit in ("clean", "gaussian", "augmix")}
    evaluations = [evaluation(each, SMALL, 37) for each in cards]
    asked = proposer_of(cards, probabilities, labels, distances, mode=mode, m=4, temperature=0.2)
    proposal = asked.propose(10**9, steps=6)
    for length in range(1, len(proposal.steps) + 1):
        taken = [int(step.card, 16) for step in proposal.steps[:length]]
        held = [cards[index] for index in taken]
        suits = suits_of([suit_label(each.recipe.augmentation) for each in held])[0]
        score = score_deck(
            deck(held, mode, m=4, temperature=0.2),
            held,
            [evaluations[index] for index in taken],
            probabilities=[probabilities[index] for index in taken],
            labels=labels,
            distances=[distances[suit] for suit in suits],
        )
        step = proposal.steps[length - 1]
        assert (step.accuracy, step.clean) == pytest.approx((score.robust, score.clean))
        assert step.file_bytes == score.file_bytes
    best = max(step.accuracy for step in proposal.steps)
    assert proposal.steps[len(proposal.cards) - 1].accuracy == best


@pytest.mark.parametrize(
    "suite", [SUITE, Suite(split="validation"), SELECTION_SUITE.model_copy(update={"split": "test"})]
)
def test_nothing_is_selected_on_what_is_reported(suite: Suite) -> None:
    cards, probabilities, labels, distances = hand_of_experts()
    with pytest.raises(ValueError, match="selected on validation images"):
        proposer_of(cards, probabilities, labels, distances, suite)


def random_hand(seed: int, count: int, images: int = 40) -> tuple[list[Card], list[np.ndarray], np.ndarray, dict]:
    """Return cards that are mostly right, of uneven sizes, and a gate that is not always."""
    rng = np.random.default_rng(seed)
    suits = rng.choice(["clean", "gaussian", "augmix"], count)
    cards = [card(number, str(suit), int(rng.integers(100, 900))) for number, suit in enumerate(suits)]
    labels = rng.integers(0, 3, images)
    probabilities = []
    for _ in cards:
        logits = rng.normal(size=(5, images, 3)) + 1.2 * np.eye(3)[labels]
        p = np.exp(3 * logits)
        probabilities.append((p / p.sum(axis=2, keepdims=True)).astype(np.float16))
    distances = {suit: rng.random((5, images)).astype(np.float32) for suit in ("clean", "gaussian", "augmix")}
    return cards, probabilities, labels, distances


@pytest.mark.parametrize("mode", DeckMode)
@pytest.mark.parametrize("seed", range(4))
def test_a_proposal_is_what_scoring_every_deck_anew_finds(mode: DeckMode, seed: int) -> None:
    cards, probabilities, labels, distances = random_hand(seed, 7)
    budget = int(0.6 * sum(each.file_bytes for each in cards))
    found = proposer_of(cards, probabilities, labels, distances, mode=mode, m=2, temperature=0.3)

    def scored(indices: Sequence[int]) -> tuple[float, float, int]:
        held = [cards[index] for index in indices]
        suits = suits_of([suit_label(each.recipe.augmentation) for each in held])[0]
        score = score_deck(
            deck(held, mode, m=2, temperature=0.3),
            held,
            [evaluation(each, SMALL, len(labels)) for each in held],
            probabilities=[probabilities[index] for index in indices],
            labels=labels,
            distances=[distances[suit] for suit in suits],
        )
        return round(score.robust, 9), round(score.clean, 9), -score.file_bytes

    def alone(index: int) -> bool:
        """Whether another copy would change nothing: all that lie with it are the same card."""
        gated = mode is not DeckMode.DOMAIN_AGNOSTIC
        beside = [at for at in taken if not gated or cards[at].augmentation == cards[index].augmentation]
        return bool(beside) and set(beside) == {index}

    taken: list[int] = []
    for _ in range(6):
        tried = {index: scored([*taken, index]) for index in range(len(cards))}
        fitting = [index for index in tried if -tried[index][2] <= budget and not alone(index)]
        taken.append(max(fitting, key=lambda index: (tried[index], -index)))
    steps = found.propose(budget, steps=6).steps
    assert [int(step.card, 16) for step in steps] == taken[: len(steps)]
    rising = np.maximum.accumulate([scored(taken[:length])[0] for length in range(1, 7)])
    assert len(steps) == 6 or rising[len(steps) - 1] == rising[len(steps) - 4]  # three in a row brought nothing


def test_several_budgets_give_a_rising_curve_and_the_proposals_of_each() -> None:
    cards, probabilities, labels, distances = random_hand(9, 8)
    asked = proposer_of(cards, probabilities, labels, distances)
    curve = asked.sweep()
    assert len(curve) > 2
    accuracies = [each.selection.accuracy for each in curve]
    assert accuracies == sorted(set(accuracies))
    assert asked.budgets()[-1] == asked.whole_bytes == sum(each.file_bytes for each in cards)
    for each in curve:
        budget = each.selection.budget_bytes
        fresh: Proposal = proposer_of(cards, probabilities, labels, distances).propose(budget)
        assert fresh == each
        assert fresh.steps[len(fresh.cards) - 1].file_bytes <= budget


def test_a_proposal_says_how_it_was_chosen() -> None:
    cards, probabilities, labels, distances = random_hand(2, 5)
    proposal = proposer_of(cards, probabilities, labels, distances, m=3).propose(10**9, steps=5)
    chosen = proposal.selection
    assert (chosen.suite, chosen.images, chosen.hand, chosen.batch) == (SMALL, 40, 5, 3)
    assert chosen.cards == proposal.cards
    assert chosen.accuracy == max(step.accuracy for step in proposal.steps)
    first = proposal.selection_at(0)
    assert (first.cards, first.accuracy) == (proposal.cards[:1], proposal.steps[0].accuracy)


def test_what_a_step_gained_comes_with_its_interval() -> None:
    cards, probabilities, labels, distances = random_hand(3, 6)
    for step in proposer_of(cards, probabilities, labels, distances).propose(10**9).steps[1:]:
        low, high = step.gain_interval
        assert low <= step.gain + 1e-6
        assert high >= step.gain - 1e-6
        assert high - low < 0.5
