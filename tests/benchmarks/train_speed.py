"""Times training through the product beside the bare step, and the bare step with and without each lever.

`python -m tests.benchmarks.train_speed THREADS` compares: the product draws, flips, crops and augments each batch,
applies masks, counts and tells; the bare loop repeats forward, backward and step on one batch of the same network.
`python -m tests.benchmarks.train_speed THREADS LAYOUT PRECISION` times the bare step of a plain ResNet-20.
"""

import copy
import sys
from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from card_studio.domain.options import (
    AugmentationOptions,
    AugmixAugmentation,
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
from card_studio.engine.compress.magnitude import magnitude_masks
from card_studio.engine.course import Course, Pace
from card_studio.engine.data.datasets import Dataset, Split
from card_studio.engine.fit import Fit
from card_studio.engine.journal import Journal
from card_studio.engine.learner import Masked
from card_studio.engine.nets import build_net, prunable
from card_studio.engine.start import fresh_learner
from card_studio.engine.train import train
from card_studio.engine.trajectory import trajectory
from tests.benchmarks.measured import Row, in_turns, tell, timed

CPU = torch.device("cpu")
BATCH, STEPS, TURNS, BARE_TURNS = 128, 3, 4, 5
CLEAN = CleanAugmentation()
CASES: tuple[tuple[CompressionOptions, AugmentationOptions, str, float], ...] = (
    (Dense(), CLEAN, "float32", 0.9),
    (Dense(), CLEAN, "bfloat16", 0.9),
    (Lrr(sparsity=0.8), CLEAN, "float32", 0.9),
    (Lrr(sparsity=0.8), GaussianAugmentation(), "float32", 0.9),
    (Lrr(sparsity=0.8), AugmixAugmentation(), "float32", 0.9),
    (EdgePopup(sparsity=0.8, schedule_epochs=0), CLEAN, "float32", 0.85),
    (Biprop(sparsity=0.8, schedule_epochs=0), CLEAN, "float32", 0.85),
)
"""Method, augmentation, precision, and the share of the bare step's speed that is wanted."""


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


def recipe_of(compression: CompressionOptions, augmentation: AugmentationOptions, precision: str) -> Recipe:
    """Return a recipe for ResNet-20."""
    return Recipe.model_validate(
        {
            "network": NetworkOptions(name="resnet20"),
            "augmentation": augmentation,
            "training": TrainingOptions(epochs=TURNS + 1, batch_size=BATCH, precision=precision),
            "compression": compression,
        }
    )


def compared(threads: int) -> list[Row]:
    """Measure every case, bare step and product by turns."""
    rows = []
    for compression, augmentation, precision, goal in CASES:
        course = course_of(recipe_of(compression, augmentation, precision))
        images = BATCH * STEPS
        ours, bare = in_turns(product_epoch(course), images, bare_epoch(course), images, TURNS)
        rows.append(
            {
                "method": str(compression.method),
                "augmentation": str(augmentation.name),
                "precision": precision,
                "threads": threads,
                "bare, images/s": round(1e6 / bare),
                "product, images/s": round(1e6 / ours),
                "ratio": round(bare / ours, 3),
                "goal": goal,
            }
        )
    return rows


def plain_step(layout: str, precision: str) -> list[Row]:
    """Time the step of a plain ResNet-20 on the wall's clock; images per second, of the fastest turn."""
    net = build_net(NetworkOptions(name="resnet20"), classes=10, size=32, mean=(0.5,) * 3, std=(0.25,) * 3, affine=True)
    format_ = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    net.to(memory_format=format_)  # type: ignore[call-overload]  # torch's stub lacks it
    parts = split(BATCH)
    images, labels = (parts.images.float() / 255).contiguous(memory_format=format_), parts.labels
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, fused=True)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = net(images)
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    step()
    times = [timed(step, BATCH) for _ in range(BARE_TURNS)]
    return [{"images/s": round(1e6 / min(times))}]


if __name__ == "__main__":
    tell(plain_step(sys.argv[2], sys.argv[3]) if len(sys.argv) > 2 else compared(int(sys.argv[1])))
