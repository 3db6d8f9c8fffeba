"""Makes `import torchvision` work beside a CPU build of torch.

torchvision's wheel on the package index is built against CUDA torch. Beside a CPU torch its compiled library cannot be
loaded, and importing the package then fails with "operator torchvision::nms does not exist": it registers fake versions
of two operators that nobody has declared. We use only its datasets and nets, which call no compiled operator, so
declaring those two is enough. They must never be declared where the compiled library does load: it would declare them
a second time, and the process would abort.
"""

import importlib
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import ModuleType

import torch

_DECLARATIONS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_kept: list[torch.library.Library] = []
"""A declaration lives only as long as its Library object."""


def torchvision_module(name: str) -> ModuleType:
    """Import a module of torchvision, such as `datasets`, on any build of torch.

    Raises:
        ImportError: torchvision is not installed, or has no such module.
    """
    prepare_torchvision()
    return importlib.import_module(f"torchvision.{name}")


@cache
def prepare_torchvision() -> bool:
    """See to it that torchvision can be imported.

    Returns:
        Whether its compiled operators are there; if not, the two it asks for are declared without a body.
    """
    library = _compiled_library()
    if library is not None and _loads(library):
        return True
    declared = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch has no types here
    for declaration in _DECLARATIONS:
        declared.define(declaration)  # type: ignore[no-untyped-call]  # as above
    _kept.append(declared)
    return False


def _compiled_library() -> str | None:
    # find_spec("torchvision._C") would import torchvision, which is what must not happen yet
    package = find_spec("torchvision")
    if package is None or package.submodule_search_locations is None:
        return None
    found = PathFinder.find_spec("torchvision._C", list(package.submodule_search_locations))
    return found.origin if found is not None else None


def _loads(library: str) -> bool:
    try:
        torch.ops.load_library(library)  # type: ignore[no-untyped-call]  # as above
    except OSError:
        return False
    return True
