"""The hand that comes with the package: every card is what its scores say, and the sample deck answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from card_studio.engine.card_file import load_card
from card_studio.engine.data.progress import finished
from card_studio.engine.deck_file import reading_deck
from card_studio.engine.nets import build_net, prunable

HAND = Path(__file__).parents[2] / "resources" / "hand"
SCORES: list[dict[str, Any]] = json.loads((HAND / "scores.json").read_text())


@pytest.mark.parametrize("scored", SCORES, ids=lambda scored: scored["file"])
def test_a_card_is_what_its_scores_say(scored: dict[str, Any]) -> None:
    card = load_card(HAND / scored["file"])
    net = build_net(
        card.recipe.network, classes=len(card.classes), size=card.size, mean=card.mean, std=card.std, affine=True
    )
    weights = [card.state[name] for name in prunable(net)]
    zeros = sum(int((weight == 0).sum()) for weight in weights) / sum(weight.numel() for weight in weights)
    assert scored["sparsity"] == pytest.approx(zeros, abs=1e-9)
    assert (HAND / scored["file"]).stat().st_size == scored["file_bytes"]
    assert scored["method"] == card.recipe.compression.method
    assert scored["augmentation"] == card.recipe.augmentation.name


def test_robust_accuracy_is_the_mean_of_the_cells() -> None:
    for scored in SCORES:
        cells = [accuracy for name, accuracy in scored["test"]["cells"].items() if not name.startswith("clean")]
        assert len(cells) == 75
        assert scored["test"]["mean_corrupted_accuracy"] == pytest.approx(sum(cells) / 75, abs=1e-4)


def test_the_sample_decks_cards_lie_beside_it() -> None:
    deck = finished(reading_deck(HAND / "cifar10.deck"))
    assert set(deck.header.cards) <= {scored["card"] for scored in SCORES}
    assert [options.name for options in deck.header.augmentations] == ["clean", "augmix", "gaussian"]
