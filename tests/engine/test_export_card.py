"""Exports in fewer bits: another card that says so, near the first, and an accuracy change that is the true one."""

from pathlib import Path

import pytest
import torch

from card_studio.domain.ids import CardId
from card_studio.domain.job import ExportCard, title
from card_studio.domain.options import ValueType
from card_studio.domain.recipe import fingerprint
from card_studio.domain.run import AnyEvent, CardExported, Logged
from card_studio.engine.card_file import CardContent, card_net, load_card
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.export_card import export_card
from card_studio.engine.nets import prunable
from card_studio.errors import CardFileError
from tests.engine.conftest import MakeCardFile


def told(context: Context, card: CardId, out: Path, values: ValueType) -> tuple[list[AnyEvent], CardExported]:
    events = list(export_card(ExportCard(card=card, out=out, values=values), context))
    assert isinstance(events[-1], CardExported)
    return events, events[-1]


def accuracy(content: CardContent, dataset: Dataset) -> float:
    """Right answers on the validation images, by a plain forward pass."""
    with torch.no_grad():
        answers = card_net(content)(dataset.validation.images / 255).argmax(1)
    return (answers == dataset.validation.labels).float().mean().item()


@pytest.mark.parametrize(("values", "largest_gap"), [("float16", 2**-11), ("int8", 1 / 127)])
def test_what_is_written_is_near_and_its_accuracy_change_is_the_true_one(
    values: ValueType,
    largest_gap: float,
    small_card: MakeCardFile,
    small_dataset: Dataset,
    context: Context,
    tmp_path: Path,
) -> None:
    card, out = small_card(), tmp_path / "out" / "rounded.card"
    before = load_card(context.cards / f"{card}.card")
    events, exported = told(context, card, out, values)
    after = load_card(out)
    assert (after.values, after.recipe.values) == (values, values)
    for name in prunable(card_net(after)):
        gap = (after.state[name] - before.state[name]).abs().max() / before.state[name].abs().max()
        assert 0 < gap <= largest_gap
    assert exported.exact_accuracy == pytest.approx(accuracy(before, small_dataset))
    assert exported.stored_accuracy == pytest.approx(accuracy(after, small_dataset))
    change = 100 * (accuracy(after, small_dataset) - accuracy(before, small_dataset))
    (line,) = [event.text for event in events if isinstance(event, Logged)]
    assert line.startswith(f"stored as {values}: validation accuracy {100 * accuracy(after, small_dataset):.2f} %")
    assert f"{change:+.2f} points against float32" in line
    assert exported.file_bytes == out.stat().st_size < (context.cards / f"{card}.card").stat().st_size


def test_it_is_another_card_with_the_fingerprint_of_its_recipe(
    small_card: MakeCardFile, context: Context, tmp_path: Path
) -> None:
    card = small_card()
    _, exported = told(context, card, tmp_path / "out.card", "int8")
    content = load_card(tmp_path / "out.card")
    assert exported.card != card
    assert content.fingerprint == fingerprint(content.recipe, content.data_digest)
    assert load_card(context.cards / f"{card}.card").values == "float32"  # the workspace's own stays


def test_without_its_dataset_it_is_written_and_the_reason_told(
    small_card: MakeCardFile, context: Context, tmp_path: Path
) -> None:
    card = small_card(digest="another")
    events, exported = told(context, card, tmp_path / "out.card", "float16")
    assert exported.exact_accuracy is None
    assert exported.stored_accuracy is None
    (line,) = [event.text for event in events if isinstance(event, Logged)]
    assert "what storing as float16 changes is not known" in line
    assert "is not the dataset that it was made from" in line


def test_a_missing_card_is_a_line(context: Context, tmp_path: Path) -> None:
    with pytest.raises(CardFileError, match="no such card file"):
        told(context, CardId("0" * 64), tmp_path / "out.card", "int8")
    assert not (tmp_path / "out.card").exists()


def test_its_name_in_the_queue_and_its_path(tmp_path: Path) -> None:
    spec = ExportCard(card=CardId("a" * 64), out=tmp_path / "mine.card", values="int8")
    assert title(spec) == "Export mine.card as int8"
    with pytest.raises(ValueError, match="must be an absolute path"):
        ExportCard(card=CardId("a" * 64), out=Path("mine.card"))
