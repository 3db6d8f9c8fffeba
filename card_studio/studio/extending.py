"""Use cases of one's own methods: add a file or the installed packages' entry points, list them, take them away.

    <workspace>/extensions/<SHA-256>.py      a file's code as it was when added; a run uses its own version
                          /<SHA-256>.json    what it registers: all that this process ever reads

The code is run by child processes only: by the describing one when it is added, then by those whose work needs it.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from card_studio.domain.job import CorruptDataset, EvaluateCards, ImportCards, JobSpec, MakeCard
from card_studio.domain.names import AnyCorruption, CorruptionName, is_own
from card_studio.domain.options import OwnCorruption
from card_studio.domain.own import Extension, OwnMethods
from card_studio.errors import ExtensionError
from card_studio.files import content_hash, write_atomically
from card_studio.studio.core import Core
from card_studio.studio.launch import run_describer

EXTENSIONS = "extensions"
_DESCRIBED_WITHIN_S = 30.0
_INSTALLED = "installed packages"


def own_methods(workspace: Path) -> OwnMethods:
    """Return what a workspace's extensions declare; none where the folder is not there."""
    files = sorted((workspace / EXTENSIONS).glob("*.json"))
    found = [Extension.model_validate_json(path.read_bytes()) for path in files]
    return OwnMethods(extensions=tuple(sorted(found, key=lambda each: (each.label, not each.current, each.source))))


class Extending(Core):
    """One's own methods, as a front end sees them."""

    def own_methods(self) -> OwnMethods:
        """Return what this workspace's extensions declare."""
        return own_methods(self.path)

    def corruption(self, name: AnyCorruption) -> CorruptionName | OwnCorruption:
        """Return what a dealer is asked for: one's own with the code that is offered and its default options.

        Raises:
            ExtensionError: it is one's own, and this workspace has none of that name.
        """
        if not is_own(name):
            return CorruptionName(name)
        found = [each for each in self.own_methods().at_defaults(OwnCorruption) if each.name == name]
        if not found:
            raise ExtensionError(
                f"this workspace has no corruption {name}: add its file with `card-studio extend FILE`"
            )
        return found[0]

    def knows_extension(self, path: Path) -> bool:
        """Tell whether a file was added just as it is now, so that nobody need be asked again.

        Raises:
            ExtensionError: there is no such file.
        """
        source = content_hash(_code(path))
        return any(each.source == source for each in self.own_methods().extensions)

    def add_extension(self, path: Path, *, within_s: float = _DESCRIBED_WITHIN_S) -> Extension:
        """Run a file's code in a child, keep a copy, and offer what it registers; ask the user before.

        A file of the same name replaces the one that was added before; cards made with that still use its old copy.

        Args:
            path: a Python file.
            within_s: how long its code may take.

        Raises:
            ExtensionError: it is no file, its code fails or takes too long, or registers nothing usable.
        """
        code, label = _code(path), path.name
        source = content_hash(code)
        known = next((each for each in self.own_methods().extensions if each.source == source), None)
        if known is None:
            copy = self._folder / f"{source}.py"
            write_atomically(copy, code)
            try:
                (known,) = self._described(label, [str(copy)], within_s)
                self._require_free(known.model_copy(update={"label": label}))
            except ExtensionError:
                copy.unlink()
                raise
        return self._offer(known.model_copy(update={"label": label, "current": True}))

    def add_installed_extensions(self, *, within_s: float = _DESCRIBED_WITHIN_S) -> list[Extension]:
        """Run the code of installed packages that declare entry points for it, and offer what they register.

        What was offered of packages that are no longer installed is offered no more.

        Raises:
            ExtensionError: there are none, or one of them fails or takes too long.
        """
        found = self._described(_INSTALLED, ["--installed"], within_s)
        if not found:
            raise ExtensionError("no installed package declares an entry point of the group card_studio.extensions")
        for each in found:
            self._require_free(each)
        labels = {each.label for each in found}
        for old in self.own_methods().extensions:
            if old.entry_point and old.label not in labels:
                self._keep(old.model_copy(update={"current": False}))
        return [self._offer(each) for each in found]

    def remove_extension(self, label: str) -> None:
        """Forget every version of an extension, its code included; what needs it says so from then on.

        Raises:
            ExtensionError: there is none of that label.
        """
        extensions = self.own_methods().extensions
        gone = [each for each in extensions if each.label == label]
        if not gone:
            names = ", ".join(dict.fromkeys(each.label for each in extensions)) or "none"
            raise ExtensionError(f"no extension is called {label}: there are {names}")
        for each in gone:
            (self._folder / f"{each.source}.json").unlink(missing_ok=True)
            (self._folder / f"{each.source}.py").unlink(missing_ok=True)

    def _resolved(self, spec: JobSpec) -> JobSpec:
        """Have a job's recipe, suite or set name the code of their own methods, and all their options."""
        own = self.own_methods()
        changes: dict[str, Any] = {}
        if isinstance(spec, MakeCard | ImportCards) and spec.recipe is not None:
            changes["recipe"] = own.resolved(spec.recipe)
        if isinstance(spec, MakeCard) and spec.then_evaluate is not None:
            changes["then_evaluate"] = own.resolved_corruptions(spec.then_evaluate)
        if isinstance(spec, EvaluateCards):
            changes["suite"] = own.resolved_corruptions(spec.suite)
        if isinstance(spec, CorruptDataset):
            return own.resolved_corruptions(spec)
        return spec.model_copy(update=changes) if changes else spec

    @property
    def _folder(self) -> Path:
        return self.path / EXTENSIONS

    def _require_free(self, new: Extension) -> None:
        """Refuse a method whose name another file or package has already."""
        for old in self.own_methods().extensions:
            if not old.current or old.label == new.label:
                continue
            taken = {(method.kind, method.name) for method in old.methods}
            for method in new.methods:
                if (method.kind, method.name) in taken:
                    raise ExtensionError(
                        f"{new.label}: {method.kind} {method.name} is registered by {old.label} already: give it "
                        f"another name, or remove that with `card-studio extend --remove '{old.label}'`"
                    )

    def _offer(self, new: Extension) -> Extension:
        """Keep an extension, and offer it in place of earlier ones of its label."""
        for old in self.own_methods().extensions:
            if old.label == new.label and old.source != new.source and old.current:
                self._keep(old.model_copy(update={"current": False}))
        self._keep(new)
        return new

    def _keep(self, extension: Extension) -> None:
        write_atomically(self._folder / f"{extension.source}.json", extension.model_dump_json(indent=1).encode())

    def _described(self, label: str, arguments: list[str], within_s: float) -> list[Extension]:
        """Have a child run code and say what it registers."""
        with tempfile.TemporaryDirectory() as folder:
            out, log = Path(folder) / "out.json", Path(folder) / "log.txt"
            try:
                run_describer([str(out), *arguments], log, within_s)
            except subprocess.TimeoutExpired as error:
                raise ExtensionError(
                    f"{label}: its code took over {within_s:g} s: a file registers methods, and does no work itself"
                ) from error
            if not out.exists():
                last = (log.read_text(errors="replace").strip().splitlines() or ["no reason was given"])[-1]
                raise ExtensionError(f"{label}: its code ended the process: {last}")
            told = json.loads(out.read_bytes())
        if "error" in told:
            raise ExtensionError(f"{label}: {told['error']}")
        return [Extension.model_validate(each) for each in told["extensions"]]


def _code(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExtensionError(f"{path}: no such file, or no permission to read it") from error
