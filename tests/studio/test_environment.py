"""A run's record names what it ran on."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from card_studio.studio.environment import environment

ROOT = Path(__file__).resolve().parents[2]


def test_versions_and_process_are_recorded() -> None:
    found = environment("cpu", 2)
    assert found.packages["numpy"] == version("numpy")
    assert (found.device, found.threads, found.process_id) == ("cpu", 2, os.getpid())


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the source is not a git checkout")
def test_the_source_revision_is_recorded() -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    revision = environment("cpu", 1).git_revision
    assert revision is not None
    assert revision.removesuffix("-dirty") == head.strip()
