"""A run is one attempt at a job; events are what it says happened, one JSON line each in its append-only log."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from card_studio.domain.ids import CardId, ContentHash, Fingerprint, JobId, RunId
from card_studio.domain.job import DeckDefinition, GateOptions, Job, MapOptions, Suite
from card_studio.domain.options import AugmentationOptions, CorruptionOption, DataOptions, Options, ValueType
from card_studio.domain.recipe import Recipe


class Environment(Options):
    """What a run ran on: enough to say later why a replay differs."""

    machine: str
    system: str
    processor: str
    python: str
    packages: dict[str, str]
    git_revision: str | None
    device: str
    threads: int
    process_id: int


class Event(Options):
    """Something that happened in a run; `at` is seconds since 1970, UTC."""

    at: float = 0.0


class RunStarted(Event):
    """The worker is up."""

    event: Literal["run_started"] = "run_started"
    environment: Environment
    resumed: bool = False


class DatasetOpened(Event):
    """The images are in memory; the recipe's fingerprint is now known."""

    event: Literal["dataset_opened"] = "dataset_opened"
    label: str
    digest: str
    classes: tuple[str, ...]
    train_images: int
    validation_images: int
    test_images: int
    fingerprint: Fingerprint | None = None


class PhaseStarted(Event):
    """A long stage begins; `text` is for people."""

    event: Literal["phase_started"] = "phase_started"
    text: str


class Advanced(Event):
    """How far the whole job has come."""

    event: Literal["advanced"] = "advanced"
    progress: float = Field(ge=0, le=1)
    eta_s: float | None = None


class StepReported(Event):
    """Training metrics, averaged since the last report."""

    event: Literal["step_reported"] = "step_reported"
    step: int
    """Steps since the job's first level began."""
    epoch: float
    """Epochs since the job's first level began."""
    level: int
    loss: float
    accuracy: float
    learning_rate: float
    sparsity: float
    images_per_s: float


class EpochFinished(Event):
    """Accuracy and loss on the validation images after an epoch."""

    event: Literal["epoch_finished"] = "epoch_finished"
    step: int
    epoch: float
    level: int
    validation_loss: float
    validation_accuracy: float


class LevelFinished(Event):
    """A level of the trajectory is trained; `reused` where another job had already trained it."""

    event: Literal["level_finished"] = "level_finished"
    level: int
    levels: int
    sparsity: float
    validation_accuracy: float
    reused: bool = False


class CheckpointSaved(Event):
    """The training state is safe on disk."""

    event: Literal["checkpoint_saved"] = "checkpoint_saved"


class CardMade(Event):
    """A card file is in the workspace."""

    event: Literal["card_made"] = "card_made"
    card: CardId
    name: str
    recipe: Recipe
    fingerprint: Fingerprint
    data_label: str
    data_digest: str
    classes: tuple[str, ...]
    size: int
    sparsity: float
    prunable_weights: int
    kept_weights: int
    parameters: int
    binary: bool
    file_bytes: int
    reference_bytes: int
    level: int
    total_epochs: float
    validation_accuracy: float


class CardExported(Event):
    """A card was written elsewhere with its kept weights in another type."""

    event: Literal["card_exported"] = "card_exported"
    card: CardId
    """The identity of what was written: rounded values make another card."""
    path: Path
    values: ValueType
    file_bytes: int
    reference_bytes: int
    exact_accuracy: float | None
    """Validation accuracy with the values as the workspace has them; None where the card's dataset is not here."""
    stored_accuracy: float | None
    """Validation accuracy of the network loaded from the file that was written."""


class CellEvaluated(Event):
    """One card on one corruption at one severity; None is clean."""

    event: Literal["cell_evaluated"] = "cell_evaluated"
    card: CardId
    corruption: CorruptionOption | None
    severity: int
    accuracy: float
    images: int


class CardEvaluated(Event):
    """A card has answered a whole suite; `probabilities` and `labels` name the stored answers and the truth."""

    event: Literal["card_evaluated"] = "card_evaluated"
    card: CardId
    suite: Suite
    suite_key: str
    data_digest: str
    cells: tuple[CellEvaluated, ...]
    calibration_error: float
    probabilities: ContentHash
    labels: ContentHash
    images: int
    forward_s: float
    """Spent in the network's forward passes by this run."""
    corruption_s: float
    """Spent on making the suite's images by this run; 0 where all were there already."""


class MapMeasured(Event):
    """A sensitivity map is stored; `errors` names the array."""

    event: Literal["map_measured"] = "map_measured"
    card: CardId
    options: MapOptions
    size: int
    errors: ContentHash
    clean_error: float
    mean_error: float
    images: int


class ReferenceBuilt(Event):
    """Reference spectra of one augmentation are stored."""

    event: Literal["reference_built"] = "reference_built"
    key: str
    data_digest: str
    data_label: str
    augmentation: AugmentationOptions
    options: GateOptions
    spectra: ContentHash
    brought: bool = False
    """It came out of a file from elsewhere: one that was built here is not replaced by it."""


class DistancesMeasured(Event):
    """The distances of a suite's images to one reference set are stored."""

    event: Literal["distances_measured"] = "distances_measured"
    reference_key: str
    suite: Suite
    suite_key: str
    data_digest: str
    data: DataOptions
    distances: ContentHash


class DeckBrought(Event):
    """A deck came out of a file; its cards and references were told before it."""

    event: Literal["deck_brought"] = "deck_brought"
    name: str
    deck: DeckDefinition


class Logged(Event):
    """A line for the job's log."""

    event: Literal["logged"] = "logged"
    text: str


class Outcome(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    FAILED = "failed"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The worker died without a word; the job goes on from its last checkpoint."""


class RunEnded(Event):
    """The worker's last word."""

    event: Literal["run_ended"] = "run_ended"
    outcome: Outcome
    error: str = ""
    report: str = ""
    """For a bug: the traceback."""


AnyEvent = Annotated[
    RunStarted
    | DatasetOpened
    | PhaseStarted
    | Advanced
    | StepReported
    | EpochFinished
    | LevelFinished
    | CheckpointSaved
    | CardMade
    | CardExported
    | CellEvaluated
    | CardEvaluated
    | MapMeasured
    | ReferenceBuilt
    | DistancesMeasured
    | DeckBrought
    | Logged
    | RunEnded,
    Field(discriminator="event"),
]
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt at a job, as recorded."""

    id: RunId
    job_id: JobId
    attempt: int
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    error: str
    environment: Environment | None
    fingerprint: Fingerprint | None
    seed: int
    report: str = ""
    """The traceback where it ended by a bug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job taken from the queue, and the attempt that now begins."""

    job: Job
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """The process that runs the queue, as it last reported itself."""

    pid: int
    process_started_at: float
    """Seconds since 1970, UTC, by the operating system: with the pid it names one process for ever."""
    machine: str
    workers: int
    """Jobs that it runs at once, at most."""
    registered_at: datetime
    beat_at: datetime
    """When it last said that it lives."""
    running: int
    """Jobs that are running now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the latest run of a job that has reported anything has measured so far, oldest first."""

    steps: tuple[StepReported, ...]
    epochs: tuple[EpochFinished, ...]
    levels: tuple[LevelFinished, ...]
    cells: tuple[CellEvaluated, ...]
