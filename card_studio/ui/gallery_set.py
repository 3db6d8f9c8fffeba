"""Asks for a corrupted set of one's own: of which dataset, where to, which corruptions and how many images."""

from pathlib import Path
from typing import Literal

from pydantic import field_validator
from PySide6.QtWidgets import QWidget

from card_studio.domain.job import CorruptDataset
from card_studio.domain.names import EXTRA_CORRUPTIONS, STANDARD_CORRUPTIONS, CorruptionName
from card_studio.domain.options import DataOptions, Options, ShapesData, option
from card_studio.ui.measure_dialog import MeasureDialog

_TEXT = (
    "A whole corrupted test set in CIFAR-C's layout: a file for each corruption at severities 1 to 5, the labels and a "
    "manifest. A set that was begun in the folder is gone on with. Evaluate cards on it by naming the folder as suite."
)
CHOICES: dict[str, tuple[CorruptionName, ...]] = {
    "the 15 of CIFAR-C": STANDARD_CORRUPTIONS,
    "the 4 extras": EXTRA_CORRUPTIONS,
    "all 19": (*STANDARD_CORRUPTIONS, *EXTRA_CORRUPTIONS),
}
"""Which corruptions, in words."""


class SetOptions(Options):
    """What is written, and where to."""

    data: DataOptions = ShapesData()
    folder: Path = option(Path.home() / "shapes-c", "Receives the set; made if it is not there")
    corruptions: Literal["the 15 of CIFAR-C", "the 4 extras", "all 19"] = option(
        "the 15 of CIFAR-C", "The extras serve for choosing, so that the fifteen are scored only once"
    )
    split: Literal["test", "validation"] = option("test", "Images that no card was trained on")
    images: int = option(0, "The first so many images; 0 takes all", unit="images", ge=0)
    seed: int = option(0, "Seed of the corruptions", ge=0, le=2**31 - 1)

    @field_validator("folder")
    @classmethod
    def _starts_at_the_root(cls, folder: Path) -> Path:
        folder = folder.expanduser()
        if not folder.is_absolute():
            raise ValueError("give the whole path, from the root of the disk")
        return folder

    def spec(self) -> CorruptDataset:
        """Return the job."""
        return CorruptDataset(
            data=self.data,
            out=self.folder,
            split=self.split,
            corruptions=CHOICES[self.corruptions],
            images=self.images,
            seed=self.seed,
        )


def set_dialog(parent: QWidget) -> MeasureDialog:
    """Return the dialog, which confirms with SetOptions."""
    return MeasureDialog("Write a corrupted set", _TEXT, SetOptions(), parent)
