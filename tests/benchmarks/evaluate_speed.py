"""Times evaluation with ResNet-20: the share outside the network, what each setting is worth, what bfloat16 changes.

`python -m tests.benchmarks.evaluate_speed THREADS WHAT` prints rows; WHAT is one of the functions in `MEASUREMENTS`.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from card_studio.domain.ids import CardId
from card_studio.domain.job import Suite
from card_studio.domain.names import CorruptionName, NetworkName
from card_studio.domain.options import NetworkOptions, NpzData, Precision
from card_studio.domain.recipe import Recipe, fingerprint
from card_studio.domain.run import CardEvaluated
from card_studio.engine.arithmetic import arithmetic, gains_from_bfloat16
from card_studio.engine.card_file import CardContent
from card_studio.engine.context import Context
from card_studio.engine.data.datasets import Dataset, open_dataset
from card_studio.engine.data.suites import SuiteImages
from card_studio.engine.evaluate import Evaluating
from card_studio.engine.loading import LoadedCard
from card_studio.engine.nets import build_net
from card_studio.engine.predict import batch_for, ready
from tests.benchmarks.measured import Row, tell

CPU = torch.device("cpu")
IMAGES, TURNS = 1_000, 3
SUITE = Suite(corruptions=(CorruptionName.GAUSSIAN_NOISE, CorruptionName.CONTRAST), severities=(1, 3), images=IMAGES)


def context_in(folder: Path) -> Context:
    """Return a job's folders, all in one place."""
    return Context(
        device=CPU,
        threads=torch.get_num_threads(),
        cache=folder / "cache",
        stages=folder / "stages",
        cards=folder / "cards",
        artifacts=folder / "artifacts",
        checkpoint=folder / "checkpoint",
        data_folder=None,
    )


def noise_images(context: Context) -> Dataset:
    """Return 1,000 test images of nothing: the time does not depend on what they show."""
    path = context.cache.parent / "noise.npz"
    images = np.random.default_rng(0).integers(0, 256, (2 * IMAGES, 3, 32, 32), np.uint8)
    np.savez(path, images=images, labels=np.repeat(np.arange(10), 2 * IMAGES // 10))
    return open_dataset(NpzData(path=path, test_share=0.5), cache=context.cache)


def untrained(dataset: Dataset) -> LoadedCard:
    """Return a dense ResNet-20 for the dataset."""
    recipe = Recipe(data=dataset.options, network=NetworkOptions(name=NetworkName.RESNET20))
    net = build_net(recipe.network, classes=10, size=32, mean=dataset.mean, std=dataset.std, affine=True)
    content = CardContent(
        recipe=recipe,
        fingerprint=fingerprint(recipe, dataset.digest),
        classes=dataset.classes,
        size=32,
        mean=dataset.mean,
        std=dataset.std,
        data_label=dataset.label,
        data_digest=dataset.digest,
        level=0,
        total_epochs=0,
        state=net.state_dict(),
        packages={},
    )
    return LoadedCard(id=CardId("0" * 64), content=content, net=ready(net, CPU))


class Stopwatch:
    """Adds up the time inside a network's forward pass, and nothing else."""

    def __init__(self, net: nn.Module) -> None:
        self.seconds = self._began = 0.0
        net.register_forward_pre_hook(self._begin)
        net.register_forward_hook(self._end)

    def _begin(self, *_: object) -> None:
        self._began = perf_counter()

    def _end(self, *_: object) -> None:
        self.seconds += perf_counter() - self._began


def outside() -> list[Row]:
    """Evaluate as a job does, three times: the first pass makes the corrupted images, the others find them."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        context = context_in(Path(folder))
        dataset = noise_images(context)
        for turn in range(TURNS):
            card = untrained(dataset)
            card = LoadedCard(id=CardId(f"{turn:064x}"), content=card.content, net=card.net)  # no answers are there
            watch, suite, began = Stopwatch(card.net), SuiteImages(SUITE, dataset, context.cache), perf_counter()
            result = list(Evaluating([card], suite, context).run())[-1]
            whole = perf_counter() - began
            assert isinstance(result, CardEvaluated)
            rows.append(
                {
                    "pass": "first" if not turn else "cached",
                    "images/s": round(len(suite.cells) * IMAGES / whole),
                    "network, s": round(watch.seconds, 2),
                    "corruptions, s": round(result.corruption_s, 2),
                    "outside, %": round(100 * (1 - (watch.seconds + result.corruption_s) / whole), 1),
                }
            )
    return rows


def speed_of(batch: int, layout: torch.memory_format, precision: Precision) -> float:
    """Return images per second of the fastest of three turns over 512 images."""
    net = build_net(
        NetworkOptions(name=NetworkName.RESNET20), classes=10, size=32, mean=(0.5,) * 3, std=(0.25,) * 3, affine=True
    ).eval()
    net.to(memory_format=layout)  # type: ignore[call-overload]  # torch's stub lacks it
    images = torch.rand(512, 3, 32, 32).contiguous(memory_format=layout)

    @torch.inference_mode()
    def turn(some: Tensor) -> float:
        began = perf_counter()
        for part in some.split(batch):
            with arithmetic(precision, CPU):
                net(part)
        return len(some) / (perf_counter() - began)

    turn(images[:batch])
    return max(turn(images) for _ in range(TURNS))


def levers() -> list[Row]:
    """Time one lever after another; this process's environment holds the malloc thresholds or does not."""
    last, first = torch.channels_last, torch.contiguous_format
    cases: list[tuple[str, int, torch.memory_format, Precision]] = [
        ("batch 256, contiguous", 256, first, "float32"),
        ("batch 256, channels_last", 256, last, "float32"),
        *((f"batch {size}, channels_last", size, last, "float32") for size in (16, 32, batch_for(CPU), 128, 512)),
    ]
    if gains_from_bfloat16(CPU):
        cases += [(f"batch {size}, channels_last, bfloat16", size, last, "bfloat16") for size in (batch_for(CPU), 256)]
    return [{"setting": name, "images/s": round(speed_of(*case))} for name, *case in cases]


MEASUREMENTS: dict[str, Callable[[], list[Row]]] = {"outside": outside, "levers": levers}

if __name__ == "__main__":
    tell(MEASUREMENTS[sys.argv[2]]())
