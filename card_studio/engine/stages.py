"""Trained levels on disk, shared by all jobs whose trajectories pass through them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from card_studio.domain.recipe import Recipe, identity_of
from card_studio.engine.compress.mask import Masks
from card_studio.engine.tensor_file import write_tensors
from card_studio.engine.trajectory import Level

_FORMAT = 1
_NOT_TRAINED_BY = ("compression", "values")
"""Of the recipe: a level's path says what matters of the first, and the second counts only when a card is written."""
_MASK = "mask."
_NET = "net."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """A trained level."""

    state: dict[str, Tensor]
    """The plain network's state dict, absent weights exactly 0."""
    masks: Masks
    """Which prunable weights are present; empty where all are."""
    accuracy: float
    """On the validation images."""
    maker: str
    """The job that trained it."""


class Stages:
    """The trained levels of one recipe's base (all but its compression and how its cards are stored) on one dataset."""

    def __init__(self, folder: Path, recipe: Recipe, data_digest: str) -> None:
        """Look in `folder`; it need not exist."""
        base = {name: value for name, value in identity_of(recipe).items() if name not in _NOT_TRAINED_BY}
        self._folder = folder
        self._base = {"format": _FORMAT, "recipe": base, "data": data_digest, "torch": str(torch.__version__)}

    def path(self, level: Level) -> Path:
        """Return where a level lies: named by the hash of all that determines it."""
        text = json.dumps({**self._base, "path": level.path}, sort_keys=True)
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()}.stage"

    def has(self, level: Level) -> bool:
        """Tell whether a level's file is there."""
        return self.path(level).exists()

    def load(self, level: Level) -> Stage | None:
        """Return a level, or None where no one has trained it (or its file is damaged, which is to be trained anew)."""
        try:
            with safe_open(self.path(level), framework="pt") as file:
                metadata = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        except (FileNotFoundError, SafetensorError):
            return None
        return Stage(
            state={name.removeprefix(_NET): value for name, value in tensors.items() if name.startswith(_NET)},
            masks={name.removeprefix(_MASK): value for name, value in tensors.items() if name.startswith(_MASK)},
            accuracy=float(metadata["accuracy"]),
            maker=metadata["maker"],
        )

    def save(self, level: Level, stage: Stage) -> None:
        """Keep a level, whole or not at all.

        Raises:
            WorkspaceError: the disk is full or read-only.
        """
        tensors = {_NET + name: value.cpu().contiguous() for name, value in stage.state.items()}
        tensors |= {_MASK + name: mask.cpu().contiguous() for name, mask in stage.masks.items()}
        write_tensors(self.path(level), tensors, {"accuracy": repr(stage.accuracy), "maker": stage.maker})
