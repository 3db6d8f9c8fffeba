"""How processes are started: the detached host, and a worker child per job. The only place that knows the platform."""

import os
import subprocess
import sys
from pathlib import Path

from card_studio.settings import Settings, cores
from card_studio.studio.attempt import Attempt

_KEEP_MEMORY = str(1 << 30)
"""glibc gives large blocks back to the system after every step by default, and each step then faults them in anew."""
_SPINS = "10000"
"""How often libgomp's threads look for work before they sleep: some 30 us. By default they burn their processor for
milliseconds, and beside other work (a second job, the window) the thread they wait for then gets none; asleep at once,
each parallel region costs a wake-up. Measured with two threads on two cores, idle and beside two busy processes:
AugMix of 512 images 22,000-29,000 and 9,100 images/s (by default 23,000-29,000 and 4,100; asleep 11,000-14,000 and
14,000), a training step of ResNet-20 840-940 and 370 (860-940 and 215; 570-670 and 250)."""
_LAUNCHER = "import subprocess, sys; subprocess.Popen(sys.argv[1:])"


def launch_host(workspace: Path, settings: Settings) -> None:
    """Start a host of its own session, which outlives this process; its output goes to host.log.

    A launcher in between starts it and ends, so that the host is nobody's child and leaves no zombie behind.
    """
    command = [sys.executable, "-m", "card_studio", "--workspace", str(workspace), "host"]
    command += ["--workers", str(settings.workers), "--linger", str(settings.host_linger_s)]
    with (workspace / "host.log").open("ab") as log:
        launcher = [sys.executable, "-c", _LAUNCHER, *command]
        _popen(launcher, log_file=log.fileno(), environment=dict(os.environ)).wait()


def launch_worker(attempt: Attempt, threads: int) -> subprocess.Popen[bytes]:
    """Start a worker child on an attempt's folder."""
    command = [sys.executable, "-m", "card_studio.studio.worker", str(attempt.folder)]
    with attempt.log.open("ab") as log:
        return _popen(command, log_file=log.fileno(), environment=child_environment(threads))


def launch_dealer(arguments: list[str], threads: int, log_file: Path) -> subprocess.Popen[bytes]:
    """Start a dealer child that speaks through pipes and ends with this process."""
    command = [sys.executable, "-m", "card_studio.studio.dealer", *arguments]
    with log_file.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.fileno(),
            env=child_environment(threads),
            close_fds=True,
        )


def run_describer(arguments: list[str], log_file: Path, within_s: float) -> None:
    """Run a describing child to its end.

    Raises:
        subprocess.TimeoutExpired: it took longer than it may, and was ended.
    """
    command = [sys.executable, "-m", "card_studio.studio.describe", *arguments]
    with log_file.open("ab") as log:
        process = _popen(command, log_file=log.fileno(), environment=child_environment(1))
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def threads_for(settings: Settings, workers: int) -> int:
    """Return the processor threads of each job, so that `workers` jobs share the processors."""
    return settings.threads or max(1, cores() // workers)


def child_environment(threads: int) -> dict[str, str]:
    """Return the environment of a child that computes: thread counts, how threads wait, and when memory goes back.

    What the user has said of OpenMP's waiting stays.
    """
    waiting = {} if "OMP_WAIT_POLICY" in os.environ else {"GOMP_SPINCOUNT": _SPINS}
    environment = waiting | dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    return environment | {"MALLOC_MMAP_THRESHOLD_": _KEEP_MEMORY, "MALLOC_TRIM_THRESHOLD_": _KEEP_MEMORY}


def _popen(command: list[str], *, log_file: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    own_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "DETACHED_PROCESS", 0)
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log_file,
        stderr=log_file,
        env=environment,
        close_fds=True,
        start_new_session=os.name == "posix",
        creationflags=own_group,
    )
