"""A user's mistake gives one line that names the field or file and what is allowed, exit 2, and leaves nothing."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from card_studio.__main__ import run
from card_studio.pictures import encode_png

DECK_WITHOUT_CARDS = "no-such-deck"


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> "Said":
    return Said(tmp_path, capsys)


class Said:
    """Runs a command in a workspace of its own and returns the one line that it says of a mistake."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> str:
        status = run(["--workspace", str(self.workspace), *map(str, arguments)])
        *progress, line = self._capsys.readouterr().err.strip().splitlines()
        assert status == 2
        assert all(said.startswith("job ") for said in progress)
        assert line.startswith("card-studio: ")
        return line

    def recipe(self, text: str) -> Path:
        path = self.folder / "mine.toml"
        path.write_text(text)
        return path


def test_a_wrong_key(said: Said) -> None:
    line = said("submit", said.recipe("[training]\nepoks = 3\n"))
    assert "mine.toml" in line
    assert "training.epoks: there is no such option" in line


def test_a_wrong_value(said: Said) -> None:
    line = said("run", said.recipe('[compression]\nmethod = "lrr"\nsparsity = 80\n'))
    assert "compression.sparsity: Input should be less than 1" in line


def test_a_wrong_override(said: Said) -> None:
    assert "training.epochs" in said("submit", said.recipe(""), "--set", "training.epochs=none")


def test_a_missing_recipe(said: Said) -> None:
    assert "no such recipe file" in said("run", said.folder / "none.toml")


def test_a_missing_data_folder(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_STUDIO_HOST_LINGER_S", "0.5")
    line = said("run", said.recipe('[data]\nname = "folder"\npath = "nowhere/at-all"\n'))
    assert "nowhere/at-all" in line


def test_a_zip_that_would_write_elsewhere(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_STUDIO_HOST_LINGER_S", "0.5")
    picture = encode_png(np.zeros((3, 32, 32), np.uint8))
    with zipfile.ZipFile(said.folder / "bad.zip", "w") as archive:
        for index in range(20):
            archive.writestr(f"cat/{index}.png", picture)
            archive.writestr(f"dog/{index}.png", picture)
        archive.writestr("../../outside.png", picture)
    line = said("run", said.recipe('[data]\nname = "folder"\npath = "bad.zip"\n'))
    assert "bad.zip" in line
    assert "outside.png" in line
    assert not (said.folder.parent / "outside.png").exists()
    assert not (said.folder / "outside.png").exists()


def test_unknown_cards_decks_and_commands(said: Said) -> None:
    assert "abcdef" in said("evaluate", "abcdef")
    assert DECK_WITHOUT_CARDS in said("deck", "score", DECK_WITHOUT_CARDS)
    assert "shuffle" in said("shuffle")
    assert "--nothing" in said("jobs", "--nothing")


def test_a_workspace_where_a_file_stands(said: Said) -> None:
    said.workspace.write_text("not a folder")
    assert str(said.workspace) in said("jobs")
    assert said.workspace.read_text() == "not a folder"


def test_a_workspace_whose_database_is_foreign(said: Said) -> None:
    said.workspace.mkdir()
    (said.workspace / "studio.db").write_bytes(b"this is no database" * 100)
    assert "studio.db" in said("jobs")


@pytest.mark.skipif(not Path("/sys/kernel").exists(), reason="only Linux has a folder that even root cannot write")
def test_a_read_only_workspace(said: Said) -> None:
    said.workspace = Path("/sys/kernel/studio")
    assert "cannot write /sys/kernel/studio" in said("jobs")


def test_no_display_names_the_tour(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PySide6")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "tour" in said()


def test_lists_are_one_json_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text("seed = 4\n")
    place = ["--workspace", str(tmp_path / "workspace")]
    assert run([*place, "submit", str(recipe), "--replicates", "2", "--json"]) == 0
    job = json.loads(capsys.readouterr().out)
    assert job["spec"]["recipe"]["seed"] == 4
    assert run([*place, "jobs", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    for command in ("cards", "decks"):
        assert run([*place, command, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == []


def test_a_bug_leaves_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("card_studio.__main__.platformdirs.user_log_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr("card_studio.cli.app.Workspace", lambda *_, **__: 1 / 0)
    monkeypatch.setattr("card_studio.cli.options.Workspace", lambda *_, **__: 1 / 0)
    assert run(["jobs"]) == 1
    line = capsys.readouterr().err.strip()
    (report,) = tmp_path.glob("report-*.txt")
    assert str(report) in line
    assert "ZeroDivisionError" in report.read_text()


def test_a_file_to_import_that_is_none_or_no_network(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARD_STUDIO_HOST_LINGER_S", "0.5")
    assert "none.card: no such file" in said("import", said.folder / "none.card")
    line = said("import", said.recipe("seed = 1\n").rename(said.folder / "words.pth"))
    assert "words.pth: refused: not a file of tensors only, or damaged" in line
