"""Evaluate, map, compare and report on the command line: real cards, their numbers as tables, JSON and files."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from card_studio.__main__ import run
from card_studio.domain.recipe import recipe_from
from card_studio.settings import Settings
from card_studio.studio.workspace import Workspace
from tests.processes import end_processes_of

QUICK = {
    "name": "quick",
    "data": {"name": "shapes", "train_images": 128, "held_out_images": 64},
    "network": {"name": "resnet8", "width": 0.25},
    "training": {"epochs": 1, "batch_size": 32},
    "compression": {"method": "lrr", "sparsity": 0.5, "share_per_level": 0.5, "also_keep": [0.0]},
}
SUITE = ("--corruption", "fog", "--corruption", "contrast", "--images", "32")


class Studio:
    """A workspace with two cards, and the command line on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        workspace = Workspace(folder / "workspace", settings=Settings(host_linger_s=1, workers=1))
        workspace.wait(workspace.submit(recipe_from(QUICK)), timeout_s=240)
        self.cards = sorted(card.id for card in workspace.cards())
        workspace.set_tags(self.cards, ["study"])
        workspace.close()

    def __call__(self, *arguments: str | Path) -> int:
        return run(["--workspace", str(self.folder / "workspace"), *map(str, arguments)])


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("compare")
    made = Studio(folder)
    assert made("evaluate", *made.cards, *SUITE, "--out", folder / "evaluated") == 0
    assert made("map", *made.cards, "--images", "2", "--out", folder / "mapped") == 0
    yield made
    end_processes_of(folder)


@pytest.fixture
def said(studio: Studio, capsys: pytest.CaptureFixture[str]) -> Any:
    def answer(*arguments: str | Path) -> str:
        assert studio(*arguments) == 0
        return capsys.readouterr().out

    return answer


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def test_an_evaluation_is_written_as_tables_json_and_figures(studio: Studio) -> None:
    out = studio.folder / "evaluated"
    stored = {each["card_id"]: each for each in json.loads((out / "evaluations.json").read_text())}
    rows = rows_of(out / "cells.csv")
    assert len(rows) == 2 * (1 + 2 * 5)
    for row in rows:
        cells = stored[row["card"]]["cells"]
        (cell,) = [
            each
            for each in cells
            if str(each["corruption"] or "clean") == row["corruption"] and each["severity"] == int(row["severity"])
        ]
        assert float(row["accuracy"]) == pytest.approx(cell["accuracy"], abs=1e-5)
    assert r"\toprule" in (out / "matrix.tex").read_text()
    for name in ("clean-robust.png", "sparsity.png", f"matrix-{studio.cards[0][:8]}.png"):
        with Image.open(out / name) as image:
            assert image.width > 500
    assert (out / "sparsity.svg").exists()


def test_maps_are_written_as_tables_json_and_figures(studio: Studio) -> None:
    out = studio.folder / "mapped"
    maps = json.loads((out / "maps.json").read_text())
    rows = rows_of(out / "map-cells.csv")
    assert len(rows) == 2 * 32 * 32
    centre = next(row for row in rows if row["card"] == maps[0]["card_id"] and (row["i"], row["j"]) == ("0", "0"))
    assert float(centre["error"]) == pytest.approx(maps[0]["errors"][16][16], abs=1e-5)
    assert {path.name for path in out.glob("*.png")} == {"maps.png", "frequency.png"}


def test_a_comparison_says_what_differs_and_what_that_does(studio: Studio, said: Any) -> None:
    first, second = studio.cards
    found = json.loads(said("compare", first, second, "--images", "5", "--out", studio.folder / "out", "--json"))
    differing = {row["option"] for row in found["recipes"] if row["differs"]}
    assert {"compression.method", "compression.sparsity"} <= differing
    base, other = found["results"]
    assert (base["card"], base["comparison"], base["mce"]) == (first, None, 1)
    accuracies = [[cell["accuracy"] for cell in each["evaluation"]["cells"]] for each in (base, other)]
    differences = [cell["difference"] for cell in other["comparison"]["cells"]]
    assert differences == pytest.approx(list(np.subtract(accuracies[1], accuracies[0])), abs=1e-6)
    low, high = other["comparison"]["robust_interval"]
    assert low <= other["comparison"]["robust"] <= high
    assert "n = 32" in found["suite"]
    images = found["disagreements"]["images"]
    assert len(images) == min(5, found["disagreements"]["found"])
    assert [each["disagreement"] for each in images] == sorted((e["disagreement"] for e in images), reverse=True)
    written = {path.name for path in (studio.folder / "out").iterdir()}
    wanted = {"comparison.json", "headline.tex", "recipes.csv", "cells.csv", "maps.png", "disagreements.png"}
    assert wanted <= written


