"""What computing in another arithmetic changes: accuracy, and answers that flip, of one card on the same images."""

from dataclasses import dataclass

from card_studio.domain.card import Evaluation
from card_studio.studio.scoring import Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionShift:
    """One card in another arithmetic against float32."""

    precision: str
    clean: float
    """Clean accuracy less that in float32, a share of 1."""
    robust: float
    """Robust accuracy less that in float32; NaN where no cell is corrupted."""
    flipped: int
    """Answers that differ, right or wrong."""
    answers: int
    """Answers in all: images times cells."""
    images: int
    """In each cell."""

    @property
    def words(self) -> str:
        """In one line, in points."""
        share = 100 * self.flipped / self.answers
        return (
            f"{self.precision} against float32: clean {100 * self.clean:+.2f}, robust {100 * self.robust:+.2f} points; "
            f"{self.flipped:,} of {self.answers:,} answers flipped ({share:.2f} %), n = {self.images:,} in each cell"
        )


def precision_shift(exact: Evaluation, other: Evaluation, answers: Answers, other_answers: Answers) -> PrecisionShift:
    """Return what another arithmetic changed.

    Args:
        exact: in float32.
        other: of the same card, on the same images and cells.
        answers: the stored float16 [cells, N, classes] in float32's arithmetic.
        other_answers: those in the other one.

    Raises:
        ValueError: the two differ in more than the precision.
    """
    if exact.suite != other.suite.images_alone or (exact.card_id, exact.data_digest) != (
        other.card_id,
        other.data_digest,
    ):
        raise ValueError("only evaluations of one card on the same images tell what an arithmetic changes")
    flipped = sum(
        int((a.argmax(axis=1) != b.argmax(axis=1)).sum()) for a, b in zip(answers, other_answers, strict=True)
    )
    return PrecisionShift(
        precision=other.suite.precision,
        clean=other.clean_accuracy - exact.clean_accuracy,
        robust=other.robust_accuracy - exact.robust_accuracy,
        flipped=flipped,
        answers=answers.shape[0] * answers.shape[1],
        images=exact.images,
    )
