"""Cards with stored answers that truly are right as often as their figures say, and maps that differ."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from card_studio.domain.card import Card
from card_studio.domain.ids import ContentHash
from card_studio.domain.job import MakeCard, MapOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.run import CardEvaluated, CellEvaluated, MapMeasured
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.theme import Theme

IMAGES = 200
SMALL = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST), severities=(1, 3), images=IMAGES)


class Measurer:
    """Brings evaluations and maps into a workspace, by finished jobs."""

    def __init__(self, filler: Any) -> None:
        self.filler = filler

    def card(self, augmentation: str = "clean", sparsity: float = 0.8, seed: int = 0) -> Card:
        """Make a card, without the story of its training."""
        recipe = self.filler.recipe(augmentation, sparsity, seed)
        self.filler.workspace.submit_all([MakeCard(recipe=recipe)], priority=99)
        made = self.filler.made(recipe)
        self.filler.run([made])
        found: Card = self.filler.workspace.card(made.card)
        return found

    def evaluate(self, card: Card, clean: float, robust: float, suite: Suite = SMALL, key: str = "s") -> None:
        """Store answers of which a share is right: the first images, so that a better card is right on more."""
        places = [(None, 0), *((name, at) for name in suite.corruptions for at in suite.severities)]
        labels = np.arange(IMAGES, dtype=np.int64) % 4
        answers = np.zeros((len(places), IMAGES, 4), np.float16)
        cells = []
        for cell, (name, severity) in enumerate(places):
            right = round(IMAGES * (clean if name is None else robust))
            said = np.where(np.arange(IMAGES) < right, labels, (labels + 1) % 4)
            answers[cell, np.arange(IMAGES), said] = 1
            cells.append(
                CellEvaluated(card=card.id, corruption=name, severity=severity, accuracy=right / IMAGES, images=IMAGES)
            )
        keep = self.filler.artifacts.keep
        self._run(
            self.filler.workspace.evaluate([card.id], suite),
            CardEvaluated(
                card=card.id,
                suite=suite,
                suite_key=key * 64,
                data_digest=card.data_digest,
                cells=tuple(cells),
                calibration_error=0.05,
                probabilities=ContentHash(keep(answers)),
                labels=ContentHash(keep(labels)),
                images=IMAGES,
                forward_s=1.0,
                corruption_s=0.5,
            ),
        )

    def map(self, card: Card, height: float, options: MapOptions | None = None, size: int = 8) -> np.ndarray:
        """Store a map that peaks at `height` at frequency 0; return it."""
        options = options or MapOptions(images=64)
        offsets = np.arange(size) - size // 2
        errors = (height * np.exp(-np.hypot(offsets[:, None], offsets) / 2)).astype(np.float32)
        self._run(
            self.filler.workspace.map([card.id], options),
            MapMeasured(
                card=card.id,
                options=options,
                size=size,
                errors=ContentHash(self.filler.artifacts.keep(errors)),
                clean_error=0.05,
                mean_error=float(errors.mean()),
                images=options.images,
            ),
        )
        return errors

    def _run(self, job: Any, event: Any) -> None:
        self.filler.ledger.set_priority([job.id], 99)
        self.filler.run([event])


@pytest.fixture
def measurer(filler: Any) -> Measurer:
    """What brings measurements into the workspace."""
    return Measurer(filler)


@pytest.fixture
def open_page(
    qtbot: QtBot, window: QMainWindow, bridge: Bridge, theme: Theme, actions: ActionRegistry
) -> Callable[[type[Any]], Any]:
    """Make a page of a kind, show it, and wait until it has what it asked for."""

    def make(kind: type[Any]) -> Any:
        page = kind(bridge, theme, actions, window)
        window.resize(1440, 900)
        window.setCentralWidget(page)
        window.show()
        page.refresh()
        qtbot.waitUntil(lambda: page.is_loaded and not bridge.busy and getattr(page, "settled", True))
        actions.refresh()
        return page

    return make
