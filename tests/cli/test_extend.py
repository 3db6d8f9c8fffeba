"""One's own methods on the command line: asked for, listed, among a recipe's options, refused in one line."""

import io
import json
from pathlib import Path

import pytest

from card_studio.__main__ import run

CODE = """
from card_studio.extend import Options, augmentation, option
class FadeOptions(Options):
    factor: float = option(0.5, "How bright", gt=0, le=1)
@augmentation("fade", FadeOptions)
def fade(images, generator, options):
    "Darker images."
    return images * options.factor
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What names a new workspace, with nobody at the keyboard."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return ["--workspace", str(tmp_path / "workspace")]


def test_a_file_is_added_listed_and_removed(
    workspace: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(CODE, encoding="utf-8")
    assert run([*workspace, "extend", str(path)]) == 2
    asked = capsys.readouterr().err
    assert f"Run the code of {path}?" in asked
    assert "say --yes" in asked
    assert run([*workspace, "options", "fade", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []

    assert run([*workspace, "extend", str(path), "--yes", "--json"]) == 0
    (added,) = json.loads(capsys.readouterr().out)
    assert [method["name"] for method in added["methods"]] == ["own.fade"]
    assert run([*workspace, "extend", str(path)]) == 0  # it is known: nobody is asked again
    assert "Darker images." in capsys.readouterr().out
    assert run([*workspace, "options", "fade", "--json"]) == 0
    told = {each["option"]: each["allowed"] for each in json.loads(capsys.readouterr().out)}
    assert told == {"augmentation.name": "own.fade", "augmentation.factor": "above 0, at most 1"}

    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[augmentation]\nname = "own.fade"\n', encoding="utf-8")
    assert run([*workspace, "submit", str(recipe), "--set", "augmentation.factor=2"]) == 2
    assert "augmentation.factor: Input should be less than or equal to 1" in capsys.readouterr().err
    assert run([*workspace, "submit", str(recipe), "--set", "augmentation.factor=0.25", "--json"]) == 0
    queued = json.loads(capsys.readouterr().out)["spec"]["recipe"]["augmentation"]
    assert queued == {"name": "own.fade", "source": added["source"], "factor": 0.25}

    assert run([*workspace, "extend", "--remove", "mine.py"]) == 0
    nothing = capsys.readouterr().out.split()
    assert nothing[:5] == ["no", "methods", "of", "your", "own"]
    assert Path(nothing[-1]).is_file()
    assert run([*workspace, "submit", str(recipe)]) == 2
    assert "this workspace has no augmentation own.fade" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.py"], "nowhere.py: no such file"),
        (["--remove", "nowhere.py"], "no extension is called nowhere.py: there are none"),
        (["--installed"], "say --yes if it may"),
        (["--installed", "--remove", "a.py"], "one of them"),
    ],
)
def test_mistakes_are_one_line(
    workspace: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run([*workspace, "extend", *arguments]) == 2
    refusal = capsys.readouterr().err.strip()
    assert said in refusal
    assert len(refusal.splitlines()) == 1
