"""Files: whole or absent, whatever happens in between; content that is stored once."""

import errno
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_studio.errors import WorkspaceError
from card_studio.files import (
    array_bytes,
    content_hash,
    content_path,
    explained,
    file_hash,
    keep_content,
    read_array,
    replacing,
    write_atomically,
)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_atomically(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_atomically(tmp_path / "whole", b"data")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("code", "said"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "no permission")],
)
def test_the_disks_refusals_become_one_line_that_names_the_path(code: int, said: str) -> None:
    with pytest.raises(WorkspaceError, match=rf"cannot write /x/y: .*{said}"), explained(Path("/x/y")):
        raise OSError(code, "refused")


def test_an_unknown_oserror_stays_a_bug() -> None:
    with pytest.raises(OSError, match="odd"), explained(Path("/x")):
        raise OSError(errno.EIO, "odd")


def test_a_file_in_the_place_of_a_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((WorkspaceError, FileExistsError)):
        write_atomically(tmp_path / "file" / "inner", b"x")


@given(st.binary(max_size=1000))
def test_hashes_agree(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("hash") / "x"
    path.write_bytes(data)
    assert file_hash(path) == content_hash(data)


def test_content_is_stored_once_and_never_replaced(tmp_path: Path) -> None:
    first = keep_content(tmp_path, b"data")
    path = content_path(tmp_path, first)
    before = path.stat().st_mtime_ns
    assert keep_content(tmp_path, b"data") == first
    assert path.stat().st_mtime_ns == before
    assert path.read_bytes() == b"data"


def test_arrays_survive_and_objects_are_refused(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.float16).reshape(3, 4)
    path = tmp_path / "a.npy"
    path.write_bytes(array_bytes(array))
    assert np.array_equal(read_array(path), array)
    assert np.array_equal(read_array(path, mapped=True), array)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        array_bytes(np.array([object()], dtype=object))
