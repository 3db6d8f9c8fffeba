"""Both ways of getting torchvision to import, each in a process of its own, for operators are declared only once."""

import subprocess
import sys
from pathlib import Path

import pytest
import safetensors
import torch

LOADED = """
import sys
sys.path.insert(0, {folder!r})
from card_studio.engine.torchvision_ops import prepare_torchvision
assert "torchvision" not in sys.modules
assert prepare_torchvision() is {loads}
assert prepare_torchvision() is {loads}
assert "torchvision" not in sys.modules, "looking for the library must not import the package"
import torch
print("declared" if hasattr(torch.ops.torchvision, "nms") else "not declared")
"""


def _run(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _package(folder: Path, library: bytes | None) -> Path:
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('must not be imported')\n")
    if library is not None:
        (package / "_C.so").write_bytes(library)
    return folder


def test_torchvision_imports_on_this_build() -> None:
    script = """
from card_studio.engine.torchvision_ops import torchvision_module
datasets = torchvision_module("datasets")
import torchvision
print(datasets.CIFAR10.__name__, torchvision.__version__.split("+")[0])
"""
    assert _run(script).startswith("CIFAR10 0.28")


def test_a_library_that_loads_is_left_to_declare_its_operators(tmp_path: Path) -> None:
    """A real shared library stands in for a matched build; it loads, so nothing may be declared beside it."""
    real = next(Path(safetensors.__file__).parent.glob("*.so"), None)
    if real is None:
        pytest.skip("shared libraries have another suffix on this system")
    folder = _package(tmp_path, real.read_bytes())
    assert _run(LOADED.format(folder=str(folder), loads=True)) == "not declared"


@pytest.mark.parametrize("library", [None, b"not a shared library"])
def test_operators_are_declared_where_no_library_loads(tmp_path: Path, library: bytes | None) -> None:
    folder = _package(tmp_path, library)
    assert _run(LOADED.format(folder=str(folder), loads=False)) == "declared"


def test_a_declared_operator_has_no_body() -> None:
    script = """
from card_studio.engine.torchvision_ops import prepare_torchvision
import torch
if prepare_torchvision():
    print("compiled")
else:
    try:
        torch.ops.torchvision.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    except NotImplementedError:
        print("no body")
"""
    assert _run(script) == ("compiled" if torch.version.cuda else "no body")