def test_a_comparison_is_read_as_text(studio: Studio, said: Any) -> None:
    text = said("compare", *studio.cards, "--cell", "fog-5", "--wrong", studio.cards[0])
    for heading in (
        "Headline numbers",
        "Recipes",
        "Accuracy by corruption and severity",
        "Images of most disagreement",
    ):
        assert heading in text
    assert "fog 5" in text
    assert "is wrong" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cell", "snow-1"], "'snow-1' is no cell of this suite"),
        (["--baseline", "zzz"], "zzz"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    studio: Studio, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert studio("compare", *studio.cards, *arguments) == 2
    assert words in capsys.readouterr().err


def test_one_card_is_not_compared(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert studio("compare", studio.cards[0]) == 2
    assert "1 card: compare 2 to 6" in capsys.readouterr().err


def test_a_report_stands_alone(studio: Studio, said: Any) -> None:
    out = studio.folder / "report"
    said("report", "study", out)
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "2 cards, tagged `study`" in text
    assert "(one run)" in text
    assert "## What the numbers are" in text
    assert "torch" in text, "the versions"
    links = [part.partition(")")[0] for part in text.split("](")[1:]]
    assert len(links) >= 6
    assert all((out / link).exists() for link in links)
    assert not [line for line in text.splitlines() if str(studio.folder) in line], "no paths of this machine"


def test_a_study_that_is_not_there_names_those_that_are(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    assert studio("report", "nothing", studio.folder / "none") == 2
    line = capsys.readouterr().err
    assert "tags: study; recipes: quick" in line
    assert not (studio.folder / "none").exists()


def test_mce_is_the_mean_ratio_of_wrong_answers(studio: Studio, said: Any) -> None:
    own, by = studio.cards
    (told,) = json.loads(said("evaluate", own, *SUITE, "--normaliser", by, "--json"))
    workspace = Workspace(studio.folder / "workspace")
    wrong = {}
    for each in workspace.evaluations([own, by]):
        answers = np.asarray(workspace.array(each.probabilities)).argmax(axis=2)
        wrong[each.card_id] = (answers != np.asarray(workspace.array(each.labels))).sum(axis=1)[1:].reshape(2, -1)
    workspace.close()
    ratios = [mine.sum() / others.sum() for mine, others in zip(wrong[own], wrong[by], strict=True)]
    assert told["mce"] == pytest.approx(float(np.mean(ratios)))
    assert told["normaliser"] == by
    assert f"mCE {100 * float(np.mean(ratios)):.1f} %" in said("evaluate", own, *SUITE, "--normaliser", by)


def test_maps_as_json_say_what_computed_them(studio: Studio, said: Any) -> None:
    told = json.loads(said("map", *studio.cards, "--images", "2", "--json"))
    assert len(told) == 2
    for each in told:
        assert "torch " in each["computed_with"]
        assert "card-studio " in each["computed_with"]
        assert each["definition"]
        assert each["card_id"] in studio.cards


def test_one_of_several_common_suites_is_chosen_by_its_number(
    studio: Studio, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = tmp_path / "workspace"
    shutil.copytree(studio.folder / "workspace", copied)

    def told(*arguments: str) -> tuple[int, str, str]:
        status = run(["--workspace", str(copied), *arguments])
        return status, *capsys.readouterr()

    try:
        assert told("evaluate", *studio.cards, "--corruption", "pixelate", "--images", "16")[0] == 0
    finally:
        end_processes_of(tmp_path)
    *_, unnamed = told("compare", *studio.cards)
    for word in ("1: ", "2: ", "compared on the first"):
        assert word in unnamed
    answers = {n: json.loads(told("compare", *studio.cards, "--suite", n, "--json")[1]) for n in ("1", "2")}
    definitions = {n: each["suite"] for n, each in answers.items()}
    assert "16 test images" in definitions["1"] + definitions["2"]
    assert "32 test images" in definitions["1"] + definitions["2"]
    assert definitions["1"] != definitions["2"]
    status, _, refused = told("compare", *studio.cards, "--suite", "3")
    assert status == 2
    assert "--suite 3: all these cards have answered 2" in refused
