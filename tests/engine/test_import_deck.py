"""A deck goes out of one workspace and into another; what is there stays; what does not fit is refused whole."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from card_studio.domain.gate import reference_key
from card_studio.domain.job import ExportDeck, ImportCards
from card_studio.domain.names import DeckMode
from card_studio.domain.options import NpzData
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import AnyEvent, CardMade, DeckBrought, Logged, ReferenceBuilt
from card_studio.engine import export
from card_studio.engine.card_content import CardContent
from card_studio.engine.card_file import load_card
from card_studio.engine.context import Context
from card_studio.engine.deck_file import DeckHeader
from card_studio.engine.export import export_deck
from card_studio.engine.import_deck import import_file
from card_studio.errors import CardFileError, DataError, UserError
from card_studio.files import content_path, read_array
from tests.engine.card_files import sparse
from tests.engine.decks import GATE, SUITS, export_of, references, some_images, three_cards


@pytest.fixture
def elsewhere(context: Context, tmp_path: Path) -> Context:
    """Return the folders of another workspace, all empty."""
    there = tmp_path / "there"
    return replace(context, cache=there / "cache", cards=there / "cards", artifacts=there / "artifacts",
                   checkpoint=there / "checkpoint")  # fmt: skip


def exported(spec: ExportDeck, context: Context) -> list[AnyEvent]:
    return list(export_deck(spec, context))


def brought(path: Path, context: Context, recipe: Recipe | None = None) -> list[AnyEvent]:
    return list(import_file(ImportCards(path=path, recipe=recipe), context))


def test_cards_references_and_deck_come_with_one_file(context: Context, elsewhere: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.deck", order=(2, 1, 0), mode=DeckMode.SOFT)
    last = exported(spec, context)[-1]
    assert isinstance(last, Logged)
    assert last.text == f"{spec.out} is written: {spec.out.stat().st_size:,} bytes"
    events = brought(spec.out, elsewhere)
    made = [event for event in events if isinstance(event, CardMade)]
    assert tuple(event.card for event in made) == spec.deck.cards
    assert [(event.name, event.validation_accuracy) for event in made] == [("card 2", 0.7), ("card 1", 0.6),
                                                                          ("card 0", 0.5)]  # fmt: skip
    assert made[0].recipe.notes == "mine Imported with three.deck."
    for card in spec.deck.cards:
        assert (elsewhere.cards / f"{card}.card").read_bytes() == (context.cards / f"{card}.card").read_bytes()
    built = [event for event in events if isinstance(event, ReferenceBuilt)]
    assert [event.key for event in built] == [reference_key("data", suit, GATE) for suit in SUITS]
    assert all(event.brought for event in built)
    for event, wanted in zip(built, references(), strict=True):
        np.testing.assert_array_equal(read_array(content_path(elsewhere.artifacts, event.spectra)), wanted)
    assert [event for event in events if isinstance(event, DeckBrought)] == [DeckBrought(name="Three", deck=spec.deck)]


def test_importing_again_leaves_the_files_as_they_are(context: Context, elsewhere: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.deck")
    exported(spec, context)
    first = brought(spec.out, elsewhere)
    before = {path: path.read_bytes() for path in elsewhere.cards.parent.rglob("*") if path.is_file()}
    second = brought(spec.out, elsewhere)
    assert {path: path.read_bytes() for path in elsewhere.cards.parent.rglob("*") if path.is_file()} == before
    lasting = (CardMade, ReferenceBuilt, DeckBrought)
    assert [e for e in first if isinstance(e, lasting)] == [e for e in second if isinstance(e, lasting)]
    assert list(elsewhere.cache.iterdir()) == []


def other_cards(**changes: object) -> list[CardContent]:
    first, *rest = three_cards()
    return [replace(first, **changes), *rest]  # type: ignore[arg-type]  # the tests' own changes


def unfit(cards: Sequence[CardContent], context: Context, out: Path) -> Path:
    """Write a deck file that no export would write, of cards that do not belong together."""
    spec = export_of(context, out, cards=cards)
    contents = {card: load_card(context.cards / f"{card}.card") for card in spec.deck.cards}
    header: DeckHeader = export._header(spec, dict.fromkeys(contents, contents[spec.deck.cards[1]]))
    list(export._deck(spec, header, references(), contents, context))
    return out


UNFIT = {
    "other data": other_cards(data_digest="other"),
    "other classes": other_cards(classes=tuple("abcdefghij")),
    "another suit first": [three_cards()[1], sparse(), sparse(0.5)],
}


@pytest.mark.parametrize("cards", UNFIT.values(), ids=list(UNFIT))
def test_a_deck_whose_parts_do_not_fit_is_refused_whole(
    cards: Sequence[CardContent], context: Context, elsewhere: Context, tmp_path: Path
) -> None:
    path = unfit(cards, context, tmp_path / "unfit.deck")
    with pytest.raises(CardFileError, match=r"unfit\.deck: its (cards|references) are not"):
        brought(path, elsewhere)
    assert not elsewhere.cards.exists()
    assert list(elsewhere.cache.iterdir()) == []


def test_a_damaged_card_inside_is_refused_in_one_line(context: Context, elsewhere: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.deck")
    contents = {card: load_card(context.cards / f"{card}.card") for card in spec.deck.cards}
    header = export._header(spec, contents)
    for damage, match in ((b"no card", "its card 2: not a card file"), (None, "its card 2 is another than it says")):
        victim = context.cards / f"{spec.deck.cards[1]}.card"
        victim.write_bytes(damage or (context.cards / f"{spec.deck.cards[0]}.card").read_bytes())
        list(export._deck(spec, header, references(), contents, context))
        with pytest.raises(CardFileError, match=match) as caught:
            brought(spec.out, elsewhere)
        assert str(caught.value).startswith(str(spec.out))
        assert str(elsewhere.cache) not in str(caught.value)
        assert not elsewhere.cards.exists()


def test_a_recipe_says_where_the_data_lie_here(
    context: Context, elsewhere: Context, small_data: NpzData, tmp_path: Path
) -> None:
    spec = export_of(context, tmp_path / "three.deck")
    exported(spec, context)
    with pytest.raises(DataError, match="is not the dataset that its cards were made from"):
        brought(spec.out, elsewhere, Recipe(data=small_data))
    assert not elsewhere.cards.exists()


def test_cards_of_two_datasets_are_not_exported(context: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "two.deck", cards=other_cards(data_digest="other"))
    with pytest.raises(CardFileError, match="a deck needs cards of one dataset"):
        exported(spec, context)
    assert not spec.out.exists()


def test_references_in_another_order_are_a_bug_and_no_file(context: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.deck", order=(1, 0, 2))
    with pytest.raises(ValueError, match="not those of the deck's suits"):
        exported(spec, context)
    assert not spec.out.exists()


def test_an_onnx_file_answers_like_the_deck_and_says_that_it_was_checked(context: Context, tmp_path: Path) -> None:
    spec = export_of(context, tmp_path / "three.onnx", order=(0, 1))
    events = exported(spec, context)
    told = [event.text for event in events if isinstance(event, Logged)]
    assert told[0].startswith("checked in onnxruntime: probabilities differ by")
    session = onnxruntime.InferenceSession(spec.out)
    images = some_images(10).astype(np.float32) / 255
    probabilities, choice = session.run(["probabilities", "choice"], {"images": images})
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert set(choice.tolist()) <= {0, 1}
    assert list(tmp_path.glob(".*")) == []


def test_without_the_packages_the_export_says_what_to_install(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("onnx_check", "onnx_deck", "onnx_gate", "onnx_graph"):
        monkeypatch.delitem(sys.modules, f"card_studio.engine.{name}", raising=False)
        monkeypatch.delattr(f"card_studio.engine.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"pip install 'card-studio\[export\]'"):
        exported(export_of(context, tmp_path / "three.onnx"), context)


def test_a_deck_too_large_for_onnx_is_told_so(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("card_studio.engine.export._MOST_ONNX_BYTES", 100_000)
    with pytest.raises(UserError, match="take cards out, or export"):
        exported(export_of(context, tmp_path / "three.onnx"), context)
