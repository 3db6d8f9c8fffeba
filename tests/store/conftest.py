"""What the store's tests share: a fresh workspace in a moment, and events and arrays with something in them."""

import shutil
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from card_studio.domain.gate import reference_key, suite_key
from card_studio.domain.job import GateOptions, MakeCard, MapOptions, Suite
from card_studio.domain.names import CorruptionName
from card_studio.domain.options import GaussianAugmentation, ShapesData
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import (
    CardEvaluated,
    CardMade,
    CellEvaluated,
    DistancesMeasured,
    Environment,
    MapMeasured,
    ReferenceBuilt,
    RunStarted,
    StepReported,
)
from card_studio.files import content_hash
from card_studio.store.artifacts import Artifacts
from card_studio.store.database import FILE_NAME, open_database
from card_studio.store.ledger import Ledger
from card_studio.store.library import Library

SUITE = Suite(corruptions=(CorruptionName.CONTRAST,), severities=(1, 3))
DIGEST = "d" * 64


def card_id(number):
    """Return the id of an example card."""
    return content_hash(str(number).encode())


def card_made(number, *, at=1000.0, **changes):
    """Return the event of an example card."""
    values = {
        "at": at,
        "card": card_id(number),
        "name": f"card {number}",
        "recipe": Recipe(seed=number),
        "fingerprint": content_hash(f"fingerprint {number}".encode()),
        "data_label": "shapes",
        "data_digest": DIGEST,
        "classes": ("ring", "bar"),
        "size": 32,
        "sparsity": 0.8,
        "prunable_weights": 1000,
        "kept_weights": 200,
        "parameters": 1100,
        "binary": False,
        "file_bytes": 900 + number,
        "reference_bytes": 880,
        "level": 3,
        "total_epochs": 40.0,
        "validation_accuracy": 0.9,
    }
    return CardMade(**(values | changes))


def card_evaluated(number, *, at=2000.0, clean=0.9, contrast=(0.8, 0.5), suite=SUITE, probabilities="a" * 64):
    """Return the event of an example evaluation."""
    figures = [(None, 0, clean), *zip([CorruptionName.CONTRAST] * 2, (1, 3), contrast, strict=True)]
    cells = tuple(
        CellEvaluated(card=card_id(number), corruption=name, severity=severity, accuracy=accuracy, images=200)
        for name, severity, accuracy in figures
    )
    return CardEvaluated(
        at=at,
        card=card_id(number),
        suite=suite,
        suite_key=suite_key(suite, DIGEST),
        data_digest=DIGEST,
        cells=cells,
        calibration_error=0.05,
        probabilities=probabilities,
        labels="b" * 64,
        images=200,
        forward_s=1.0,
        corruption_s=2.0,
    )


def map_measured(number, errors, *, at=3000.0, options=None):
    """Return the event of an example sensitivity map, stored under the hash `errors`."""
    return MapMeasured(
        at=at,
        card=card_id(number),
        options=options or MapOptions(),
        size=4,
        errors=errors,
        clean_error=0.1,
        mean_error=0.3,
        images=256,
    )


def reference_built(*, at=4000.0, spectra="c" * 64):
    """Return the event of an example reference set."""
    augmentation, options = GaussianAugmentation(), GateOptions()
    return ReferenceBuilt(
        at=at,
        key=reference_key(DIGEST, augmentation, options),
        data_digest=DIGEST,
        data_label="shapes",
        augmentation=augmentation,
        options=options,
        spectra=spectra,
    )


def distances_measured(*, at=5000.0, distances="e" * 64):
    """Return the event of example distances to that reference set."""
    return DistancesMeasured(
        at=at,
        reference_key=reference_key(DIGEST, GaussianAugmentation(), GateOptions()),
        suite=SUITE,
        suite_key=suite_key(SUITE, DIGEST),
        data_digest=DIGEST,
        data=ShapesData(),
        distances=distances,
    )


def step(number, *, at=1000.0, loss=1.5):
    """Return an example training report."""
    return StepReported(
        at=at,
        step=number,
        epoch=number / 10,
        level=0,
        loss=loss,
        accuracy=0.5,
        learning_rate=0.1,
        sparsity=0.0,
        images_per_s=100.0,
    )


def run_started(*, device="cpu"):
    """Return an example of a worker's first word."""
    environment = Environment(
        machine="bench",
        system="Linux",
        processor="x",
        python="3.11",
        packages={"torch": "2.13.0"},
        git_revision="abc",
        device=device,
        threads=2,
        process_id=7,
    )
    return RunStarted(at=900.0, environment=environment)


@pytest.fixture(scope="session")
def make():
    """Give the makers of example events."""
    return SimpleNamespace(
        SUITE=SUITE,
        DIGEST=DIGEST,
        card_id=card_id,
        card_made=card_made,
        card_evaluated=card_evaluated,
        map_measured=map_measured,
        reference_built=reference_built,
        distances_measured=distances_measured,
        step=step,
        run_started=run_started,
        map_array=lambda: np.arange(16, dtype=np.float32).reshape(4, 4) / 16,
    )


@pytest.fixture(scope="session")
def blank(tmp_path_factory) -> Path:
    """Give the file of an empty, up-to-date database, to be copied: migrating each time would take a while."""
    folder = tmp_path_factory.mktemp("blank")
    open_database(folder).close()
    return folder / FILE_NAME


@pytest.fixture
def database(tmp_path, blank):
    """Give an open database in a fresh workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    shutil.copy(blank, folder / FILE_NAME)
    database = open_database(folder)
    yield database
    database.close()


@pytest.fixture
def ledger(database):
    """Give the ledger of a fresh workspace."""
    return Ledger(database)


@pytest.fixture
def library(database):
    """Give the library of a fresh workspace."""
    return Library(database)


@pytest.fixture
def artifacts(database):
    """Give the stored arrays of a fresh workspace."""
    return Artifacts(database.folder / "artifacts")


@pytest.fixture
def told(ledger):
    """Give a function that brings events into the database through a job of its own, which goes before all others."""
    priorities = count(1000)

    def tell(*events, spec=None):
        job = ledger.add(spec or MakeCard(recipe=Recipe()), priority=next(priorities))
        claim = ledger.claim("bench")
        assert claim.job.id == job.id
        assert ledger.ingest(claim.run.id, events, offset=1)
        return claim

    return tell
