"""Cards side by side: who lacks what is said, and only like is compared."""

from typing import Any

import pytest

from card_studio.domain.card import Card
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName
from card_studio.errors import UserError
from card_studio.studio.normalising import Normaliser
from card_studio.studio.recipe_differences import option_rows, recipe_sheet
from card_studio.studio.robustness import measure
from card_studio.studio.side_by_side import headline_sheet, read_sides
from tests.studio.test_robustness import Answers, card

OTHER = Suite(corruptions=(CorruptionName.FOG,), severities=(2,))


class Known:
    """A workspace of some cards and evaluations."""

    def __init__(self, cards: list[Card], evaluations: list[Any]) -> None:
        self._cards, self._evaluations = {each.id: each for each in cards}, evaluations

    def card(self, card_id: str) -> Card:
        return self._cards[card_id]  # type: ignore[index]  # ids are strings

    def evaluations(self, cards: Any = None) -> list[Any]:
        return [each for each in self._evaluations if each.card_id in cards]

    def environments(self, _jobs: Any) -> dict[Any, Any]:
        return {}

    def maps(self, _cards: Any = None) -> list[Any]:
        return []


def test_suites_of_most_cards_come_first_and_say_who_lacks_them() -> None:
    arrays, cards = Answers(), [card("one"), card("two"), card("three")]
    own = [arrays.evaluation(cards[0], 0.9, "only one", OTHER)]
    own += [arrays.evaluation(each, 0.8) for each in cards[:2]]
    sides = read_sides(Known(cards, own), ["one", "two", "three"])
    assert [len(each.cards) for each in sides.suites] == [2, 1]
    assert [each.id for each in sides.unanswered(sides.suites[0])] == ["three"]
    assert sides.one_dataset


@pytest.mark.parametrize(
    ("ids", "words"), [(["one"], "1 card: compare 2 to 6"), (["one", "two", "one"], "a card is named twice")]
)
def test_what_cannot_be_compared_is_refused(ids: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_sides(Known([card("one"), card("two")], []), ids)


def test_the_headline_has_intervals_and_marks_paired_differences() -> None:
    arrays, cards = Answers(), [card("one"), card("two"), card("three")]
    sides = read_sides(
        Known(cards, [arrays.evaluation(cards[0], 0.5), arrays.evaluation(cards[1], 0.8)]), [c.id for c in cards]
    )
    answers = sides.suites[0]
    results = measure(arrays, answers, [each.id for each in answers.cards], cards[0].id)
    by = Normaliser(title="one", evaluation=answers.evaluations[cards[0].id])
    sheet = headline_sheet(sides, results, answers, by)
    said = {str(row[0]): [sheet.written(at, column) for column in (1, 2, 3)] for at, row in enumerate(sheet.rows)}
    assert said["Robust (%)"][0].startswith("50.0 [")
    assert said["Δ robust (points)"][0] == "baseline"
    assert said["Δ robust (points)"][1].startswith("+30.0 [+")
    assert said["Δ robust (points)"][1].endswith("*")
    assert said["Δ clean (points)"][1] == "+0.0 [+0.0, +0.0]"
    assert said["Robust (%)"][2] == said["Clean (%)"][2] == "–", "not measured on this suite"
    assert said["Epochs trained in all"] == ["3", "3", "3"]
    assert said["mCE (%)"] == ["100.0", "40.0", "–"]
    assert "n = 100" in sheet.note


def test_recipes_differ_in_what_differs() -> None:
    cards = [card("one", sparsity=0.0), card("one", seed=1), card("one", augmentation="gaussian")]
    rows = {row.name: row for row in option_rows(cards)}
    assert rows["seed"].values == ("0", "1", "0")
    assert rows["compression.method"].values == ("dense", "lrr", "lrr")
    assert rows["compression.sparsity"].values == ("–", "0.8", "0.8")
    assert not rows["training.epochs"].differs
    sheet = recipe_sheet(cards)
    assert {row[0] for row in sheet.rows} == {name for name, row in rows.items() if row.differs}
    whole = recipe_sheet(cards, equal=True)
    assert len(whole.rows) == len(rows)
    assert {whole.rows[row][0] for row, _ in whole.marked} == {row[0] for row in sheet.rows}
