"""The describing child: runs the code of one's own methods once, tries each, and says what it registers.

Started as `python -m card_studio.studio.describe OUT FILE ...`, or with `--installed` in place of files, never
imported. OUT receives one JSON document: {"extensions": [...]} in the form of domain.own.Extension, or {"error": why}.
"""

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

from card_studio.domain.names import AugmentationName, CorruptionName, MethodKind, NetworkName
from card_studio.domain.own import Extension, OwnMethod, described, template_of
from card_studio.engine.own_code import (
    installed_entry_points,
    label_of,
    load_entry_point,
    load_file,
    remember,
    source_of,
    told,
)
from card_studio.engine.own_trial import TRIALS
from card_studio.errors import ExtensionError
from card_studio.extend import Registered
from card_studio.files import file_hash, write_atomically

_OURS: dict[MethodKind, frozenset[str]] = {
    MethodKind.NETWORK: frozenset(NetworkName),
    MethodKind.AUGMENTATION: frozenset(AugmentationName),
    MethodKind.CORRUPTION: frozenset(CorruptionName),
    MethodKind.CRITERION: frozenset({"magnitude"}),
}


def _extension(found: list[Registered], *, source: str, label: str, entry_point: str = "") -> Extension:
    """Return what is told of registered methods, each of which has been tried."""
    methods = tuple(_method(each) for each in found)
    names = [(method.kind, method.name) for method in methods]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ExtensionError(f"{twice[0]} {twice[1]} is registered twice: give each a name of its own")
    remember(source, found)
    for method in methods:
        _try(method, source)
    return Extension(source=source, label=label, entry_point=entry_point, methods=methods)


def _try(method: OwnMethod, source: str) -> None:
    try:
        TRIALS[method.kind](template_of(method.kind)(name=method.name, source=source))
    except ExtensionError:
        raise
    except Exception as error:  # whatever a network's forward raises is its author's mistake
        raise ExtensionError(f"{method.kind} {method.name}: {told(error)}") from error


def _method(registered: Registered) -> OwnMethod:
    if registered.name in _OURS[registered.kind]:
        raise ExtensionError(f"{registered.kind} {registered.name!r} is one that is built in: choose another name")
    document = (registered.function.__doc__ or "").strip()
    explanation = document.splitlines()[0] if document else ""
    return described(registered.kind, registered.name, explanation, registered.options)


def describe_file(path: Path) -> Extension:
    """Return what a file registers.

    Raises:
        ExtensionError: it cannot be run, registers nothing, or a method does not do what it must.
    """
    return _extension(load_file(path), source=file_hash(path), label=path.name)


def describe_entry_point(entry: EntryPoint) -> Extension:
    """Return what an installed package's entry point registers.

    Raises:
        ExtensionError: it cannot be imported, registers nothing, or a method does not do what it must.
    """
    label = label_of(entry)
    try:
        return _extension(load_entry_point(entry), source=source_of(entry), label=label, entry_point=label)
    except ExtensionError as error:
        raise ExtensionError(f"{label}: {error}") from error


def main() -> None:
    """Describe what the command line names."""
    out, *files = sys.argv[1:]
    try:
        if files == ["--installed"]:
            found = [describe_entry_point(each) for each in installed_entry_points()]
        else:
            found = [describe_file(Path(each)) for each in files]
        answer: dict[str, object] = {"extensions": [each.model_dump(mode="json") for each in found]}
    except ExtensionError as error:
        answer = {"error": str(error)}
    write_atomically(Path(out), json.dumps(answer).encode())


if __name__ == "__main__":
    main()
