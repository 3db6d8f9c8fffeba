"""What a machine or a user sets once: where the workspace and the data lie, which device, how many workers.

Each can be set by an environment variable CARD_STUDIO_<NAME>, for example CARD_STUDIO_WORKSPACE=/data/studio.
"""

import os
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SCHEMA_VERSION = 3
"""The version of recipes that this release writes; older ones are upgraded on reading. 2 brought `values`,
3 methods of one's own and `criterion`."""


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _default_workspace() -> Path:
    return platformdirs.user_data_path("card-studio", appauthor=False) / "workspace"


def _default_workers() -> int:
    return min(2, cores())


class Settings(BaseSettings):
    """Settings of this machine, from the environment."""

    model_config = SettingsConfigDict(env_prefix="CARD_STUDIO_", frozen=True)

    workspace: Path = Field(default_factory=_default_workspace, description="Folder of jobs, cards, decks and results")
    data: Path | None = Field(default=None, description="Folder that relative dataset paths start from")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(default="auto", description="Where networks run")
    workers: int = Field(default_factory=_default_workers, ge=1, le=64, description="Jobs that run at once")
    threads: int = Field(
        default=0, ge=0, le=1024, description="Processor threads of each job; 0 shares them out evenly"
    )
    host_linger_s: float = Field(default=600, ge=0, description="How long a host started by the window waits for work")
