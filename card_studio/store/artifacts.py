"""Arrays beside the database: class probabilities, labels, spectra, distances and maps, each named by its hash."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from card_studio.domain.ids import ContentHash
from card_studio.errors import WorkspaceError
from card_studio.files import array_bytes, content_path, file_hash, keep_content, read_array


class Artifacts:
    """The stored arrays of one workspace; safe to share between threads and with other processes."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when something is first kept."""
        self._folder = folder
        self._checked: set[ContentHash] = set()

    def keep(self, array: NDArray[Any]) -> ContentHash:
        """Store an array, once for all whoever keeps the same one; return its hash.

        Raises:
            WorkspaceError: the disk is full or read-only.
        """
        return ContentHash(keep_content(self._folder, array_bytes(array)))

    def array(self, content: ContentHash) -> NDArray[Any]:
        """Return a stored array, memory-mapped and read-only; its bytes are checked the first time.

        Raises:
            WorkspaceError: it is missing or damaged.
        """
        path = content_path(self._folder, content)
        try:
            if content not in self._checked:
                if file_hash(path) != content:
                    raise WorkspaceError(f"{path}: a stored result is damaged: delete this file and measure again")
                self._checked.add(content)
            return read_array(path, mapped=True)
        except FileNotFoundError as error:
            raise WorkspaceError(f"{path}: a stored result is missing: measure it again") from error
