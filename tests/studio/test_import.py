"""Cards that come in through the queue: out of one workspace and into another, and files that must not run."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from card_studio.domain.recipe import Recipe
from card_studio.errors import CardFileError, UserError
from card_studio.settings import Settings
from card_studio.studio.workspace import Workspace
from tests.studio.conftest import end_processes_of


class Evil:
    """Makes a folder when unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_a_card_goes_from_one_workspace_to_another(
    workspace: Workspace, quick: Recipe, tmp_path: Path, settings: Settings
) -> None:
    workspace.wait(workspace.submit(quick), timeout_s=120)
    original = next(card for card in workspace.cards() if card.sparsity)
    exported = workspace.export_card(original.id, tmp_path / "mine.card")
    there = Workspace(tmp_path / "there", settings=settings)
    job = there.wait(there.import_cards(exported), timeout_s=60)
    assert job.name == "Import mine.card"
    assert there.cards_made_by(job) == [original.id]
    (card,) = there.cards()
    assert card.notes == "Imported from mine.card."
    measured = ("sparsity", "validation_accuracy", "file_bytes", "reference_bytes", "fingerprint", "data_digest")
    assert [getattr(card, name) for name in measured] == [getattr(original, name) for name in measured]
    there.wait(there.import_cards(exported), timeout_s=60)
    assert there.count_cards() == 1
    there.close()
    end_processes_of(tmp_path)


def test_a_pickle_that_runs_code_fails_its_job_and_does_not_run(workspace: Workspace, tmp_path: Path) -> None:
    ran, path = tmp_path / "ran", tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Evil(ran)))
    with pytest.raises(UserError, match=r"evil\.pth: refused: not a file of tensors only"):
        workspace.wait(workspace.import_cards(path), timeout_s=60)
    assert not ran.exists()
    assert workspace.count_cards() == 0
    pickle.loads(path.read_bytes())  # it would have
    assert ran.exists()


def test_a_missing_file_is_refused_at_once(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CardFileError, match="no such file"):
        workspace.import_cards(tmp_path / "none.card")
    assert workspace.jobs() == []
