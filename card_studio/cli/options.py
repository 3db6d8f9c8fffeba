"""What several commands share: the workspace they act on, and their common options."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from card_studio.domain.names import (
    STANDARD_CORRUPTIONS,
    AnyCorruption,
    CorruptionName,
    corruption_named,
    is_own,
)
from card_studio.errors import RecipeError, UserError
from card_studio.settings import Settings
from card_studio.studio.workspace import Workspace

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result, or only queue the job.")]
CardIds = Annotated[list[str], typer.Argument(help="Card ids, or the first characters of them.")]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commands of this call act."""

    workspace: Path | None

    def open(self) -> Workspace:
        """Open the workspace."""
        return Workspace(self.workspace)


def workspace_of(context: typer.Context) -> Workspace:
    """Open the workspace that --workspace names, or the one in the settings."""
    place = context.find_root().obj
    assert isinstance(place, Place)
    return place.open()


def workspace_folder(context: typer.Context) -> Path:
    """Return where the workspace lies, which need not be there."""
    place = context.find_root().obj
    assert isinstance(place, Place)
    return (place.workspace or Settings().workspace).expanduser().resolve()


def corruptions_named(names: Sequence[str]) -> tuple[AnyCorruption, ...]:
    """Return corruptions by their names, ours or `own.NAME`; the standard ones where none is named.

    Raises:
        RecipeError: a name is neither.
    """
    for name in names:
        if not is_own(name) and name not in [str(each) for each in CorruptionName]:
            known = ", ".join(map(str, CorruptionName))
            raise RecipeError(f"--corruption {name}: it is none of {known}, nor one of your own, such as own.{name}")
    return tuple(corruption_named(name) for name in names) or STANDARD_CORRUPTIONS


def suite_source(text: str, data_label: str) -> str:
    """Return what names a suite's images.

    Args:
        text: `builtin`; `cifar-c`, for the published set of the data, such as CIFAR-10-C, in the data folder; or a
            folder, which is named from the root where it lies here, and starts at the data folder where it does not.
        data_label: what the cards' data are called.
    """
    if text == "cifar-c":
        return f"{data_label}-C"
    path = Path(text).expanduser()
    return str(path.resolve()) if text != "builtin" and path.is_dir() else text


def bytes_of(text: str) -> int:
    """Return a size written as people write it: `500kB`, `1.5 MB`, `300000`; a kB is 1,000 bytes, a KiB 1,024.

    Raises:
        UserError: it is no size, or not more than nothing.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?\s*", text, re.IGNORECASE)
    size = 0
    if found:
        power = " kmg".index(found[2].lower() or " ")
        size = round(float(found[1]) * (1024 if found[3] else 1000) ** power)
    if size < 1:
        raise UserError(f"{text!r} is no size: write 500kB, 1.5MB, or a number of bytes")
    return size
