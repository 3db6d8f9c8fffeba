"""Times sensitivity maps of ResNet-20 on 256 images of 32 pixels, one turn for each line that is read.

`python -m tests.benchmarks.map_speed plain` evaluates one cell as a user would: plain batched tensors, no grad;
`python -m tests.benchmarks.map_speed PRECISION` measures one distinct basis image as a map's job does.
"""

import sys
import time
from collections.abc import Callable

import torch

from card_studio.domain.fourier import fourier_basis
from card_studio.domain.job import MapOptions
from card_studio.domain.names import NetworkName
from card_studio.engine.nets import NETS
from card_studio.engine.sensitivity import Measurement

torch.manual_seed(0)
NET = NETS[NetworkName.RESNET20](10).eval()
IMAGES, LABELS = torch.randint(0, 256, (256, 3, 32, 32), dtype=torch.uint8), torch.zeros(256, dtype=torch.int64)


def plain() -> Callable[[], object]:
    """Return the evaluation of one cell."""
    scaled, basis = IMAGES / 255, torch.from_numpy(fourier_basis(32)[5])

    @torch.no_grad()
    def cell() -> float:
        signs = torch.randint(0, 2, (len(scaled), 3, 1, 1)) * 2 - 1
        return float((NET(scaled + 4 * signs * basis).argmax(1) != LABELS).float().mean())

    return cell


def ours(precision: str) -> Callable[[], object]:
    """Return the measurement of one distinct basis image."""
    options = MapOptions.model_validate({"precision": precision})
    return Measurement(NET, IMAGES, LABELS, options, device=torch.device("cpu")).advance


if __name__ == "__main__":
    work = plain() if sys.argv[1] == "plain" else ours(sys.argv[1])
    work()
    for _ in sys.stdin:
        began = time.perf_counter()
        work()
        sys.stdout.write(f"{time.perf_counter() - began}\n")
        sys.stdout.flush()
