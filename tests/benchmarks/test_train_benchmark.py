"""Training through the product against the bare forward-backward-step of the same network, batch and precision.

The product draws, flips, crops and augments each batch, applies masks, counts and tells; the bare loop repeats one
batch. Both run by turns in one process, so the ratio of their processor times hardly depends on what else runs.
"""

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import process_time

import pytest
import torch
from torch.nn.functional import cross_entropy

from card_studio.domain.options import (
    AugmentationOptions,
    Biprop,
    CleanAugmentation,
    CompressionOptions,
    Dense,
    EdgePopup,
    GaussianAugmentation,
    Lrr,
    NetworkOptions,
    ShapesData,
    TrainingOptions,
)
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import EpochFinished
from card_studio.engine.batches import Batches
from card_studio.engine.checkpoint import Position, save_checkpoint
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.course import Course, Pace
from card_studio.engine.data.datasets import Dataset, Split
from card_studio.engine.fit import Fit
from card_studio.engine.journal import Journal
from card_studio.engine.learner import Masked
from card_studio.engine.nets import prunable
from card_studio.engine.start import fresh_learner
from card_studio.engine.train import train
from card_studio.engine.trajectory import trajectory

pytestmark = pytest.mark.benchmark
CPU = torch.device("cpu")
BATCH, STEPS, ROUNDS = 128, 4, 5
CLEAN, GAUSSIAN = CleanAugmentation(), GaussianAugmentation()


def split(images: int) -> Split:
    generator = torch.Generator().manual_seed(0)
    return Split(
        images=torch.randint(0, 256, (images, 3, 32, 32), dtype=torch.uint8, generator=generator),
        labels=torch.randint(0, 10, (images,), generator=generator),
    )


def course_of(recipe: Recipe) -> Course:
    """Return a level of the recipe, masked where it is LRR, about to train."""
    dataset = Dataset(
        options=ShapesData(), label="noise", digest="", classes=tuple("abcdefghij"), size=32, mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25), train=split(BATCH * STEPS), validation=split(2), test=split(2),
    )  # fmt: skip
    level = trajectory(recipe)[-1]
    learner = fresh_learner(level, recipe, dataset, STEPS, CPU)
    if isinstance(learner, Masked) and level.sparsity:
        learner.begin(learner.net.state_dict(), magnitude_masks(prunable(learner.net), level.sparsity))
    batches = Batches(
        dataset.train, augmentation=recipe.augmentation, training=level.training, seed=0, level=0, device=CPU
    )
    fit = Fit(learner, batches, dataset.validation, training=level.training, epochs=level.epochs, device=CPU)
    return Course(
        fit=fit, level=0, steps_before=0, epochs_before=0, steps_in_all=fit.last, steps_to_train_after=0, pace=Pace()
    )


def bare_epoch(course: Course) -> Callable[[], None]:
    """Return what remains of an epoch without the product: forward, backward, step, on one batch."""
    training = course.fit.training
    net = copy.deepcopy(course.fit.learner.net).train()
    parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=training.weight_decay, fused=True)
    images, labels = course.fit.batches(0)

    def epoch() -> None:
        for _ in range(STEPS):
            with torch.autocast("cpu", torch.bfloat16, enabled=training.precision == "bfloat16"):
                logits = net(images)
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(logits.float(), labels).backward()
            optimizer.step()

    return epoch


def product_epoch(course: Course) -> Callable[[], None]:
    """Return the product's epoch, told events and two validation images included."""
    events = train(course, Journal(lambda: None))

    def epoch() -> None:
        while not isinstance(next(events), EpochFinished):
            pass

    return epoch


def spent(work: Callable[[], None]) -> float:
    began = process_time()
    work()
    return process_time() - began


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Measure one thread, as a worker with one runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("compression", "augmentation", "precision", "goal"),
    [
        (Dense(), CLEAN, "float32", 0.9),
        (Dense(), CLEAN, "bfloat16", 0.9),
        (Lrr(sparsity=0.8), CLEAN, "float32", 0.9),
        (Lrr(sparsity=0.8), GAUSSIAN, "float32", 0.9),
        (EdgePopup(sparsity=0.8, schedule_epochs=0), CLEAN, "float32", 0.85),
        (Biprop(sparsity=0.8, schedule_epochs=0), CLEAN, "float32", 0.85),
    ],
    ids=lambda value: str(getattr(value, "method", getattr(value, "name", value))),
)
def test_the_product_trains_about_as_fast_as_the_bare_step(
    compression: CompressionOptions,
    augmentation: AugmentationOptions,
    precision: str,
    goal: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    course = course_of(
        Recipe(
            network=NetworkOptions(name="resnet20"),
            augmentation=augmentation,
            training=TrainingOptions(epochs=ROUNDS + 1, batch_size=BATCH, precision=precision),
            compression=compression,
        )
    )
    bare, product = bare_epoch(course), product_epoch(course)
    times = [(spent(bare), spent(product)) for _ in range(ROUNDS + 1)][1:]  # the first pays for memory and kernels
    bare_s, product_s = (median(each) for each in zip(*times, strict=True))
    told = f"{compression.method} {augmentation.name} {precision}: {bare_s / product_s:.3f} of the bare step"
    with capsys.disabled():
        sys.stdout.write(f"\n{told} ({BATCH * STEPS / product_s:.0f} images per second of processor time)")
    assert bare_s / product_s >= goal


def test_a_checkpoint_costs_less_than_a_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A worker saves one every 30 s: well under 1 % of its time."""
    training = TrainingOptions(epochs=2, batch_size=BATCH)
    course = course_of(Recipe(network=NetworkOptions(name="resnet20"), training=training))
    epoch = product_epoch(course)
    epoch()
    step_s = spent(epoch) / STEPS
    position = Position(fingerprint="", maker="", place=0, pending=())
    times = [spent(lambda: save_checkpoint(tmp_path / "checkpoint", position, course.fit.state())) for _ in range(5)]
    with capsys.disabled():
        sys.stdout.write(f"\na checkpoint costs {median(times) / step_s:.2f} of a step")
    assert median(times) < step_s
