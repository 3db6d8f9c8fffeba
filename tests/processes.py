"""The processes of a test's workspace: found by its folder in their command lines, and ended with the test."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil


def end_processes_of(folder: Path) -> None:
    """Kill every process whose command line names the folder, and wait until they are gone."""
    found = processes_of(folder)
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=10)


def processes_of(folder: Path, word: str = "") -> list[psutil.Process]:
    """Return the processes whose command line names the folder and a word."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(folder) in line and word in line:
            found.append(process)
    return found


def wait_until(seen: Callable[[], object], timeout_s: float = 60) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)
