"""Methods of one's own where they run: their code is loaded from the workspace at the first use, in child processes.

Only code that the user has added to this workspace is ever run, `extensions/<SHA-256>.py` beside what it declared
(`.json`); a card file brings the name and the hash of the code that it needs, never code.
"""

import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from card_studio.domain.ids import short
from card_studio.domain.names import OWN_PREFIX, MethodKind
from card_studio.domain.options import Options, Own
from card_studio.domain.own import Extension
from card_studio.domain.recipe import explain
from card_studio.errors import ExtensionError
from card_studio.extend import Registered, collecting
from card_studio.files import content_hash, file_hash

GROUP = "card_studio.extensions"
"""The entry points that packages declare; each names a module."""

_MODULE = "card_studio_own_"
_folder: Path | None = None
_loaded: dict[str, list[Registered]] = {}


def use_extensions(folder: Path) -> None:
    """Say where the workspace keeps the code of one's own methods."""
    global _folder
    _folder = folder
    _loaded.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A method with its options, ready to be called."""

    method: Registered
    options: Options

    def __call__(self, *given: Any) -> Any:
        """Call the method.

        Raises:
            ExtensionError: it raised an error; the line says which, and where in its file.
        """
        try:
            return self.method.function(*given, self.options)
        except Exception as error:  # whatever another's code raises is that code's mistake
            raise ExtensionError(f"{self.method.kind} {OWN_PREFIX}{self.method.name}: {told(error)}") from error


def told(error: BaseException) -> str:
    """Return an error in one line, with the line of code in which another's file raised it."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith(_MODULE):
            line = trace.tb_lineno
        trace = trace.tb_next
    text = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}" + (f" (line {line})" if line else "")


def ready(kind: MethodKind, own: Own) -> Ready:
    """Return the method that a recipe names, with the recipe's options.

    Raises:
        ExtensionError: the workspace lacks its code, the code registers no such method, or refuses the options.
    """
    name = own.name.removeprefix(OWN_PREFIX)
    for method in _methods(kind, own):
        if (method.kind, method.name) == (kind, name):
            try:
                return Ready(method=method, options=method.options.model_validate(own.model_extra or {}))
            except ValidationError as error:
                raise ExtensionError(f"{kind} {own.name}: {explain(error)}") from error
    raise ExtensionError(f"the code {short(own.source)} registers no {kind} {own.name}: add the file anew")


def remember(source: str, found: list[Registered]) -> None:
    """Take methods that have just been loaded as those of their source, before that is in the workspace."""
    _loaded[source] = found


def _methods(kind: MethodKind, own: Own) -> list[Registered]:
    if own.source not in _loaded:
        record = None if _folder is None or not own.source else _folder / f"{own.source}.json"
        if record is None or not record.exists():
            raise ExtensionError(
                f"{kind} {own.name} needs the code {short(own.source) or 'of its file'}, which is not in this "
                "workspace: add its file with `card-studio extend FILE`, if you trust it"
            )
        extension = Extension.model_validate_json(record.read_bytes())
        _loaded[own.source] = _load(extension, record.with_suffix(".py"))
    return _loaded[own.source]


def _load(extension: Extension, path: Path) -> list[Registered]:
    if extension.entry_point:
        return load_entry_point(installed_entry_point(extension.entry_point, extension.source))
    if not path.exists() or file_hash(path) != extension.source:
        raise ExtensionError(f"{path}: missing or changed since it was added as {extension.label}: add the file anew")
    return load_file(path)


def load_file(path: Path) -> list[Registered]:
    """Run a file and return what it registers.

    Raises:
        ExtensionError: it is no Python, raises an error, or registers nothing.
    """
    name = _MODULE + content_hash(path.read_bytes())[:16]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pydantic looks for the names in annotations
    loader = spec.loader
    return _collected(lambda: loader.exec_module(module))


def load_entry_point(entry: EntryPoint) -> list[Registered]:
    """Import an entry point's module and return what it registers.

    Raises:
        ExtensionError: it cannot be imported, raises an error, or registers nothing.
    """
    sys.modules.pop(entry.module, None)  # one that is there already has registered its methods elsewhere
    return _collected(entry.load)


def _collected(run: Callable[[], object]) -> list[Registered]:
    with collecting() as found:
        try:
            run()
        except (Exception, SystemExit) as error:  # whatever another's code raises is that code's mistake
            raise ExtensionError(f"its code cannot be run: {told(error)}") from error
    if not found:
        raise ExtensionError("it registers nothing: see card_studio.extend for the decorators that do")
    return found


def installed_entry_points() -> list[EntryPoint]:
    """Return the entry points of installed packages, in the order of their names."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (package_of(entry), entry.name))


def installed_entry_point(label: str, source: str) -> EntryPoint:
    """Return the entry point that was added under a label, if it still is the same code.

    Raises:
        ExtensionError: it is not installed, or its package is another version.
    """
    for entry in installed_entry_points():
        if label_of(entry) == label and source_of(entry) == source:
            return entry
    known = any(label_of(entry) == label for entry in installed_entry_points())
    state = "is installed in another version" if known else "is not installed"
    raise ExtensionError(f"{label} {state}: install what was added (code {short(source)}), or add it anew")


def label_of(entry: EntryPoint) -> str:
    """Return what an entry point is called: `package: name`."""
    return f"{package_of(entry)}: {entry.name}"


def package_of(entry: EntryPoint) -> str:
    """Return the name of an entry point's package."""
    return entry.dist.name if entry.dist is not None else ""


def source_of(entry: EntryPoint) -> str:
    """Return the SHA-256 of what is recorded of an entry point: package, version, place, and the module's own file."""
    spec = importlib.util.find_spec(entry.module)
    code = file_hash(Path(spec.origin)) if spec is not None and spec.origin else ""
    version = entry.dist.version if entry.dist is not None else ""
    told = {"package": package_of(entry), "version": version, "place": entry.value, "code": code}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
