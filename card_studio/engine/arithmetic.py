"""The arithmetic of forward passes: float32, or bfloat16 where the device has instructions for it."""

import torch

from card_studio.domain.options import Precision
from card_studio.errors import UserError


def gains_from_bfloat16(device: torch.device) -> bool:
    """Return whether a device computes in bfloat16 itself; others emulate it, and are slower than in float32.

    On a processor PyTorch says which instructions there are: AVX512-BF16 or AMX-BF16 on x86, BF16 on ARM.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    has = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return any(there is True for name, there in has.items() if "bf16" in name)


def require_gain(precision: Precision, device: torch.device) -> None:
    """Let a job go on in its precision.

    Raises:
        UserError: it is bfloat16, which the device does not have: a run in it would be slower and less exact.
    """
    if precision == "bfloat16" and not gains_from_bfloat16(device):
        raise UserError(
            f"this machine ({device.type}) has no bfloat16 instructions: choose precision float32, faster here"
        )


def arithmetic(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context in which a forward pass has that precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
