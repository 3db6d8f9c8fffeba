"""write_tensors(): what safetensors cannot write is said as for any other file, and leaves nothing behind."""

from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from card_studio.engine import tensor_file
from card_studio.engine.tensor_file import write_tensors
from card_studio.errors import WorkspaceError


def test_tensors_come_back(tmp_path: Path) -> None:
    write_tensors(tmp_path / "kept", {"a": torch.arange(5)}, {"text": "b"})
    assert load_file(tmp_path / "kept")["a"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("number", "reason"), [(28, "the disk is full"), (30, "the disk is read-only")])
def test_what_the_disk_refuses_is_one_clear_line(
    number: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SafetensorError(f"Error while serializing: I/O error: as safetensors words it (os error {number})")

    monkeypatch.setattr(tensor_file, "save_file", refuse)
    with pytest.raises(WorkspaceError, match=f"cannot write {tmp_path / 'kept'}: {reason}"):
        write_tensors(tmp_path / "kept", {"a": torch.zeros(1)}, {})
    assert list(tmp_path.iterdir()) == []
