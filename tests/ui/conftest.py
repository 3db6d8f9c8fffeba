"""Every ui test: one application, a theme, and a check that no widget, timer or thread outlives the test."""

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from card_studio.domain.card import Card
from card_studio.domain.ids import CardId, ContentHash, Fingerprint
from card_studio.domain.job import Job, MakeCard, MapOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.recipe import Recipe, recipe_from
from card_studio.domain.run import (
    AnyEvent,
    CardEvaluated,
    CardMade,
    CellEvaluated,
    DatasetOpened,
    Environment,
    EpochFinished,
    LevelFinished,
    Logged,
    MapMeasured,
    Outcome,
    PhaseStarted,
    RunStarted,
    StepReported,
)
from card_studio.files import content_hash
from card_studio.store.artifacts import Artifacts
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger
from card_studio.studio.workspace import Workspace
from card_studio.ui.actions import ActionRegistry
from card_studio.ui.bridge import Bridge
from card_studio.ui.theme import Theme

_PATIENCE_S = 3.0


@pytest.fixture(scope="session", autouse=True)
def _settings_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests' window settings away from the user's."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path_factory.mktemp("window-settings"))
    )
    QCoreApplication.setOrganizationName("card-studio-tests")
    QCoreApplication.setApplicationName("card-studio-tests")
    gc.collect()
    gc.freeze()  # what is imported by now need not be looked through after each test


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a window, an active timer, a busy pool or a thread."""
    QSettings().clear()
    threads_before = set(threading.enumerate())
    yield
    windows = _windows_left()
    timers = [repr(timer) for timer in _active_timers()]
    threads = _threads_still_there(threads_before)
    busy = QThreadPool.globalInstance().activeThreadCount()
    said = [f"{widget!r} {widget.objectName()} {widget.windowTitle()}" for widget in windows]
    for widget in windows:
        widget.deleteLater()
    _let_go()
    assert not said, f"windows left: {said}"
    assert not timers, f"timers left running: {timers}"
    assert not threads, f"threads left: {threads}"
    assert not busy, f"{busy} threads busy in the global pool"


def _windows_left() -> list[QWidget]:
    """Windows that are still there after whoever owned them is gone, cycles included."""
    for _ in range(3):
        _let_go()
        left = [widget for widget in QApplication.topLevelWidgets() if not _is_qts_own(widget)]
        if not left:
            break
    return left


def _let_go() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QCoreApplication.processEvents()
    gc.collect()


def _is_qts_own(widget: object) -> bool:
    name = type(widget).__name__
    return name in ("QTipLabel", "QComboBoxPrivateContainer", "QDesktopWidget", "QDesktopScreenWidget")


def _active_timers() -> list[QTimer]:
    return [thing for thing in gc.get_objects() if isinstance(thing, QTimer) and _is_active(thing)]


def _is_active(timer: QTimer) -> bool:
    try:
        return timer.isActive()
    except RuntimeError:  # its C++ half is gone
        return False


def _threads_still_there(before: set[threading.Thread]) -> list[threading.Thread]:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        left = [
            thread
            for thread in threading.enumerate()
            if thread not in before and not isinstance(thread, threading._DummyThread)
        ]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The light theme, applied."""
    made = Theme()
    made.apply(qapp, "light")
    yield made
    made.deleteLater()


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> QMainWindow:
    """A bare window to put a page into."""
    made = QMainWindow()
    made.resize(1200, 800)
    theme.dress(made)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def actions(window: QMainWindow, theme: Theme) -> ActionRegistry:
    """A registry of that window."""
    return ActionRegistry(window, theme)


@pytest.fixture
def workspace_folder(tmp_path: Path) -> Path:
    """A folder for a workspace."""
    return tmp_path / "workspace"


class QuietWorkspace(Workspace):
    """A real workspace that starts no host, so that no test trains."""

    hosts_wanted = 0

    def ensure_host(self) -> None:
        self.hosts_wanted += 1


