"""Writes tensors as safetensors, whole or not at all; what the disk refuses is said as for any other file."""

import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from card_studio.files import replacing

_ERROR_NUMBER = re.compile(r"os error (\d+)")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write contiguous tensors on the CPU, by name, with texts beside them.

    Raises:
        WorkspaceError: the disk is full or read-only, or permission is missing.
    """
    with replacing(path) as temporary:
        try:
            save_file(dict(tensors), temporary, dict(metadata))
        except SafetensorError as error:
            number = _ERROR_NUMBER.search(str(error))
            if number is None:
                raise
            raise OSError(int(number[1]), str(error)) from error  # safetensors hides the system's errors in its own
