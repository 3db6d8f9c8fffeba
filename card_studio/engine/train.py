"""The one training loop: a generator that does a small unit of work, tells what happened, and can stop at any unit."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softmax

from card_studio.engine.arithmetic import arithmetic
from card_studio.engine.course import Course
from card_studio.engine.fit import Fit
from card_studio.engine.journal import EventStream, Journal

_JSD_WEIGHT = 12
_VALIDATION_BATCH = 500


def train(course: Course, journal: Journal) -> EventStream:
    """Train a level to its end; each unit of work is one optimiser step or one batch of validation images."""
    fit = course.fit
    while not fit.finished:
        began = course.clock()
        if fit.validating:
            _validate(fit)
        else:
            _train_step(fit)
        journal.note(*course.events(began))
        yield from journal.told()


def _train_step(fit: Fit) -> None:
    fit.learner.net.train()
    images, labels = fit.batches(fit.step)
    fit.step += 1
    fit.optimizer.param_groups[0]["lr"] = fit.rate
    with _precision(fit):
        logits = fit.learner.net(images)
    loss = LOSSES[fit.batches.views](logits.float(), labels)
    fit.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    fit.optimizer.step()
    fit.learner.stepped(fit.step)
    fit.answered = 0
    right = (logits[: len(labels)].argmax(1) == labels).sum()
    fit.totals += torch.stack((loss.detach() * len(labels), right, torch.full_like(right, len(labels))))


@torch.no_grad()
def _validate(fit: Fit) -> None:
    fit.learner.net.eval()
    if fit.answered == 0:
        fit.answers.zero_()
    batch = slice(fit.answered, fit.answered + _VALIDATION_BATCH)
    labels = fit.validation.labels[batch]
    images = fit.validation.images[batch].to(torch.float32, memory_format=torch.channels_last).div_(255)
    with _precision(fit):
        logits = fit.learner.net(images)
    losses = cross_entropy(logits.float(), labels, reduction="sum")
    fit.answers += torch.stack((losses, (logits.argmax(1) == labels).sum()))
    fit.answered += len(labels)


def _precision(fit: Fit) -> torch.autocast:
    return arithmetic(fit.training.precision, fit.device)


def consistency_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return AugMix's loss: cross-entropy of the clean view, and 12 times the Jensen-Shannon divergence (METHODS 3).

    Args:
        logits: float [3 n, C], the clean view first.
        labels: int64 [n].
    """
    views = softmax(logits, dim=1).chunk(3)
    mixture = (sum(views[1:], views[0]) / 3).clamp(1e-7, 1).log()
    divergences = [(p * (p.clamp_min(1e-30).log() - mixture)).sum(1).mean() for p in views]
    return cross_entropy(logits[: len(labels)], labels) + _JSD_WEIGHT * sum(divergences[1:], divergences[0]) / 3


LOSSES: dict[int, Callable[[Tensor, Tensor], Tensor]] = {1: cross_entropy, 3: consistency_loss}
"""The loss by the number of views in a batch."""