class Filler:
    """Fills a workspace as a host would: claims jobs and brings in what their runs say."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.ledger = Ledger(open_database(workspace.path))
        self.artifacts = Artifacts(workspace.path / "artifacts")
        self.now = time.time() - 400

    def recipe(self, augmentation: str = "clean", sparsity: float = 0.8, seed: int = 0) -> Recipe:
        """A small recipe, LRR but for sparsity 0."""
        compression = {"method": "lrr", "sparsity": sparsity, "share_per_level": 0.415}
        values = {
            "seed": seed,
            "network": {"name": "resnet8"},
            "augmentation": {"name": augmentation},
            "training": {"epochs": 3},
            "compression": compression if sparsity else {"method": "dense"},
        }
        return recipe_from(values)

    def made(self, recipe: Recipe, *, level: int = 2) -> CardMade:
        """A card's making; its id follows from its recipe."""
        identity = content_hash(recipe.model_dump_json().encode())
        sparsity = getattr(recipe.compression, "sparsity", 0.0)
        weights = 78_042
        kept = round(weights * (1 - sparsity))
        return CardMade(
            at=self.now,
            card=CardId(identity),
            name=recipe.title,
            recipe=recipe,
            fingerprint=Fingerprint(content_hash(b"f" + identity.encode())),
            data_label="shapes",
            data_digest="d" * 64,
            classes=tuple(f"class {k}" for k in range(10)),
            size=32,
            sparsity=1 - kept / weights,
            prunable_weights=weights,
            kept_weights=kept,
            parameters=78_330,
            binary=False,
            file_bytes=4 * kept + 12_000,
            reference_bytes=4 * kept + 9_000,
            level=level,
            total_epochs=3.0 * (level + 1),
            validation_accuracy=0.94 - 0.02 * sparsity,
        )

    def training(self, recipe: Recipe, *, steps: int = 90, levels: int = 3) -> list[AnyEvent]:
        """What a run says while it trains, one report every tenth of an epoch."""
        events: list[AnyEvent] = [
            RunStarted(at=self.now, environment=_environment()),
            DatasetOpened(
                at=self.now + 1,
                label="shapes",
                digest="d" * 64,
                classes=tuple(f"class {k}" for k in range(10)),
                train_images=10_000,
                validation_images=2_000,
                test_images=2_000,
                fingerprint=Fingerprint("f" * 64),
            ),
        ]
        per_level = max(1, 90 // levels)
        for step in range(steps):
            events += self._step(recipe, step, per_level)
        return events

    def _step(self, recipe: Recipe, step: int, per_level: int) -> list[AnyEvent]:
        level, inside = divmod(step, per_level)
        at = self.now + 2 + step
        sparsity = 1 - 0.585**level
        loss = 0.15 + (2.1 if level == 0 else 0.6) * float(np.exp(-inside / 9)) + 0.03 * float(np.sin(step * 1.7))
        epoch = (step + 1) / 10
        events: list[AnyEvent] = []
        if inside == 0:
            events.append(PhaseStarted(at=at, text=f"Level {level} of 2: training at {100 * sparsity:.0f} % sparsity"))
        events.append(
            StepReported(
                at=at,
                step=step * 16,
                epoch=epoch,
                level=level,
                loss=loss,
                accuracy=float(np.exp(-loss / 1.3)),
                learning_rate=0.1,
                sparsity=sparsity,
                images_per_s=3_000,
            )
        )
        if step % 10 == 9:
            events.append(
                EpochFinished(
                    at=at,
                    step=step * 16,
                    epoch=epoch,
                    level=level,
                    validation_loss=loss + 0.05,
                    validation_accuracy=float(np.exp(-loss / 1.2)),
                )
            )
            events.append(Logged(at=at, text=f"epoch {epoch:.0f}: validation loss {loss + 0.05:.3f}"))
        if inside == per_level - 1:
            events.append(
                LevelFinished(at=at, level=level, levels=3, sparsity=sparsity, validation_accuracy=float(np.exp(-loss)))
            )
        return events

    def run(self, events: list[AnyEvent], outcome: Outcome | None = Outcome.FINISHED, error: str = "") -> Job:
        """Claim the next job, say these things in it, and end it, unless it is to go on."""
        claim = self.ledger.claim("testing")
        assert claim is not None
        assert self.ledger.ingest(claim.run.id, events, offset=len(events) + 1)
        if outcome is not None:
            return self.ledger.end(claim.run.id, outcome, error)
        return self.ledger.job(claim.job.id)

    def card(self, augmentation: str = "clean", sparsity: float = 0.8, seed: int = 0) -> Card:
        """Make a card by a finished job."""
        recipe = self.recipe(augmentation, sparsity, seed)
        self.workspace.submit_all([MakeCard(recipe=recipe)], priority=99)
        self.run([*self.training(recipe), self.made(recipe)])
        return self.workspace.card(self.made(recipe).card)

    def evaluate(self, card: Card, *, clean: float = 0.93, robust: float = 0.6) -> None:
        """Evaluate a card on a small suite, by a finished job."""
        suite = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST), images=100)
        job = self.workspace.evaluate([card.id], suite)
        self.ledger.set_priority([job.id], 99)
        cells = [CellEvaluated(card=card.id, corruption=None, severity=0, accuracy=clean, images=100)]
        for corruption in suite.corruptions:
            for severity in suite.severities:
                accuracy = robust + 0.05 * (3 - severity)
                cells.append(
                    CellEvaluated(card=card.id, corruption=corruption, severity=severity, accuracy=accuracy, images=100)
                )
        uniform = np.full((len(cells), 100, 10), 0.1, np.float16)
        labels = np.arange(100, dtype=np.int64) % 10
        evaluated = CardEvaluated(
            card=card.id,
            suite=suite,
            suite_key="s" * 64,
            data_digest=card.data_digest,
            cells=tuple(cells),
            calibration_error=0.05,
            probabilities=ContentHash(self.artifacts.keep(uniform)),
            labels=ContentHash(self.artifacts.keep(labels)),
            images=100,
            forward_s=1.0,
            corruption_s=0.5,
        )
        self.run([*cells, evaluated])

    def map(self, card: Card) -> None:
        """Map a card's sensitivity, by a finished job."""
        job = self.workspace.map([card.id], MapOptions(images=64))
        self.ledger.set_priority([job.id], 99)
        yy, xx = np.mgrid[-16:16, -16:16]
        errors = np.exp(-((np.hypot(xx, yy) - 6) ** 2) / 20).astype(np.float32) * 0.8
        measured = MapMeasured(
            card=card.id,
            options=MapOptions(images=64),
            size=32,
            errors=ContentHash(self.artifacts.keep(errors)),
            clean_error=0.07,
            mean_error=float(errors.mean()),
            images=64,
        )
        self.run([measured])


def _environment() -> Environment:
    return Environment(
        machine="testing",
        system="Linux",
        processor="a processor",
        python="3.11",
        packages={"torch": "2.13.0"},
        git_revision=None,
        device="cpu",
        threads=1,
        process_id=1,
    )


@pytest.fixture
def workspace(workspace_folder: Path) -> Iterator[QuietWorkspace]:
    """An empty workspace that starts no host; its warm children end with it."""
    made = QuietWorkspace(workspace_folder)
    yield made
    made.close()


@pytest.fixture
def filler(workspace: QuietWorkspace) -> Filler:
    """What fills the workspace."""
    return Filler(workspace)


@pytest.fixture
def bridge(qapp: QApplication, workspace: QuietWorkspace) -> Iterator[Bridge]:
    """A bridge to the workspace."""
    made = Bridge(workspace)
    yield made
    made.close()
