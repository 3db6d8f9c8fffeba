"""Finds a dataset's image files in a folder or a .zip, class by class; a .zip is read in memory, never unpacked."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from card_studio.errors import DataError
from card_studio.pictures import PICTURE_SUFFIXES

MAX_FILE_BYTES = 256 << 20
"""No image file is larger; a .zip member that says so is a bomb."""
_DEEPEST = 4
"""Levels of folders looked into, so that a link back to a parent ends."""
_LAYOUT = "wanted are at least two class folders that hold image files, as <class>/<image>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A folder or a .zip of files."""

    path: Path
    files: tuple[PurePosixPath, ...]
    """Below `path`, hidden ones left out."""
    folders: tuple[PurePosixPath, ...]
    read: Callable[[PurePosixPath], bytes]
    """Returns a file's bytes; may be called from several threads."""


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a folder or a .zip file.

    Raises:
        DataError: it is missing, is neither, or is a .zip that is damaged, encrypted or unsafe.
    """
    if path.is_dir():
        yield _folder(path)
    elif not path.exists():
        raise DataError(f"{path}: no such folder or .zip: data.path must name one that is there")
    else:
        with _archive(path) as archive:
            yield _zip(path, archive)


def class_files(source: Source) -> dict[str, list[PurePosixPath]]:
    """Return the image files of each class, classes and files sorted by name.

    A single top folder that holds the class folders, such as `train`, is descended into.

    Raises:
        DataError: there are no class folders, or images lie elsewhere than directly in them.
    """
    pictures = [path for path in source.files if path.suffix.lower() in PICTURE_SUFFIXES]
    top = _top(source, pictures)
    depth = len(top.parts)
    found: dict[str, list[PurePosixPath]] = {
        path.name: [] for path in source.folders if path.parent == top and path != top
    }
    for path in pictures:
        if len(path.parts) != depth + 2:
            raise DataError(f"{source.path}: {path} does not lie directly in a class folder: {_LAYOUT}")
        found[path.parent.name].append(path)
    if len(found) < 2:
        raise DataError(f"{source.path}: no class folders: {_LAYOUT}")
    return {name: sorted(found[name]) for name in sorted(found)}


def _top(source: Source, pictures: list[PurePosixPath]) -> PurePosixPath:
    top = PurePosixPath()
    while True:
        inside = [path for path in source.folders if path.parent == top and path != top]
        if len(inside) != 1 or any(path.parent in (top, inside[0]) for path in pictures):
            return top
        top = inside[0]


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _folder(top: Path) -> Source:
    files: list[PurePosixPath] = []
    folders: list[PurePosixPath] = []
    waiting = [PurePosixPath()]
    while waiting:
        for path, is_folder in _entries(top, waiting.pop()):
            (folders if is_folder else files).append(path)
            if is_folder and len(path.parts) < _DEEPEST:
                waiting.append(path)

    def read(path: PurePosixPath) -> bytes:
        try:
            return (top / path).read_bytes()
        except OSError as error:
            raise DataError(f"{top / path}: cannot be read: {error.strerror}") from error

    return Source(path=top, files=tuple(files), folders=tuple(folders), read=read)


def _entries(top: Path, below: PurePosixPath) -> list[tuple[PurePosixPath, bool]]:
    try:
        found = [(below / entry.name, entry.is_dir()) for entry in (top / below).iterdir()]
    except OSError as error:
        raise DataError(f"{top / below}: cannot be read: {error.strerror}") from error
    return [(path, is_folder) for path, is_folder in found if not _hidden(path)]


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise DataError(f"{path}: not a folder, and not a whole .zip file ({error}): copy it anew") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _zip(path: Path, archive: zipfile.ZipFile) -> Source:
    members = {}
    folders = set()
    for info in archive.infolist():
        name = _safe_name(path, info.filename)
        if _hidden(name):
            continue
        folders.update(parent for parent in name.parents if parent.parts)
        if info.is_dir():
            folders.add(name)
        else:
            _check_size(path, info)
            members[name] = info

    def read(name: PurePosixPath) -> bytes:
        try:
            return archive.read(members[name])
        except Exception as error:  # zipfile's decompressors raise almost anything on damaged bytes
            raise DataError(f"{path}: {name} is damaged or encrypted ({error}): make the .zip anew") from error

    return Source(path=path, files=tuple(members), folders=tuple(sorted(folders)), read=read)


def _safe_name(path: Path, member: str) -> PurePosixPath:
    name = PurePosixPath(member.replace("\\", "/"))
    if name.is_absolute() or PureWindowsPath(member).drive or ".." in name.parts:
        raise DataError(f"{path}: member {member!r} points outside the archive: not read; make the .zip anew")
    return name


def _check_size(path: Path, info: zipfile.ZipInfo) -> None:
    if info.file_size > MAX_FILE_BYTES:
        raise DataError(
            f"{path}: member {info.filename!r} would unpack to {info.file_size:,} bytes: "
            f"at most {MAX_FILE_BYTES:,} are allowed"
        )
