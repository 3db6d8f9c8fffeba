"""The database: opened, migrated, versioned; and every way in which it can refuse, as one line for the user."""

import os
import sqlite3
import subprocess
import sys
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import card_studio.store.migrations as migrations
from card_studio.domain.job import MakeCard
from card_studio.domain.recipe import Recipe
from card_studio.errors import WorkspaceError
from card_studio.store.database import FILE_NAME, Database, open_database
from card_studio.store.ledger import Ledger
from card_studio.store.schema import REVISION, Base


def test_the_migrations_make_exactly_the_schema(database):
    with database.session() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_end_at_the_revision_that_opening_asks_for():
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [REVISION]


def test_what_was_written_is_there_when_opened_again(tmp_path):
    folder = tmp_path / "new" / "workspace"
    first = open_database(folder)
    job = Ledger(first).add(MakeCard(recipe=Recipe(seed=3)))
    first.close()
    second = open_database(folder)
    assert Ledger(second).job(job.id) == job
    second.close()


def test_opening_an_up_to_date_workspace_loads_no_alembic(database):
    code = (
        "import sys; from pathlib import Path; from card_studio.store.database import open_database;"
        "open_database(Path(sys.argv[1])).close(); print('alembic' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, database.folder], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_processes_that_make_a_workspace_at_the_same_moment_all_succeed(tmp_path):
    code = (
        "import sys; from pathlib import Path; from card_studio.store.database import open_database;"
        "sys.stdin.readline(); open_database(Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", code, tmp_path / "new"]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [child.communicate("go\n")[1] for child in children] == [""] * 3
    database = open_database(tmp_path / "new")
    assert database.version() == 0
    database.close()


def test_the_version_grows_with_a_change_by_anyone_and_only_then(database):
    other = Database(database.folder)
    versions = [database.version()]
    Ledger(other).add(MakeCard(recipe=Recipe()))
    versions.append(database.version())
    assert Ledger(database).claim("bench") is not None
    versions.append(other.version())
    assert Ledger(database).claim("bench") is None
    with database.write():
        pass
    assert versions == [0, 1, 2]
    assert database.version() == 2
    other.close()


def test_a_heartbeat_is_no_news(database):
    ledger = Ledger(database)
    ledger.register_host(7, 1.0, "bench", 2)
    before, version = ledger.host(), database.version()
    ledger.beat(7)
    assert ledger.host().beat_at > before.beat_at
    assert database.version() == version


def test_a_write_that_fails_leaves_nothing(database):
    def fail():
        with database.write() as session:
            session.execute(text("UPDATE changes SET version = 50"))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError):
        fail()
    assert database.version() == 0


def test_foreign_keys_are_enforced(database):
    with pytest.raises(Exception, match="FOREIGN KEY"), database.write() as session:
        session.execute(text("INSERT INTO card_tags (card_id, tag) VALUES ('none', 'x')"))


def test_a_commit_is_on_the_disk_before_it_returns(database):
    with database.session() as session:
        pragmas = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert pragmas == ["wal", 2, 1]


# --- refusals -------------------------------------------------------------------------------------------------------


def refusal(work):
    """Return the one line with which `work` refuses."""
    with pytest.raises(WorkspaceError) as refused:
        work()
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_a_locked_database_says_so_after_the_timeout(database):
    hasty = Ledger(Database(database.folder, busy_timeout_s=0.05))
    with closing(sqlite3.connect(database.path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        line = refusal(lambda: hasty.add(MakeCard(recipe=Recipe())))
        assert line == f"{database.path}: the database is locked by another program; close it and try again"
        assert hasty.jobs() == []  # readers never wait
    assert hasty.add(MakeCard(recipe=Recipe())).id == 1
    hasty._database.close()


def test_a_full_disk_says_so_and_loses_nothing(database):
    ledger = Ledger(database)
    ledger.add(MakeCard(recipe=Recipe()))
    with database.session() as session:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count = {pages}"))  # the pool hands the same connection out again
    specs = [MakeCard(recipe=Recipe(seed=seed, notes="x" * 5000)) for seed in range(20)]
    assert "the disk is full: free some space" in refusal(lambda: ledger.add_all(specs))
    assert len(ledger.jobs()) == 1


def test_a_database_that_may_not_be_written_says_so(database):
    ledger = Ledger(database)
    with database.session() as session:
        session.execute(text("PRAGMA query_only = ON"))
    assert "the database is read-only" in refusal(lambda: ledger.add(MakeCard(recipe=Recipe())))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(database):
    database.folder.chmod(0o500)
    try:
        assert "choose another folder" in refusal(lambda: open_database(database.folder))
    finally:
        database.folder.chmod(0o700)


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert "a file stands where a folder is needed" in refusal(lambda: open_database(tmp_path / "file" / "workspace"))
    assert "a file stands where a folder is needed" in refusal(lambda: open_database(tmp_path / "file"))


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"shopping list\n" * 100)
    assert "not a card-studio database" in refusal(lambda: open_database(tmp_path))
    assert (tmp_path / FILE_NAME).read_bytes() == b"shopping list\n" * 100


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as raw:
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
    before = (tmp_path / FILE_NAME).read_bytes()
    assert "another program's database" in refusal(lambda: open_database(tmp_path))
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_newer_database_is_refused_with_its_version(database):
    with closing(sqlite3.connect(database.path)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0099'")
        raw.commit()
    assert "schema 0099, this one knows" in refusal(lambda: open_database(database.folder))


def test_a_damaged_database_is_refused(database):
    database.close()
    data = bytearray(database.path.read_bytes())
    data[100:4096] = b"\xff" * 3996  # the first page's cells: the list of tables
    database.path.write_bytes(data)
    assert "damaged" in refusal(lambda: open_database(database.folder))


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused_with_the_reason(tmp_path, monkeypatch, kind):
    part = namedtuple("part", "mountpoint fstype")
    mounts = [part("/", "ext4"), part(str(tmp_path.resolve() / "share"), kind)]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    assert kind in refusal(lambda: open_database(tmp_path / "share" / "workspace"))
    open_database(tmp_path / "local").close()
