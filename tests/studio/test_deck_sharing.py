"""A deck comes into a workspace and leaves it, by the commands and through real jobs, and answers as before."""

import json
from importlib import util
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from card_studio.__main__ import run
from card_studio.engine.context import Context
from card_studio.engine.data.progress import finished
from card_studio.engine.deck_file import reading_deck
from card_studio.engine.export import export_deck
from card_studio.errors import CardFileError, UserError
from card_studio.studio.workspace import Workspace
from tests.engine.conftest import context as context
from tests.engine.decks import export_of, some_images


def command(workspace: Path, *arguments: str) -> int:
    found = run(["--workspace", str(workspace), *arguments])
    assert isinstance(found, int)
    return found


@pytest.fixture
def theirs(context: Context, tmp_path: Path) -> Path:
    """Return a deck file of another workspace, whose dataset is nowhere."""
    spec = export_of(context, tmp_path / "theirs.deck", order=(0, 1), batch=2)
    list(export_deck(spec, context))
    return spec.out


@pytest.mark.slow
def test_a_deck_comes_in_answers_and_goes_out_again_by_the_commands(
    workspace: Workspace, theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert command(workspace.path, "import", str(theirs), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert told["deck"]["name"] == "Three"
        assert sorted(card["name"] for card in told["cards"]) == ["card 0", "card 1"]
    (deck,) = workspace.decks()
    assert (workspace.count_cards(), deck.batch, len(deck.cards)) == (2, 2, 2)
    images = some_images(5)
    wanted = workspace.predict(deck, images)
    assert {job.name for job in workspace.jobs()} == {"Import theirs.deck"}  # its references came with it
    files = {"deck": tmp_path / "out.deck", "onnx": tmp_path / "out.onnx"}
    for file in files.values():
        assert command(workspace.path, "deck", "export", "Three", str(file), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["path"], told["bytes"]) == (str(file), file.stat().st_size)
    first, second = (finished(reading_deck(path)) for path in (theirs, files["deck"]))
    assert first.header == second.header
    session = onnxruntime.InferenceSession(files["onnx"])
    (found,) = session.run(["probabilities"], {"images": images.astype(np.float32) / 255})
    np.testing.assert_allclose(found, np.stack([each.probabilities for each in wanted]), rtol=0, atol=1e-4)


def test_mistakes_are_told_before_anything_is_queued(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = workspace.deal("Empty", ())
    with pytest.raises(UserError, match="is empty: put a card on the table first"):
        workspace.export_deck(deck, tmp_path / "empty.deck")
    for name in ("empty.zip", "empty", "."):
        with pytest.raises(UserError, match=r"not a file ending in \.deck"):
            workspace.export_deck(deck, tmp_path / name)
    present = util.find_spec
    monkeypatch.setattr(
        "card_studio.studio.deck_sharing.find_spec", lambda name: None if name == "onnx" else present(name)
    )
    with pytest.raises(UserError, match=r"pip install 'card-studio\[export\]'"):
        workspace.export_deck(deck, tmp_path / "empty.onnx")
    assert workspace.jobs() == []


def test_a_damaged_deck_fails_in_one_line_and_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "bad.deck"
    path.write_bytes(b"\x08" + bytes(7) + b"{}      and so on")
    with pytest.raises(UserError, match=r"bad\.deck: not a deck file"):
        workspace.wait(workspace.import_cards(path), timeout_s=60)
    assert (workspace.decks(), workspace.count_cards()) == ([], 0)
    with pytest.raises(CardFileError, match="no such file"):
        workspace.import_cards(tmp_path / "none.deck")
