"""What a run ran on: recorded with it, so that a replay that differs can be explained."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from card_studio.domain.run import Environment

_PACKAGES = ("card-studio", "torch", "torchvision", "numpy", "Pillow", "safetensors", "pydantic", "SQLAlchemy")


def environment(device: str, threads: int) -> Environment:
    """Return the machine, the versions and the source revision of this process."""
    return Environment(
        machine=platform.node(),
        system=platform.platform(),
        processor=_processor(),
        python=sys.version.split()[0],
        packages={name: found for name in _PACKAGES if (found := _version(name))},
        git_revision=_git_revision(),
        device=device,
        threads=threads,
        process_id=os.getpid(),
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _git_revision() -> str | None:
    """Return the commit of the source tree, marked where the tree differs; None where it is installed without one."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return None
    try:
        result = subprocess.run(
            ["git", "-C", str(source), "describe", "--always", "--dirty", "--abbrev=40"],
            capture_output=True, text=True, timeout=5, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None
