"""The library: cards found, sorted, paged and described; what was measured of them; decks."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from card_studio.domain.card import CardQuery
from card_studio.domain.deck import Deck, DeckMode
from card_studio.domain.gate import reference_key, suite_key
from card_studio.domain.ids import DeckId
from card_studio.domain.job import SELECTION_SUITE, GateOptions, MapOptions, Suite
from card_studio.domain.names import AugmentationName, Compression, NetworkName
from card_studio.domain.options import AugmixAugmentation, GaussianAugmentation, Lrr, NetworkOptions
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import Outcome
from card_studio.errors import NotFoundError, UserError, WorkspaceError
from card_studio.files import content_path
from card_studio.store.card_search import ORDERS, page


def names(cards):
    return [card.name for card in cards]


@pytest.fixture
def shelf(told, make):
    """Put five cards on the shelf, three of them evaluated."""
    recipe = Recipe(augmentation=GaussianAugmentation(), compression=Lrr(), network=NetworkOptions(name="conv4"))
    told(
        make.card_made(0, at=10.0, name="Alpha", sparsity=0.0),
        make.card_made(1, at=20.0, name="beta", sparsity=0.9, recipe=recipe),
        make.card_made(2, at=30.0, name="Gamma", sparsity=0.8, recipe=recipe, data_digest="e" * 64),
        make.card_made(3, at=40.0, name="delta_x", sparsity=0.8),
        make.card_made(4, at=50.0, name="deltaYx", recipe=Recipe(augmentation=AugmixAugmentation())),
        make.card_evaluated(1, clean=0.9, contrast=(0.7, 0.7)),
        make.card_evaluated(2, clean=0.8, contrast=(0.9, 0.5)),
        make.card_evaluated(4, clean=0.7, contrast=(0.2, 0.4)),
    )


def test_a_card_comes_back_with_what_its_maker_said(library, told, make):
    made = make.card_made(1, recipe=Recipe(notes="remember"))
    claim = told(made)
    card = library.card(made.card)
    for name in ("name", "recipe", "fingerprint", "data_label", "data_digest", "classes", "size", "sparsity", "binary"):
        assert getattr(card, name) == getattr(made, name)
    for name in ("prunable_weights", "kept_weights", "parameters", "file_bytes", "reference_bytes", "level"):
        assert getattr(card, name) == getattr(made, name)
    assert (card.total_epochs, card.validation_accuracy) == (40.0, 0.9)
    assert (card.job_id, card.created_at.timestamp(), card.notes, card.tags) == (claim.job.id, 1000.0, "remember", ())
    assert (card.clean_accuracy, card.robust_accuracy, card.suite, card.has_map) == (None, None, None, False)


def test_a_card_made_twice_keeps_what_people_wrote_on_it(library, told, make):
    first = told(make.card_made(1))
    library.rename(make.card_id(1), "mine")
    told(make.card_made(1))
    (card,) = library.cards()
    assert (card.name, card.job_id) == ("mine", first.job.id)


def test_an_imported_card_has_no_job(library, make):
    card = library.add_card(make.card_made(1))
    assert (card.job_id, library.cards()) == (None, [card])


def test_cards_are_found_by_the_start_of_their_id(library, told, make):
    told(*(make.card_made(n) for n in range(40)))
    ids = sorted(card.id for card in library.cards())
    assert library.card(ids[3]).id == library.card(ids[3][:12].upper() + " ").id == ids[3]
    shared = next(a[0] for a, b in pairwise(ids) if a[0] == b[0])
    for wrong, reason in ((shared, "several cards"), ("x", "there is no card"), ("", "there is no card")):
        with pytest.raises(NotFoundError, match=reason):
            library.card(wrong)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (CardQuery(), ["deltaYx", "delta_x", "Gamma", "beta", "Alpha"]),
        (CardQuery(descending=False, offset=1, limit=2), ["beta", "Gamma"]),
        (CardQuery(offset=4), ["Alpha"]),
        (CardQuery(order="robust"), ["Gamma", "beta", "deltaYx", "delta_x", "Alpha"]),
        (CardQuery(order="robust", descending=False), ["deltaYx", "beta", "Gamma", "Alpha", "delta_x"]),
        (CardQuery(order="clean", limit=1), ["beta"]),
        (CardQuery(methods=(Compression.LRR,)), ["Gamma", "beta"]),
        (CardQuery(augmentations=(AugmentationName.AUGMIX, AugmentationName.CLEAN)), ["deltaYx", "delta_x", "Alpha"]),
        (CardQuery(networks=(NetworkName.CONV4,), data_digest="e" * 64), ["Gamma"]),
        (CardQuery(text="DELTA"), ["deltaYx", "delta_x"]),
        (CardQuery(text="a_x"), ["delta_x"]),
        (CardQuery(text="100%"), []),
        (CardQuery(text=" lrr  gauss ", order="name", descending=False), ["Gamma", "beta"]),
        (CardQuery(limit=0), []),
    ],
)
def test_cards_are_filtered_sorted_and_paged(library, shelf, query, expected):
    assert names(library.cards(query)) == expected
    assert library.count(replace(query, offset=3, limit=1)) == len(library.cards(replace(query, offset=0, limit=None)))


def test_cards_without_the_figure_come_last_in_creation_order(library, shelf):
    assert names(library.cards(CardQuery(order="clean")))[3:] == ["delta_x", "Alpha"]
    assert names(library.cards(CardQuery(order="clean", descending=False)))[3:] == ["Alpha", "delta_x"]


def test_pages_put_together_are_the_whole(library, told, make):
    told(*(make.card_made(n, sparsity=n % 3 / 10) for n in range(25)))
    for order in ORDERS:
        whole = library.cards(CardQuery(order=order))
        pages = [library.cards(CardQuery(order=order, offset=start, limit=4)) for start in range(0, 28, 4)]
        assert [card for each in pages for card in each] == whole
        assert len({card.id for card in whole}) == 25


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", list(ORDERS))
def test_every_order_walks_an_index(database, library, order, descending):
    query = page(CardQuery(order=order, descending=descending, offset=10, limit=5))
    compiled = query.compile(dialect=database._engine.dialect, compile_kwargs={"literal_binds": True})
    with database.session() as session:
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    inner = plan[plan.index("LIST SUBQUERY 1") + 1 :]
    assert inner[0].startswith("SCAN cards USING COVERING INDEX ix_cards_")
    assert not any("TEMP B-TREE" in line for line in inner[:1])


def test_tags_notes_and_names(library, shelf, make):
    ids = [make.card_id(n) for n in (0, 1)]
    library.set_tags(ids, [" keep ", "paper", "paper", ""])
    assert [library.card(each).tags for each in ids] == [("keep", "paper")] * 2
    library.set_tags([ids[0]], ["paper"])
    assert names(library.cards(CardQuery(tags=("paper",)))) == ["beta", "Alpha"]
    assert names(library.cards(CardQuery(tags=("paper", "keep")))) == ["beta"]
    library.set_notes(ids[0], "Öl and water")
    library.rename(ids[1], "Omega")
    assert names(library.cards(CardQuery(text="öl"))) == ["Alpha"]
    assert names(library.cards(CardQuery(text="keep omega"))) == ["Omega"]
    assert library.card(ids[0]).notes == "Öl and water"
    with pytest.raises(UserError, match="needs a name"):
        library.rename(ids[0], "  ")
    for call in (
        lambda: library.rename("0" * 64, "x"),
        lambda: library.set_notes("0" * 64, "x"),
        lambda: library.set_tags([ids[0], "0" * 64], ["lost"]),
    ):
        with pytest.raises(NotFoundError):
            call()
    assert library.card(ids[0]).tags == ("paper",)


# --- measurements ---------------------------------------------------------------------------------------------------


def test_an_evaluation_comes_back_and_becomes_the_headline(library, told, make):
    told(make.card_made(1))
    claim = told(make.card_evaluated(1, clean=0.9, contrast=(0.8, 0.5)))
    (found,) = library.evaluations()
    assert [cell.accuracy for cell in found.cells] == [0.9, 0.8, 0.5]
    assert (found.clean_accuracy, found.robust_accuracy) == (0.9, pytest.approx(0.65))
    assert (found.suite, found.probabilities, found.labels) == (make.SUITE, "a" * 64, "b" * 64)
    assert (found.job_id, found.calibration_error) == (claim.job.id, 0.05)
    card = library.card(make.card_id(1))
    assert (card.clean_accuracy, card.robust_accuracy, card.suite) == (0.9, pytest.approx(0.65), make.SUITE)


def test_the_newest_evaluation_on_test_images_is_the_headline(library, told, make):
    other = make.SUITE.model_copy(update={"seed": 9})
    told(make.card_made(1), make.card_evaluated(1, at=30.0, clean=0.3, suite=other))
    told(make.card_evaluated(1, at=10.0, clean=0.1))
    told(make.card_evaluated(1, at=20.0, clean=0.2))
    told(make.card_evaluated(1, at=40.0, clean=0.4, suite=SELECTION_SUITE))  # validation images: never reported
    card = library.card(make.card_id(1))
    assert (card.clean_accuracy, card.suite) == (0.3, other)
    assert [each.clean_accuracy for each in library.evaluations()] == [0.4, 0.3, 0.2]
    assert [each.clean_accuracy for each in library.evaluations(suite_key=suite_key(make.SUITE, make.DIGEST))] == [0.2]
    assert library.evaluations(card_ids=[make.card_id(2)]) == []


def test_a_suite_without_corruptions_has_no_robust_accuracy(library, told, make):
    suite = Suite(corruptions=(), severities=())
    evaluated = make.card_evaluated(1, suite=suite)
    told(make.card_made(1), evaluated.model_copy(update={"cells": evaluated.cells[:1]}))
    assert np.isnan(library.evaluations()[0].robust_accuracy)
    assert library.card(make.card_id(1)).robust_accuracy is None


def test_an_evaluation_repeated_by_a_new_attempt_is_one(database, library, ledger, told, make):
    claim = told(make.card_made(1), make.card_evaluated(1))
    ledger.end(claim.run.id, Outcome.LOST)
    again = ledger.claim("bench")
    ledger.ingest(again.run.id, [make.card_made(1), make.card_evaluated(1)], offset=1)
    with database.session() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM evaluations").scalar() == 1


def test_maps_are_the_newest_of_each_kind(library, artifacts, told, make):
    kept = artifacts.keep(make.map_array())
    newer = artifacts.keep(make.map_array() * 0.5)
    told(make.card_made(1), make.card_made(2))
    told(make.map_measured(1, kept, at=1.0), make.map_measured(2, kept, at=2.0))
    told(make.map_measured(1, newer, at=3.0), make.map_measured(1, kept, at=4.0, options=MapOptions(norm=1.0)))
    found = library.maps()
    assert [(each.created_at.timestamp(), each.options.norm) for each in found] == [(4.0, 1.0), (3.0, 4.0), (2.0, 4.0)]
    np.testing.assert_array_equal(found[1].errors, make.map_array() * 0.5)
    assert library.maps(card_ids=[make.card_id(2)])[0].clean_error == 0.1
    assert library.card(make.card_id(2)).has_map


def test_references_and_distances_are_found_by_their_keys(library, told, make):
    key = reference_key(make.DIGEST, GaussianAugmentation(), GateOptions())
    suite = suite_key(make.SUITE, make.DIGEST)
    assert (library.reference(key), library.distances(key, suite)) == (None, None)
    told(make.reference_built(), make.distances_measured())
    told(make.reference_built(spectra="9" * 64), make.distances_measured(distances="8" * 64))
    found = library.reference(key)
    assert (found.augmentation, found.options, found.spectra) == (GaussianAugmentation(), GateOptions(), "9" * 64)
    assert library.distances(key, suite) == "8" * 64


# --- stored arrays --------------------------------------------------------------------------------------------------


def test_an_array_is_kept_once_and_mapped(artifacts, database, make):
    content = artifacts.keep(make.map_array())
    assert artifacts.keep(make.map_array()) == content
    found = artifacts.array(content)
    np.testing.assert_array_equal(found, make.map_array())
    assert isinstance(found, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1
    assert len([path for path in (database.folder / "artifacts").rglob("*") if path.is_file()]) == 1


def test_a_missing_or_damaged_array_is_named(artifacts, database, make):
    content = artifacts.keep(make.map_array())
    path = content_path(database.folder / "artifacts", content)
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(WorkspaceError, match=f"{content}: a stored result is damaged"):
        artifacts.array(content)
    path.unlink()
    with pytest.raises(WorkspaceError, match="is missing: measure it again"):
        artifacts.array(content)


# --- decks ----------------------------------------------------------------------------------------------------------


def deck(make, *numbers, name="Friday", **changes):
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    values = {
        "id": DeckId(0),
        "name": name,
        "cards": tuple(make.card_id(n) for n in numbers),
        "mode": DeckMode.SOFT,
        "gate": GateOptions(images=50),
        "batch": 4,
        "temperature": 0.5,
        "created_at": moment,
        "modified_at": moment,
    }
    return Deck(**(values | changes))


def test_a_deck_comes_back_by_name_and_number(library, shelf, make):
    saved = library.save_deck(deck(make, 3, 0, 3))
    assert saved == replace(deck(make, 3, 0, 3), id=saved.id)
    assert library.deck("Friday") == library.deck(saved.id) == library.deck(str(saved.id)) == saved
    numbered = library.save_deck(deck(make, 1, name=str(saved.id)))
    assert library.deck(str(saved.id)) == numbered
    for missing in ("Monday", DeckId(99), "99"):
        with pytest.raises(NotFoundError):
            library.deck(missing)


def test_an_edited_deck_replaces_itself(library, shelf, make):
    first = library.save_deck(deck(make, 0, 1, 2))
    second = library.save_deck(deck(make, 1, name="Sunday"))
    later = datetime(2031, 1, 1, tzinfo=UTC)
    edited = library.save_deck(replace(first, cards=first.cards[::-1][:2], name=" Friday ", modified_at=later))
    assert edited.name == "Friday"
    assert library.decks() == [edited, second]
    library.delete_deck(edited.id)
    assert library.decks() == [second]
    assert library.count() == 5
    for gone in (lambda: library.delete_deck(edited.id), lambda: library.save_deck(edited)):
        with pytest.raises(NotFoundError, match="deleted"):
            gone()


def test_a_deck_that_cannot_be_saved_changes_nothing(library, shelf, make):
    saved = library.save_deck(deck(make, 0))
    for wrong, reason in (
        (deck(make, 1), "already called 'Friday'"),
        (deck(make, 1, name=" "), "needs a name"),
        (deck(make, 77, name="other"), "there is no card"),
        (replace(saved, cards=(make.card_id(77),)), "there is no card"),
    ):
        with pytest.raises(UserError, match=reason):
            library.save_deck(wrong)
    assert library.decks() == [saved]
