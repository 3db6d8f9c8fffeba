"""The list of what a recipe may say."""

import json

import pytest

from card_studio.__main__ import run


def test_options_are_listed_and_found_by_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["options", "--json"]) == 0
    every = json.loads(capsys.readouterr().out)
    assert {"training.epochs", "compression.rewind_epoch", "values"} <= {each["option"] for each in every}
    assert run(["options", "milestone"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "training.milestones" in shown
    assert "[0.5, 0.75]" in shown
    assert "training.epochs" not in shown
