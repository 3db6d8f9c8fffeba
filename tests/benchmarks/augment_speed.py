"""Times AugMix on batches beside AugMix one image at a time with Pillow, on the number of threads it is given."""

import sys
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageOps

from card_studio.domain.options import AugmentationOptions, AugmixAugmentation, GaussianAugmentation, TrainingOptions
from card_studio.engine.batches import Batches
from card_studio.engine.data.augment import augmix
from card_studio.engine.data.datasets import Split
from tests.benchmarks.measured import Row, in_turns, tell
from tests.engine.data.natural import as_batch, natural_pictures
from tests.engine.data.per_image_augmix import augmix_one

BATCH, IMAGES, ALONE, TURNS = 128, 512, 48, 9


def alone(pictures: np.ndarray, views: int, *, flip_crop: bool) -> Callable[[], object]:
    """Return the baseline's work: each picture's views, each as floats; flipped and cropped once, if so asked."""
    random = np.random.default_rng(0)

    def work() -> None:
        for picture in pictures:
            plain = flipped_cropped(picture, random) if flip_crop else picture
            for _ in range(views):
                augmix_one(plain, random)

    return work


def flipped_cropped(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a picture flipped by chance and cut out of its copy with 4 px of black around it."""
    image = Image.fromarray(picture)
    if random.random() < 0.5:
        image = ImageOps.mirror(image)
    left, top = (int(offset) for offset in random.integers(0, 9, size=2))
    return np.asarray(ImageOps.expand(image, 4).crop((left, top, left + 32, top + 32)))


def training(augmentation: AugmentationOptions, pictures: np.ndarray) -> Callable[[], object]:
    """Return the product's way: the batches of the steps of an epoch, one after another."""
    split = Split(images=as_batch(pictures), labels=torch.zeros(len(pictures), dtype=torch.int64))
    options = TrainingOptions(batch_size=BATCH)
    batches = Batches(split, augmentation=augmentation, training=options, seed=0, level=0, device=torch.device("cpu"))

    def epoch() -> None:
        for step in range(batches.per_epoch):
            batches(step)

    return epoch


def main(threads: int) -> list[Row]:
    """Measure each way beside its baseline."""
    pictures, generator = natural_pictures(IMAGES), torch.Generator().manual_seed(0)
    whole = as_batch(pictures).float() / 255
    few = whole[:BATCH]
    jsd = AugmixAugmentation(jsd=True)
    works: list[tuple[str, Callable[[], object], int, int, bool]] = [
        (f"augmix({BATCH} images)", lambda: augmix(few, generator), BATCH, 1, False),
        (f"augmix({IMAGES} images)", lambda: augmix(whole, generator), IMAGES, 1, False),
        (f"training, flip, crop, batches of {BATCH}", training(AugmixAugmentation(), pictures), IMAGES, 1, True),
        ("the same with two views (JSD)", training(jsd, pictures), IMAGES, 2, True),
        ("Gaussian noise, flip, crop", training(GaussianAugmentation(), pictures), IMAGES, 0, True),
    ]
    rows = []
    for name, work, images, views, flip_crop in works:
        ours, theirs = in_turns(work, images, alone(pictures[:ALONE], views, flip_crop=flip_crop), ALONE, TURNS)
        rows.append(
            {
                "AugMix": name,
                "threads": threads,
                "ours, images/s": round(1e6 / ours),
                "per image, images/s": round(1e6 / theirs) if views else "",
                "ratio": round(theirs / ours, 1) if views else "",
            }
        )
    return rows


if __name__ == "__main__":
    tell(main(int(sys.argv[1])))
