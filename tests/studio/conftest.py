"""A workspace with a real host and real workers, and a recipe that takes seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from card_studio.domain.recipe import Recipe, recipe_from
from card_studio.settings import Settings
from card_studio.studio.workspace import Workspace
from tests.processes import end_processes_of


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Hosts that end soon after their last job, so that none outlives the suite."""
    monkeypatch.setenv("CARD_STUDIO_HOST_LINGER_S", "1")
    monkeypatch.setenv("CARD_STUDIO_WORKERS", "1")
    return Settings()


@pytest.fixture
def workspace(tmp_path: Path, settings: Settings) -> Iterator[Workspace]:
    """An empty workspace; whatever works in it is ended afterwards."""
    opened = Workspace(tmp_path / "workspace", settings=settings)
    yield opened
    opened.close()
    end_processes_of(tmp_path)


@pytest.fixture
def quick() -> Recipe:
    """A recipe that makes a dense card and one at 50 % in a few seconds."""
    return recipe_from(
        {
            "name": "quick",
            "data": {"name": "shapes", "train_images": 256, "held_out_images": 64},
            "network": {"name": "resnet8", "width": 0.5},
            "training": {"epochs": 2, "batch_size": 32},
            "compression": {"method": "lrr", "sparsity": 0.5, "share_per_level": 0.5, "also_keep": [0.0]},
        }
    )
