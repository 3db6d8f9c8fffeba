"""What SQLite's refusals and unfit disks mean to a user: one line that says what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy.exc import DatabaseError

from card_studio.errors import WorkspaceError

_MEANINGS = {
    sqlite3.SQLITE_BUSY: "the database is locked by another program; close it and try again",
    sqlite3.SQLITE_LOCKED: "the database is locked by another program; close it and try again",
    sqlite3.SQLITE_FULL: "the disk is full: free some space and try again",
    sqlite3.SQLITE_READONLY: "the database is read-only: change its rights or choose another workspace",
    sqlite3.SQLITE_PERM: "no permission to open the database: change its rights or choose another workspace",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened: change its rights or choose another workspace",
    sqlite3.SQLITE_IOERR: "the disk fails to read or write the database: check the disk, then try again",
    sqlite3.SQLITE_NOTADB: "this is not a card-studio database: move it away or choose another workspace",
    sqlite3.SQLITE_CORRUPT: "the database is damaged: restore a copy or choose another workspace",
}
_PRIMARY = 0xFF
"""SQLite's extended error codes carry the plain code in their lowest byte."""
_NETWORK = frozenset(
    [
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "webdav",
    ]
)


@contextmanager
def refusals_explained(path: Path) -> Iterator[None]:
    """Turn SQLite's refusals that have a known cause into a WorkspaceError that names `path`; others, bugs, pass.

    Raises:
        WorkspaceError: the database is locked, read-only, damaged or foreign, or the disk is full or fails.
    """
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        meaning = _MEANINGS.get(getattr(cause, "sqlite_errorcode", 0) & _PRIMARY)
        if meaning is None:
            raise
        raise WorkspaceError(f"{path}: {meaning}") from error


def refuse_network(folder: Path) -> None:
    """Refuse a folder on a network file system, where SQLite's locks cannot be relied on.

    Raises:
        WorkspaceError: the folder lies on one.
    """
    kind = file_system(folder)
    if kind.lower() in _NETWORK or str(folder).startswith("\\\\"):
        raise WorkspaceError(
            f"{folder}: a workspace cannot lie on a network file system ({kind or 'UNC path'}), "
            "where database locks are not reliable: choose a folder on a local disk"
        )


def file_system(folder: Path) -> str:
    """Return the type of the file system that holds `folder`, such as ext4; empty if that cannot be told."""
    parents = {folder, *folder.parents}
    mounts = [part for part in psutil.disk_partitions(all=True) if Path(part.mountpoint) in parents]
    return max(mounts, key=lambda part: len(Path(part.mountpoint).parts)).fstype if mounts else ""
