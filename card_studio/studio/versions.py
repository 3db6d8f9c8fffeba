"""What results were computed with: the versions on which they may depend, in one line."""

from collections.abc import Collection, Iterable
from typing import Protocol

from card_studio.domain.ids import JobId
from card_studio.domain.run import Environment

_MATTER = ("card-studio", "torch", "numpy", "Pillow")
"""Of the packages that a run records, those that make or judge pixels."""


class Environments(Protocol):
    """Where it is recorded what jobs ran on: a workspace."""

    def environments(self, jobs: Collection[JobId]) -> dict[JobId, Environment]:
        """Return what each of these jobs last ran on."""


def versions_text(environment: Environment) -> str:
    """Return versions in one line: `card-studio 0.1.0 (1b2f66f), torch 2.13.0+cpu, numpy 2.3.1, on cpu`."""
    said = []
    for name in _MATTER:
        if name in environment.packages:
            said.append(f"{name} {environment.packages[name]}")
    if environment.git_revision and said:
        said[0] += f" ({environment.git_revision[:7]})"
    return ", ".join([*said, f"on {environment.device}"])


def versions_of(workspace: Environments, jobs: Iterable[JobId | None]) -> dict[JobId, str]:
    """Return what jobs were computed with, as far as it was recorded."""
    known = {job for job in jobs if job is not None}
    return {job: versions_text(each) for job, each in workspace.environments(known).items()}


def computed_with(versions: Iterable[str]) -> list[str]:
    """Return what to say of results that were computed with these: nothing, the one line, or that they differ."""
    distinct = [each for each in dict.fromkeys(versions) if each]
    if len(distinct) < 2:
        return distinct
    return ["† computed with unlike versions: " + "; ".join(distinct)]
