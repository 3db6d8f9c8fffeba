"""How long the window's thread was not listening, and what it did meanwhile."""

import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import FrameType

from PySide6.QtCore import Qt, QTimer

TICK_MS = 5
_SAMPLE_S = 0.004
_WORTH_A_LOOK_S = 0.015
_OURS = "card_studio/ui/"


@dataclass
class Stall:
    """A time in which no tick came."""

    wall_ms: float
    cpu_ms: float
    """What the window's thread itself has worked meanwhile: the rest it waited for a core or for another thread."""
    doing: str


@dataclass
class StallMeter:
    """A timer in the window's thread that notes gaps between its ticks, and a thread that looks what is going on."""

    stalls: list[Stall] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """Make the timer and the thread; neither runs yet."""
        self._gui = threading.get_ident()
        self._ended = threading.Event()
        self._seen: Counter[str] = Counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._on_tick)

    def __enter__(self) -> "StallMeter":
        """Begin to measure."""
        self._last, self._last_cpu, self._began = time.perf_counter(), time.thread_time(), time.perf_counter()
        self._looker = threading.Thread(target=self._look, name="stall looker", daemon=True)
        self._looker.start()
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End; a stall that is still on counts too."""
        self._on_tick()
        self._timer.stop()
        self._ended.set()
        self._looker.join()
        self.seconds = time.perf_counter() - self._began

    def over(self, wall_ms: float) -> list[Stall]:
        """Return the stalls longer than that, the longest first."""
        return sorted((each for each in self.stalls if each.wall_ms > wall_ms), key=lambda each: -each.wall_ms)

    def report(self, name: str, most: int = 3) -> str:
        """Return a line, and one for each of the longest stalls."""
        longest = max((each.wall_ms for each in self.stalls), default=0.0)
        busiest = max((each.cpu_ms for each in self.stalls), default=0.0)
        head = f"{name:<34} longest {longest:5.0f} ms, of it at most {busiest:4.0f} ms own work; "
        head += f"{len(self.over(50))} over 50 ms in {self.seconds:.1f} s"
        lines = [f"    {s.wall_ms:5.0f} ms ({s.cpu_ms:4.0f} own)  {s.doing}" for s in self.over(25)[:most]]
        return "\n".join([head, *lines])

    def _on_tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        gap = 1000 * (now - self._last)
        if gap > 2 * TICK_MS:
            doing = "; ".join(f"{place} x{count}" for place, count in self._seen.most_common(3))
            self.stalls.append(Stall(wall_ms=gap, cpu_ms=1000 * (cpu - self._last_cpu), doing=doing))
        self._seen.clear()
        self._last, self._last_cpu = now, cpu

    def _look(self) -> None:
        while not self._ended.wait(_SAMPLE_S):
            if time.perf_counter() - self._last > _WORTH_A_LOOK_S:
                frame = sys._current_frames().get(self._gui)
                if frame is not None:
                    self._seen[_place(frame)] += 1


def _place(frame: FrameType | None) -> str:
    """Return the innermost function, and the innermost of ours that led to it."""
    inner, ours = _named(frame), ""
    while frame is not None and not ours:
        if _OURS in frame.f_code.co_filename:
            ours = _named(frame)
        frame = frame.f_back
    return inner if ours in ("", inner) else f"{ours} > {inner}"


def _named(frame: FrameType | None) -> str:
    if frame is None:
        return ""
    file = frame.f_code.co_filename.rsplit("/", 1)[-1].removesuffix(".py")
    return f"{file}.{frame.f_code.co_name}:{frame.f_lineno}"
