"""The tables of the workspace database.

Moments are seconds since 1970, UTC. Recipes, specs, suites and options are JSON text: they are read whole and never
searched; what cards are sorted and filtered by has columns of its own. Where a table is written a thousand rows at a
time (steps), its key is its only index. SQLite keeps NaN as NULL, so whatever is measured may be NULL.
"""

from datetime import UTC, datetime

from sqlalchemy import Dialect, Double, ForeignKey, Index, MetaData, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

REVISION = "0002"
"""The newest migration: the version of the schema below."""


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as seconds since 1970 so that it sorts and compares as a number."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> float | None:
        """Return what the database keeps."""
        return None if value is None else value.timestamp()

    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:
        """Return what Python gets: a moment that knows it is UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Base(DeclarativeBase):
    """Base of all rows; constraints get predictable names, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment, float: Double, str: Text}  # noqa: RUF012 - SQLAlchemy's own way of declaring it


class ChangeRow(Base):
    """One row, whose number grows with every write: how other processes learn that something is new."""

    __tablename__ = "changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class HostRow(Base):
    """A process that ran, or runs, the queue."""

    __tablename__ = "hosts"
    id: Mapped[int] = mapped_column(primary_key=True)
    pid: Mapped[int]
    process_started_at: Mapped[float]
    machine: Mapped[str]
    workers: Mapped[int]
    registered_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class JobRow(Base):
    """A request for work; its spec never changes, so every run of it is of that recipe."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "priority", "position"), Index(None, "origin_id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    spec: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    priority: Mapped[int]
    position: Mapped[float]
    created_at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(default=0)
    request: Mapped[str | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    phase: Mapped[str] = mapped_column(default="")
    eta_s: Mapped[float | None]
    device: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    losses: Mapped[int] = mapped_column(default=0)
    """Runs in a row whose worker died before it had saved anything new."""
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    """The job whose card this one evaluates or maps, where it was queued by itself."""
    forgotten: Mapped[bool] = mapped_column(default=False)
    """Taken off the list; the record stays, for cards refer to it."""


class RunRow(Base):
    """One attempt at a job."""

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("job_id", "attempt"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    attempt: Mapped[int]
    machine: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[str] = mapped_column(default="")
    report: Mapped[str] = mapped_column(default="")
    environment: Mapped[str | None]
    fingerprint: Mapped[str | None]
    data_label: Mapped[str | None]
    data_digest: Mapped[str | None]
    seed: Mapped[int]
    log_offset: Mapped[int] = mapped_column(default=0)
    """Bytes of the run's event log that are in this database."""


class StepRow(Base):
    """Training metrics; a step reported twice in one run keeps the last word."""

    __tablename__ = "steps"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own way of declaring it
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    epoch: Mapped[float]
    level: Mapped[int]
    loss: Mapped[float | None]
    accuracy: Mapped[float | None]
    learning_rate: Mapped[float]
    sparsity: Mapped[float]
    images_per_s: Mapped[float]


class EpochRow(Base):
    """Validation after an epoch."""

    __tablename__ = "epochs"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own way of declaring it
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    epoch: Mapped[float]
    level: Mapped[int]
    validation_loss: Mapped[float | None]
    validation_accuracy: Mapped[float | None]


class LevelRow(Base):
    """A finished level of a trajectory."""

    __tablename__ = "levels"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own way of declaring it
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    levels: Mapped[int]
    sparsity: Mapped[float]
    validation_accuracy: Mapped[float | None]
    reused: Mapped[bool]


