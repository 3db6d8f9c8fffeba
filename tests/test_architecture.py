"""The architecture as law: imports, registries, and a window's process without torch."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("module", ["card_studio", "card_studio.cli", "card_studio.studio.workspace"])
def test_front_ends_do_not_load_torch(module: str) -> None:
    result = _python(f"import sys, {module}; print('torch' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr


def test_a_worker_child_does_not_load_the_database_or_qt() -> None:
    result = _python(
        "import sys, card_studio.studio.worker; print(sorted({'sqlalchemy', 'PySide6', 'alembic'} & set(sys.modules)))"
    )
    assert result.stdout.strip() == "[]", result.stderr


def test_the_package_has_the_names_it_promises() -> None:
    import card_studio

    assert card_studio.Workspace.__name__ == "Workspace"
    with pytest.raises(AttributeError):
        _ = card_studio.nothing
