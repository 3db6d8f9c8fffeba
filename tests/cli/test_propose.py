"""`card-studio deck propose`: the steps, the record, the saved deck; and mistakes in one line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from card_studio.cli.app import run
from card_studio.cli.options import bytes_of
from card_studio.errors import UserError
from tests.ui.deck.filling import Dealt, opened
from tests.ui.deck.selecting import answer_selection, measure_selection


@pytest.fixture
def dealt(tmp_path: Path) -> Iterator[Dealt]:
    with opened(tmp_path / "workspace", {}) as filled:
        for number in range(6):
            filled.add_card(number, file=False)
        filled.prepare_gate()
        answer_selection(filled, filled.cards)
        measure_selection(filled)
        yield filled


@pytest.mark.parametrize(
    ("text", "size"),
    [("500kB", 500_000), ("1.5 MB", 1_500_000), ("2mib", 2 * 1024**2), ("300", 300), ("7 B", 7), ("3k", 3_000)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "lots", "-3kB", "0", "3 TB", "1e9"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is no size"):
        bytes_of(text)


def test_a_deck_is_proposed_saved_and_told(dealt: Dealt, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--workspace", str(dealt.folder), "deck", "propose"]
    assert run([*place, "--budget", "600kB", "--save", "best", "--curve", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    deck = dealt.workspace.deck("best")
    assert tuple(said["proposal"]["cards"]) == deck.cards
    assert deck.selection is not None
    assert said["proposal"]["selection"]["budget_bytes"] == deck.selection.budget_bytes == 600_000
    assert len(said["curve"]) > 1
    assert run([*place, "--find", "gaussian"]) == 0
    told = capsys.readouterr().out
    assert "of 2 cards" in told
    assert "validation images" in told
    assert "in the deck" in told


def test_mistakes_are_said_in_one_line(dealt: Dealt) -> None:
    place = ["--workspace", str(dealt.folder), "deck", "propose"]
    for arguments, reason in (
        (["--budget", "lots"], "is no size"),
        (["--budget", "5B"], "no card fits 5 bytes"),
        (["--find", "nothing"], "no card has the words"),
        ([dealt.cards[0], "--find", "gaussian"], "not both"),
    ):
        with pytest.raises(UserError, match=reason):
            run([*place, *arguments])
