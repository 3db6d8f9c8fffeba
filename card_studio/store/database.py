"""The workspace database: opened, brought up to date, read in snapshots and written in short transactions.

SQLite in write-ahead mode: readers never wait, writers wait for each other. A write takes the write lock when it
begins, so what it read cannot change before it commits. Each commit is synced (synchronous=FULL): there are a few a
second at most, and a power cut must not make an attempt's number go back, or lose a deck that someone has dealt.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from card_studio.errors import WorkspaceError
from card_studio.files import explained
from card_studio.store.migrate import migrate, needs_migration
from card_studio.store.refusals import refusals_explained, refuse_network

FILE_NAME = "studio.db"
BUSY_TIMEOUT_S = 5.0
_READ_VERSION = "SELECT version FROM changes"


class Database:
    """An open workspace database; safe to share between threads and with other processes."""

    def __init__(self, folder: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Take the workspace's folder; use `open_database`, which also checks it and brings it up to date."""
        self.folder = folder
        self.path = folder / FILE_NAME
        self._engine = _engine(self.path, busy_timeout_s)
        self._writing = self._engine.execution_options(immediate=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session that reads one unchanging snapshot.

        Raises:
            WorkspaceError: the database cannot be read.
        """
        with refusals_explained(self.path), Session(self._engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self, *, announce: bool = True) -> Iterator[Session]:
        """Give a session that holds the write lock from the start; commit at the end, or roll back on an error.

        Args:
            announce: whether a change made here makes `version` grow.

        Raises:
            WorkspaceError: the database is locked, read-only or damaged, or the disk is full.
        """
        with refusals_explained(self.path), Session(self._writing, expire_on_commit=False) as session, session.begin():
            raw = _raw(session.connection())
            before = raw.total_changes
            yield session
            session.flush()
            if announce and raw.total_changes > before:
                session.connection().exec_driver_sql("UPDATE changes SET version = version + 1")

    def version(self) -> int:
        """Return a number that grows with every committed change by any process; cheap.

        Raises:
            WorkspaceError: the database cannot be read.
        """
        with refusals_explained(self.path), self._engine.connect() as connection:
            return int(connection.exec_driver_sql(_READ_VERSION).scalar_one())

    def close(self) -> None:
        """Close every connection; the database may be used again."""
        self._engine.dispose()


def open_database(folder: Path) -> Database:
    """Open the database of a workspace, made or brought up to date where needed.

    Raises:
        WorkspaceError: the folder cannot be written or lies on a network; the database is damaged, another program's,
            or of a newer card-studio.
    """
    folder = folder.expanduser().absolute()
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    refuse_network(folder.resolve())
    path = folder / FILE_NAME
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise WorkspaceError(f"cannot write {folder}: no permission to write there: choose another folder")
    database = Database(folder)
    with refusals_explained(path):
        if needs_migration(path):
            migrate(path, database._engine)
    return database


def _raw(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def _engine(path: Path, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": busy_timeout_s, "isolation_level": None, "cached_statements": 256},
        pool_size=4,
        max_overflow=-1,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "temp_store = MEMORY"):
        raw.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin by hand: sqlite3's own way would take the write lock only at the first write, too late to be safe."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
