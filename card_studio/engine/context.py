"""What a job is given besides its spec: a device, folders, and a checkpoint's place; and what may be asked of it."""

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import torch


class Command(Enum):
    """What can be sent into a running job at each of its yields."""

    SAVE = auto()
    """Save a checkpoint of this exact point; the job answers with CheckpointSaved and goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a job runs, and the only paths that it may touch."""

    device: torch.device
    threads: int
    """Threads that the process was started with; results are bit-identical only among runs that agree in it."""
    cache: Path
    """Rendered datasets and corrupted images: safe to delete."""
    stages: Path
    """Trained levels, shared by jobs."""
    cards: Path
    artifacts: Path
    """Content-addressed arrays."""
    checkpoint: Path
    """Where the job saves its state, and resumes from if the file exists."""
    data_folder: Path | None
    """Where dataset paths that are not given start from."""


def use_threads(threads: int) -> None:
    """Let each operation use so many processor threads; results are the same bits only for the same number."""
    torch.set_num_threads(threads)


def device_named(name: str) -> torch.device:
    """Return the device of that name; `auto` is CUDA where there is one, then Apple's, then the processor."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
