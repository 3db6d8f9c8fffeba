"""Cards that leave by the queue in fewer bits a weight; what makes no sense is refused at once."""

import json
from pathlib import Path

import pytest

from card_studio.__main__ import run
from card_studio.domain.recipe import Recipe
from card_studio.errors import CardFileError
from card_studio.studio.workspace import Workspace


def test_a_rounded_card_leaves_and_comes_in_again_as_another(
    workspace: Workspace, quick: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.wait(workspace.submit(quick), timeout_s=120)
    card = next(card for card in workspace.cards() if card.sparsity)
    place = ["--workspace", str(workspace.path), "export", card.id[:12]]
    assert run([*place, str(tmp_path / "small.card"), "--values", "int8", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["exact_accuracy"] == pytest.approx(card.validation_accuracy)
    assert said["file_bytes"] == (tmp_path / "small.card").stat().st_size < card.file_bytes
    assert said["reference_bytes"] < card.reference_bytes
    workspace.wait(workspace.import_cards(tmp_path / "small.card"), timeout_s=60)
    rounded = workspace.card(said["card"])
    assert rounded.recipe.values == "int8"
    assert rounded.validation_accuracy == pytest.approx(said["stored_accuracy"])
    assert rounded.kept_weights == card.kept_weights
    for values, reason in (("int8", "leave the values out"), ("float16", "would not bring back")):
        with pytest.raises(CardFileError, match=reason):
            workspace.export_rounded(rounded.id, tmp_path, values)
    assert run([*place, str(tmp_path), "--values", "float16"]) == 0
    path, line = capsys.readouterr().out.strip().splitlines()
    assert path == str(tmp_path / f"{card.id[:12]}-float16.card")
    assert line.startswith("stored as float16: validation accuracy")
    with pytest.raises(CardFileError, match=r"a card's file ends in \.card"):
        workspace.export_card(card.id, tmp_path / "small.bin")
