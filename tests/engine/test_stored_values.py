"""Cards whose kept weights are stored rounded: the figures are those of what the file holds."""

import pytest
import torch

from card_studio.domain.job import MakeCard
from card_studio.domain.options import CompressionOptions, Dense, Lrr, NpzData, TrainingOptions, ValueType
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import AnyEvent, CardMade, LevelFinished, Logged
from card_studio.engine.card_file import CardContent, card_net, load_card
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import open_dataset
from card_studio.engine.make_card import make_card
from card_studio.engine.nets import prunable


def made(
    data: NpzData, context: Context, values: ValueType, compression: CompressionOptions | None = None
) -> tuple[list[AnyEvent], list[CardMade]]:
    recipe = Recipe(
        values=values,
        data=data,
        network={"name": "resnet8", "width": 0.1},
        training=TrainingOptions(epochs=2, batch_size=30),
        compression=compression or Dense(),
    )
    told = list(make_card(MakeCard(recipe=recipe), context))
    return told, [event for event in told if isinstance(event, CardMade)]


def content(card: CardMade, context: Context) -> CardContent:
    return load_card(context.cards / f"{card.card}.card")


@pytest.mark.parametrize(("values", "largest_gap"), [("float16", 2**-11), ("int8", 1 / 127)])
def test_the_card_is_rounded_and_its_accuracy_is_that_of_the_rounded(
    values: ValueType, largest_gap: float, small_data: NpzData, context: Context
) -> None:
    _, (exact,) = made(small_data, context, "float32")
    told, (rounded,) = made(small_data, context, values)
    weights, stored = content(exact, context).state, content(rounded, context)
    assert (stored.values, rounded.recipe.values) == (values, values)
    assert rounded.card != exact.card
    assert rounded.fingerprint != exact.fingerprint
    assert rounded.file_bytes < exact.file_bytes
    assert rounded.kept_weights == exact.kept_weights
    for name in prunable(card_net(stored)):
        gap = (stored.state[name] - weights[name]).abs().max() / weights[name].abs().max()
        assert 0 < gap <= largest_gap  # int8: up to a whole step, because no kept weight becomes 0
    validation = open_dataset(small_data, cache=context.cache).validation
    with torch.no_grad():
        right = (card_net(stored)(validation.images / 255).argmax(1) == validation.labels).float().mean().item()
    assert rounded.validation_accuracy == pytest.approx(right)
    (line,) = [event.text for event in told if isinstance(event, Logged)]
    change = f"{100 * (right - exact.validation_accuracy):+.2f} points"
    before = f"float32 ({100 * exact.validation_accuracy:.2f} %)"
    assert line == f"stored as {values}: validation accuracy {100 * right:.2f} %, {change} against {before}"


def test_trained_levels_are_reused_whatever_the_values(small_data: NpzData, context: Context) -> None:
    lrr = Lrr(sparsity=0.7, share_per_level=0.5, also_keep=(0,))
    made(small_data, context, "float32", lrr)
    told, cards = made(small_data, context, "int8", lrr)
    assert {event.reused for event in told if isinstance(event, LevelFinished)} == {True}
    assert [content(card, context).values for card in cards] == ["int8", "int8"]
