"""What cards answered on the selection suite, and the gate's distances there, put where jobs would leave them."""

from collections.abc import Sequence

import numpy as np

from card_studio.domain.gate import reference_key, suite_key
from card_studio.domain.ids import CardId
from card_studio.domain.job import SELECTION_SUITE, GateOptions
from card_studio.domain.options import ShapesData
from card_studio.domain.run import CardEvaluated, CellEvaluated, DistancesMeasured
from tests.ui.deck.filling import AUGMENTATIONS, DIGEST, Dealt

IMAGES = 60
CELLS = [(None, 0), *((name, at) for name in SELECTION_SUITE.corruptions for at in SELECTION_SUITE.severities)]
_LABELS = np.arange(IMAGES) % 10


def answer_selection(dealt: Dealt, cards: Sequence[CardId], skill: float = 3.0) -> None:
    """Store answers to the selection suite: mostly right, each card at its own images."""
    for card in cards:
        generator = np.random.default_rng(int(card[:8], 16) + int(card[-8:], 16))
        logits = generator.normal(size=(len(CELLS), IMAGES, 10)) * 1.5
        logits[:, np.arange(IMAGES), _LABELS] += skill + generator.normal(size=(len(CELLS), IMAGES))
        p = np.exp(logits - logits.max(axis=2, keepdims=True))
        answers = (p / p.sum(axis=2, keepdims=True)).astype(np.float16)
        right = answers.argmax(axis=2) == _LABELS
        dealt.tell(
            CardEvaluated(
                at=5000.0,
                card=card,
                suite=SELECTION_SUITE,
                suite_key=suite_key(SELECTION_SUITE, DIGEST),
                data_digest=DIGEST,
                cells=tuple(
                    CellEvaluated(card=card, corruption=name, severity=at, accuracy=float(each.mean()), images=IMAGES)
                    for (name, at), each in zip(CELLS, right, strict=True)
                ),
                calibration_error=0.05,
                probabilities=dealt.artifacts.keep(answers),
                labels=dealt.artifacts.keep(_LABELS.astype(np.int64)),
                images=IMAGES,
                forward_s=1.0,
                corruption_s=1.0,
            )
        )


def measure_selection(dealt: Dealt) -> None:
    """Store the distances of the selection suite's images to the references that `prepare_gate` built."""
    generator = np.random.default_rng(4)
    for augmentation in AUGMENTATIONS:
        dealt.tell(
            DistancesMeasured(
                at=5001.0,
                reference_key=reference_key(DIGEST, augmentation, GateOptions()),
                suite=SELECTION_SUITE,
                suite_key=suite_key(SELECTION_SUITE, DIGEST),
                data_digest=DIGEST,
                data=ShapesData(),
                distances=dealt.artifacts.keep(generator.random((len(CELLS), IMAGES), np.float32)),
            )
        )
