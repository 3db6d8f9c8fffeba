"""What every use case needs: the workspace's folder, its database, its records and its stored arrays."""

from pathlib import Path

from card_studio.files import explained
from card_studio.settings import Settings
from card_studio.store.artifacts import Artifacts
from card_studio.store.database import open_database
from card_studio.store.ledger import Ledger
from card_studio.store.library import Library


class Core:
    """An open workspace. Any thread may use it."""

    def __init__(self, path: Path | str | None = None, *, settings: Settings | None = None) -> None:
        """Open the workspace at `path`, made if it is not there; by default the one in the settings.

        Raises:
            WorkspaceError: the folder cannot be written, or its database is foreign, newer, or on a network.
        """
        self.settings = settings or Settings()
        self.path = Path(path or self.settings.workspace).expanduser().resolve()
        with explained(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self._database = open_database(self.path)
        self._ledger = Ledger(self._database)
        self._library = Library(self._database)
        self._artifacts = Artifacts(self.path / "artifacts")

    def version(self) -> int:
        """Return a number that grows whenever anything recorded changes, whoever changed it."""
        return self._database.version()
