"""What bfloat16 changes in a trained ResNet-20's answers, through the product, on n images of the embedded dataset.

`python -m tests.benchmarks.precision_shift THREADS [IMAGES [EPOCHS]]` trains for a minute, then evaluates in both.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from card_studio.domain.card import Cell, Evaluation, mean_of_cells
from card_studio.domain.ids import CardId
from card_studio.domain.job import EvaluateCards, MakeCard, Suite
from card_studio.domain.names import CorruptionName, NetworkName
from card_studio.domain.options import Dense, NetworkOptions, ShapesData, TrainingOptions
from card_studio.domain.recipe import Recipe
from card_studio.domain.run import CardEvaluated, CardMade
from card_studio.engine.context import Context
from card_studio.engine.evaluate import evaluate_cards
from card_studio.engine.make_card import make_card
from card_studio.files import content_path, read_array
from card_studio.studio.precision import precision_shift
from tests.benchmarks.evaluate_speed import context_in
from tests.benchmarks.measured import Row, tell

NOISE, BLUR, CONTRAST, PIXELATE = (
    CorruptionName.GAUSSIAN_NOISE,
    CorruptionName.DEFOCUS_BLUR,
    CorruptionName.CONTRAST,
    CorruptionName.PIXELATE,
)


def trained(context: Context, images: int, epochs: int) -> CardId:
    """Train a ResNet-20 for a few epochs, as the tour does."""
    training = TrainingOptions(
        epochs=epochs, batch_size=64, nesterov=True, warmup_epochs=0.5, precision="bfloat16", flip_crop=False
    )
    recipe = Recipe(
        data=ShapesData(held_out_images=images),
        network=NetworkOptions(name=NetworkName.RESNET20),
        training=training,
        compression=Dense(),
    )
    made = [event for event in make_card(MakeCard(recipe=recipe), context) if isinstance(event, CardMade)]
    return made[-1].card


def evaluated(card: CardId, suite: Suite, context: Context) -> Evaluation:
    """Evaluate a card as a job does."""
    context.checkpoint.unlink(missing_ok=True)
    event = list(evaluate_cards(EvaluateCards(cards=(card,), suite=suite), context))[-1]
    assert isinstance(event, CardEvaluated)
    cells = tuple(
        Cell(corruption=cell.corruption, severity=cell.severity, accuracy=cell.accuracy, images=cell.images)
        for cell in event.cells
    )
    clean, robust = mean_of_cells(cells)
    return Evaluation(
        card_id=card,
        suite=suite,
        suite_key=event.suite_key,
        data_digest=event.data_digest,
        cells=cells,
        clean_accuracy=clean,
        robust_accuracy=robust,
        calibration_error=event.calibration_error,
        images=event.images,
        probabilities=event.probabilities,
        labels=event.labels,
        job_id=None,
        created_at=datetime.now(UTC),
    )


def shift(images: int = 10_000, epochs: int = 3) -> list[Row]:
    """Return how far accuracy moves, in points, and how many answers flip."""
    with tempfile.TemporaryDirectory() as folder:
        context = context_in(Path(folder))
        card = trained(context, images, epochs)
        suite = Suite(corruptions=(NOISE, BLUR, CONTRAST, PIXELATE), severities=(3,))
        exact = evaluated(card, suite, context)
        rough = evaluated(card, suite.model_copy(update={"precision": "bfloat16"}), context)
        answers = [read_array(content_path(context.artifacts, each.probabilities)) for each in (exact, rough)]
        found = precision_shift(exact, rough, *answers)
    return [
        {
            "n": found.images,
            "clean, %": round(100 * exact.clean_accuracy, 2),
            "clean, points": round(100 * found.clean, 3),
            "robust, %": round(100 * exact.robust_accuracy, 2),
            "robust, points": round(100 * found.robust, 3),
            "flipped": found.flipped,
            "of answers": found.answers,
        }
    ]


if __name__ == "__main__":
    tell(shift(*map(int, sys.argv[2:])))
