"""Long work as generators: they yield the share done, and return the result."""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Work = Generator[float, None, Result]


def finished(work: Work[Result]) -> Result:
    """Run work to its end, and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: Result = stop.value
            return result


def part_of(work: Work[Result], start: float, share: float) -> Work[Result]:
    """Let work count as the part of something larger that begins at `start` and makes up `share` of it."""
    while True:
        try:
            yield start + share * next(work)
        except StopIteration as stop:
            result: Result = stop.value
            return result
