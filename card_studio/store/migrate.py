"""Bringing a database up to this release's schema.

Whether that is needed takes one SELECT, without Alembic, which would cost the window a tenth of a second.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Engine

from card_studio.errors import WorkspaceError
from card_studio.store.schema import REVISION

_WAIT_S = 60.0
_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
_HAS_REVISION = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"


def needs_migration(path: Path) -> bool:
    """Whether the database at `path` is missing, empty or of an older schema.

    Raises:
        WorkspaceError: it is of a newer schema, or another program's.
        sqlite3.DatabaseError: it cannot be read, or is no database.
    """
    if not path.exists():
        return True
    with closing(sqlite3.connect(path, timeout=5.0)) as raw:
        if not raw.execute(_TABLES).fetchone()[0]:
            return True
        if not raw.execute(_HAS_REVISION).fetchone()[0]:
            raise WorkspaceError(f"{path}: another program's database: move it away or choose another workspace")
        found = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = found[0] if found else "0000"
    if revision > REVISION:
        raise WorkspaceError(
            f"{path}: made by a newer card-studio (schema {revision}, this one knows {REVISION}): "
            "update card-studio or choose another workspace"
        )
    return bool(revision != REVISION)


def migrate(path: Path, engine: Engine) -> None:
    """Bring the database at `path` to this release's schema, in one transaction; made where there is none.

    Processes that come at the same moment wait for the first and then find nothing to do.

    Raises:
        WorkspaceError: another process has been at it for a minute.
    """
    try:
        with FileLock(path.with_suffix(".migrating"), timeout=_WAIT_S):
            if needs_migration(path):
                with closing(sqlite3.connect(path)) as raw:
                    raw.execute("PRAGMA journal_mode = WAL")
                _upgrade(engine)
    except Timeout as error:
        raise WorkspaceError(f"{path}: another program is bringing it up to date: try again in a minute") from error


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with engine.execution_options(immediate=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
