"""The state of a make_card job on disk: tensors as safetensors, counters and untold events as JSON; never pickle."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from card_studio.domain.run import AnyEvent
from card_studio.engine.tensor_file import write_tensors
from card_studio.errors import CardFileError

_POSITION = "position"


class FitPosition(BaseModel):
    """Where a level in training stands, beside its tensors."""

    model_config = ConfigDict(frozen=True)

    step: int
    answered: int
    silent_s: float
    training_s: float


class Position(BaseModel):
    """Where a job stands."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    fingerprint: str
    """Of the recipe and the images: a checkpoint of others is not resumed."""
    maker: str
    """Marks the levels that this job has trained itself."""
    place: int
    """Level that comes next, or is in training."""
    pending: tuple[AnyEvent, ...]
    """Events that have happened but were not told."""
    fit: FitPosition | None = None
    """None between levels."""


def save_checkpoint(path: Path, position: Position, tensors: Mapping[str, Tensor]) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        WorkspaceError: the disk is full or read-only.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_tensors(path, plain, {_POSITION: position.model_dump_json()})


def load_checkpoint(path: Path) -> tuple[Position, dict[str, Tensor]]:
    """Read a checkpoint back, bit for bit.

    Raises:
        CardFileError: it is damaged or not a checkpoint.
    """
    try:
        with safe_open(path, framework="pt") as file:
            position = Position.model_validate_json(file.metadata()[_POSITION])
            return position, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    except (SafetensorError, ValidationError, KeyError, TypeError) as error:
        raise CardFileError(f"{path}: not a checkpoint, or damaged: duplicate the job to start it again") from error