class CellRow(Base):
    """One card on one corruption at one severity, as it comes in; an empty corruption is the clean images."""

    __tablename__ = "cells"
    __table_args__ = (UniqueConstraint("run_id", "card_id", "corruption", "severity"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    at: Mapped[float]
    card_id: Mapped[str]
    corruption: Mapped[str]
    severity: Mapped[int]
    accuracy: Mapped[float | None]
    images: Mapped[int]


class LogRow(Base):
    """A line of a run's log."""

    __tablename__ = "log_lines"
    __table_args__ = (Index(None, "run_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    at: Mapped[float]
    text: Mapped[str]


class CardRow(Base):
    """A card; small, so that a hundred thousand are filtered and sorted quickly: the rest is in CardDetailRow.

    Each column that cards are sorted by has an index, which by SQLite's nature ends in `number`: ties come in the
    order in which cards were made.
    """

    __tablename__ = "cards"
    __table_args__ = (
        UniqueConstraint("id"),
        *(
            Index(None, column)
            for column in (
                "created_at",
                "name",
                "method",
                "augmentation",
                "network",
                "data_label",
                "sparsity",
                "file_bytes",
                "clean_accuracy",
                "robust_accuracy",
                "validation_accuracy",
                "total_epochs",
            )
        ),
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str]
    name: Mapped[str]
    method: Mapped[str]
    augmentation: Mapped[str]
    network: Mapped[str]
    data_label: Mapped[str]
    data_digest: Mapped[str]
    size: Mapped[int]
    sparsity: Mapped[float]
    prunable_weights: Mapped[int]
    kept_weights: Mapped[int]
    parameters: Mapped[int]
    binary: Mapped[bool]
    file_bytes: Mapped[int]
    reference_bytes: Mapped[int]
    level: Mapped[int]
    total_epochs: Mapped[float]
    validation_accuracy: Mapped[float | None]
    clean_accuracy: Mapped[float | None]
    robust_accuracy: Mapped[float | None]
    has_map: Mapped[bool] = mapped_column(default=False)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]
    search: Mapped[str]
    """Everything that a search looks through, case folded."""


class CardDetailRow(Base):
    """What of a card is long and only read with it."""

    __tablename__ = "card_details"
    card_id: Mapped[str] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    recipe: Mapped[str]
    fingerprint: Mapped[str]
    classes: Mapped[str]
    suite: Mapped[str | None]
    """The suite of the card's clean and robust accuracy."""
    notes: Mapped[str] = mapped_column(default="")


class CardTagRow(Base):
    """A tag on a card."""

    __tablename__ = "card_tags"
    __table_args__ = (Index(None, "tag"), {"sqlite_with_rowid": False})
    card_id: Mapped[str] = mapped_column(ForeignKey("cards.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class EvaluationRow(Base):
    """A card's answers to a suite; one of each suite for each job, the newest counts."""

    __tablename__ = "evaluations"
    __table_args__ = (UniqueConstraint("card_id", "suite_key", "job_id"), Index(None, "suite_key"))
    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("cards.id"))
    suite: Mapped[str]
    suite_key: Mapped[str]
    split: Mapped[str]
    data_digest: Mapped[str]
    cells: Mapped[str]
    """JSON [[corruption or null, severity, accuracy, images], ...]: written once, read whole."""
    clean_accuracy: Mapped[float | None]
    robust_accuracy: Mapped[float | None]
    calibration_error: Mapped[float | None]
    images: Mapped[int]
    probabilities: Mapped[str]
    labels: Mapped[str]
    forward_s: Mapped[float]
    corruption_s: Mapped[float]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class MapRow(Base):
    """A sensitivity map; one of each kind for each job, the newest counts."""

    __tablename__ = "maps"
    __table_args__ = (UniqueConstraint("card_id", "options", "job_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("cards.id"))
    options: Mapped[str]
    size: Mapped[int]
    errors: Mapped[str]
    clean_error: Mapped[float | None]
    mean_error: Mapped[float | None]
    images: Mapped[int]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class ReferenceRow(Base):
    """A gate's reference spectra of one augmentation of one dataset."""

    __tablename__ = "reference_sets"
    key: Mapped[str] = mapped_column(primary_key=True)
    data_digest: Mapped[str]
    data_label: Mapped[str]
    augmentation: Mapped[str]
    options: Mapped[str]
    spectra: Mapped[str]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class DistanceRow(Base):
    """Every image of a suite to one reference set."""

    __tablename__ = "distances"
    reference_key: Mapped[str] = mapped_column(primary_key=True)
    suite_key: Mapped[str] = mapped_column(primary_key=True)
    suite: Mapped[str]
    data_digest: Mapped[str]
    data: Mapped[str]
    distances: Mapped[str]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"))
    created_at: Mapped[datetime]


class DeckRow(Base):
    """A deck; its cards are DeckCardRows."""

    __tablename__ = "decks"
    __table_args__ = (UniqueConstraint("name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    mode: Mapped[str]
    gate: Mapped[str]
    batch: Mapped[int]
    temperature: Mapped[float]
    selection: Mapped[str | None]
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]


class DeckCardRow(Base):
    """A card's place in a deck; the same card may lie in it more than once."""

    __tablename__ = "deck_cards"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own way of declaring it
    deck_id: Mapped[int] = mapped_column(ForeignKey("decks.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[str] = mapped_column(ForeignKey("cards.id"))
