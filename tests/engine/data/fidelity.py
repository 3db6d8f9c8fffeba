"""How near the batched operations come to those one image at a time: `python -m tests.engine.data.fidelity` tells all.

Where nothing is drawn, and for spatter, whose noise can be given, results are compared value by value; where numbers
are drawn otherwise than in NumPy, the mean squared errors that the same pictures suffer are.
"""

import sys

import numpy as np
import torch
from PIL import Image

from card_studio.domain.names import SEVERITIES, CorruptionName
from card_studio.engine.data.augmix_ops import GEOMETRIC, POINTWISE, Op
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.data.randomness import image_seeds, normals
from tests.benchmarks.measured import table
from tests.engine.data.natural import as_batch, as_pictures, natural_pictures
from tests.engine.data.per_image_augmix import operated
from tests.engine.data.per_image_corruptions import PER_IMAGE, SIDE, spattered

SAME_NUMBERS = {
    "defocus_blur": "SciPy correlate",
    "zoom_blur": "SciPy zoom",
    "brightness": "NumPy HSV",
    "contrast": "NumPy",
    "pixelate": "Pillow BOX",
    "jpeg_compression": "Pillow JPEG",
    "gaussian_blur": "SciPy gaussian_filter",
    "spatter": "NumPy, SciPy, same noise",
    "saturate": "NumPy HSV",
}
"""What is compared value by value, and with what."""


def odd_pictures() -> np.ndarray:
    """Return natural pictures, noise, flat and grey ones, black and white: uint8 [122, 32, 32, 3]."""
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, size=(20, SIDE, SIDE, 3), dtype=np.uint8)
    flat = np.broadcast_to(random.integers(0, 256, size=(20, 1, 1, 3), dtype=np.uint8), noise.shape)
    grey = np.broadcast_to(noise[..., :1], noise.shape)
    extremes = np.broadcast_to(np.array([0, 255], dtype=np.uint8)[:, None, None, None], (2, *noise.shape[1:]))
    return np.concatenate([natural_pictures(60), noise, flat, grey, extremes])


def both(name: str, severity: int, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return float [N, H, W, 3] twice: corrupted in a batch, and one at a time."""
    ours = as_pictures(corrupt(as_batch(pictures), name, severity, torch.Generator().manual_seed(severity)))
    if name == "spatter":
        seeds = image_seeds(len(pictures), torch.Generator().manual_seed(severity))
        noise = normals(seeds, SIDE * SIDE).view(-1, SIDE, SIDE).double().numpy()
        theirs = [spattered(picture, severity, drawn) for picture, drawn in zip(pictures, noise, strict=True)]
    else:
        random = np.random.default_rng(severity)
        theirs = [PER_IMAGE[name](picture, severity, random) for picture in pictures]
    return ours.astype(float), np.stack(theirs).astype(float)


def squared_errors(name: str, severity: int, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each picture's mean squared error, float [N], in a batch and one at a time."""
    ours, theirs = (((result - pictures) ** 2).mean(axis=(1, 2, 3)) for result in both(name, severity, pictures))
    return ours, theirs


def op_difference(op: Op, severity: float, pictures: np.ndarray) -> np.ndarray:
    """Return the difference of an AugMix operation to Pillow's, at random levels and signs: float [N, H, W, 3]."""
    levels = 0.1 + (severity - 0.1) * torch.rand(len(pictures), generator=torch.Generator().manual_seed(0))
    signs = torch.where(torch.rand(len(pictures), generator=torch.Generator().manual_seed(1)) < 0.5, 1.0, -1.0)
    images = as_batch(pictures)
    ours = GEOMETRIC[op](images, levels * signs) if op in GEOMETRIC else POINTWISE[op](images, levels)
    theirs = [
        np.asarray(operated(Image.fromarray(picture), op, float(level), float(sign)))
        for picture, level, sign in zip(pictures, levels, signs, strict=True)
    ]
    return np.abs(as_pictures(ours).astype(float) - np.stack(theirs))


def _corruption_row(name: str) -> dict[str, object]:
    pictures = natural_pictures(60 if name in ("glass_blur", "spatter") else 150)
    errors = [[float(each.mean()) for each in squared_errors(name, severity, pictures)] for severity in SEVERITIES]
    apart = max(abs(ours / theirs - 1) for ours, theirs in errors)
    worst, within = "", ""
    if name in SAME_NUMBERS:
        pairs = [both(name, severity, odd_pictures()) for severity in SEVERITIES]
        difference = np.abs(np.stack([ours - theirs for ours, theirs in pairs]))
        worst, within = f"{difference.max():.0f}", f"{100 * (difference <= 1).mean():.3f} %"
    return {
        "corruption": name,
        "reference": SAME_NUMBERS.get(name, "NumPy, SciPy: distribution"),
        "worst, grey levels": worst,
        "within 1": within,
        **{f"MSE s{severity}": f"{ours:.0f}" for severity, (ours, _) in zip(SEVERITIES, errors, strict=True)},
        "worst MSE against the reference's": f"{100 * apart:.1f} %",
    }


def _op_row(op: Op) -> dict[str, object]:
    difference = op_difference(op, 3.0, natural_pictures(600))
    equal = f"{100 * (difference == 0).mean():.3f} %"
    return {"operation": op.name.lower(), "worst, grey levels": f"{difference.max():.0f}", "equal": equal}


if __name__ == "__main__":
    sys.stdout.write(table("Corruptions, against one image at a time", [_corruption_row(n) for n in CorruptionName]))
    sys.stdout.write(table("AugMix's operations, against Pillow's", [_op_row(op) for op in Op]))
