"""The learning rate at each step: cosine, stepped or constant, after a linear warm-up (METHODS 2)."""

import math
from bisect import bisect_right

from card_studio.domain.options import TrainingOptions


def learning_rate(training: TrainingOptions, step: int, steps_per_epoch: int) -> float:
    """Return the learning rate of a step.

    Warm-up rises linearly to the peak, which it reaches in its last step. After it, cosine falls at every step
    towards 0, as AugMix does; the stepped schedule falls by `decay` at each milestone, as open_lth does.

    Args:
        training: peak, schedule, warm-up and number of epochs.
        step: 0 is the first; at most epochs * steps_per_epoch - 1.
        steps_per_epoch: optimiser steps in one pass over the training images.
    """
    peak = training.learning_rate
    warmup = round(training.warmup_epochs * steps_per_epoch)
    if step < warmup:
        return peak * (step + 1) / warmup
    steps = training.epochs * steps_per_epoch
    if training.schedule == "cosine":
        return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
    if training.schedule == "step":
        passed = bisect_right([round(share * steps) for share in training.milestones], step)
        return float(peak * training.decay**passed)
    return peak
