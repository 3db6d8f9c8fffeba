"""Tests of checkpoints: what is saved comes back bit for bit, and what is no checkpoint is refused."""

import pickle
from pathlib import Path

import pytest
import torch

from card_studio.domain.run import Advanced, StepReported
from card_studio.engine.checkpoint import FitPosition, Position, load_checkpoint, save_checkpoint
from card_studio.errors import CardFileError

REPORT = StepReported(
    step=7, epoch=0.7, level=1, loss=float("nan"), accuracy=0.5, learning_rate=0.1, sparsity=0.8, images_per_s=9.0
)
POSITION = Position(
    fingerprint="f",
    maker="m",
    place=2,
    pending=(REPORT, Advanced(progress=0.25)),
    fit=FitPosition(step=7, answered=0, silent_s=0.1 + 0.2, training_s=1e-17),
)


def test_everything_comes_back_bit_for_bit(tmp_path: Path) -> None:
    strange = torch.tensor([0.0, -0.0, float("inf"), float("nan"), 1e-45])
    tensors = {
        "net.conv": torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last),
        "strange": strange,
        "mask": torch.tensor([True, False]),
        "half": torch.randn(3).bfloat16(),
        "count": torch.tensor(2**40),
    }
    save_checkpoint(tmp_path / "deep" / "checkpoint", POSITION, tensors)
    position, loaded = load_checkpoint(tmp_path / "deep" / "checkpoint")
    assert repr(position) == repr(POSITION)  # NaN is not equal to itself
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert (
            loaded[name].numpy(force=True).tobytes() == tensor.numpy(force=True).tobytes()
            if name == "strange"
            else (torch.equal(loaded[name], tensor))
        )


def test_saving_again_replaces_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    save_checkpoint(path, POSITION, {"a": torch.zeros(3)})
    save_checkpoint(path, POSITION.model_copy(update={"place": 3, "fit": None}), {})
    position, tensors = load_checkpoint(path)
    assert (position.place, position.fit, tensors) == (3, None, {})
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: b"",
        lambda whole: pickle.dumps({"weights": 1}),
        lambda whole: whole.replace(b"fingerprint", b"fungerprint"),
    ],
    ids=["cut", "empty", "pickle", "another header"],
)
def test_what_is_no_checkpoint_is_refused_in_one_line(tmp_path: Path, damage) -> None:
    path = tmp_path / "checkpoint"
    save_checkpoint(path, POSITION, {"a": torch.zeros(300)})
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CardFileError, match="not a checkpoint, or damaged") as refused:
        load_checkpoint(path)
    assert "\n" not in str(refused.value)
