"""The tour's promises that can be checked in seconds, and in a slow test the tour itself, as the README starts it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from card_studio.domain.names import Compression
from card_studio.domain.recipe import level_sparsities
from card_studio.studio.tour import SUITE, tour_specs


def test_two_jobs_make_three_cards() -> None:
    clean, gaussian = (spec.recipe for spec in tour_specs())
    for recipe in (clean, gaussian):
        assert recipe.compression.method is Compression.LRR
        assert len(level_sparsities(recipe.compression.sparsity, recipe.compression.share_per_level)) == 4
    assert (clean.augmentation.name, gaussian.augmentation.name) == ("clean", "gaussian")
    assert (clean.compression.also_keep, gaussian.compression.also_keep) == ((0.0,), ())
    assert not SUITE.standard


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tour(tmp_path: Path) -> None:
    began = time.monotonic()
    command = [sys.executable, "-m", "card_studio", "tour", "--out", str(tmp_path), "--no-window"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    print(f"the tour took {time.monotonic() - began:.0f} s")  # noqa: T201 - a figure for the log, not a verdict
    tour = json.loads((tmp_path / "tour.json").read_text())
    assert [card["sparsity"] for card in tour["cards"]] == [0.0, 0.8, 0.8]
    assert all(card["clean_accuracy"] >= 0.9 for card in tour["cards"])
    clean, noisy = tour["predictions"]
    assert (clean["chosen"], noisy["chosen"]) == ("clean", "gaussian")
    for each in (clean, noisy):
        assert each["distances"][each["chosen"]] == min(each["distances"].values())
    for page in ("queue", "cards", "robustness", "sensitivity", "deck"):
        assert (tmp_path / f"{page}.png").stat().st_size > 10_000
    said = result.stdout
    assert "three levels of 41.5 %" in said
    assert "noisy.png: the gate chose gaussian" in said
