"""Opening a job's dataset as events: how much of a download or a rendering is done, and signs of life."""

from collections.abc import Generator

from card_studio.domain.run import Advanced, AnyEvent, PhaseStarted
from card_studio.engine.context import Command
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.data.progress import Work

OPENING = "opening the images"
_TENTHS = 10


def heard(opening: Work[Dataset], *, resumed: bool = False) -> Generator[AnyEvent, Command | None, Dataset]:
    """Open a dataset, telling each tenth that is done; other steps are mere signs of life.

    Nothing can be saved yet: what is sent in is ignored. A job that was resumed is in a later phase, and keeps it.
    """
    told = 0
    while True:
        try:
            share = next(opening)
        except StopIteration as end:
            dataset: Dataset = end.value
            return dataset
        tenths = int(share * _TENTHS)
        if told < tenths < _TENTHS and not resumed:
            told = tenths
            yield PhaseStarted(text=f"{OPENING}: {told * _TENTHS} %")
        else:
            yield Advanced(progress=0.0)
