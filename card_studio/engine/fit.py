"""A level in training: the network, the optimiser and the counters that say exactly where it stands."""

from collections.abc import Mapping

import torch
from torch import Tensor

from card_studio.domain.options import TrainingOptions
from card_studio.engine.batches import Batches
from card_studio.engine.data.datasets import Split
from card_studio.engine.learner import Learner
from card_studio.engine.schedule import learning_rate

_MOMENTUM = "momentum."
_TOTALS = "totals"
_ANSWERS = "answers"


class Fit:
    """A level in training: all that changes is in the learner, the optimiser's momentum and a few counters.

    `step` counts the level's optimiser steps; a level may begin after 0 (a rewound learning rate). `answered` counts
    the validation images that the network has answered since the epoch's last step.
    """

    def __init__(
        self,
        learner: Learner,
        batches: Batches,
        validation: Split,
        *,
        training: TrainingOptions,
        epochs: range,
        device: torch.device,
    ) -> None:
        """Get ready to train from the start of the first epoch to the end of the last.

        Args:
            learner: the network and its rule, on the device.
            batches: gives each step's images.
            validation: images that accuracy is measured on after each epoch.
            training: learning rate, momentum and the like; `training.epochs` is the whole schedule's length.
            epochs: those of the schedule that are trained.
            device: where to.
        """
        self.learner = learner
        self.training = training
        self.device = device
        self.batches = batches
        self.validation = Split(images=validation.images.to(device), labels=validation.labels.to(device))
        self.step = self.first = epochs.start * batches.per_epoch
        self.last = epochs.stop * batches.per_epoch
        self.answered = 0
        self.totals = torch.zeros(3, device=device)
        """Since the last report: loss summed over images, images answered rightly, images."""
        self.answers = torch.zeros(2, device=device)
        """Since the epoch's last step: validation loss summed over images, images answered rightly."""
        self.optimizer = torch.optim.SGD(
            learner.parameters(),
            lr=training.learning_rate,
            momentum=training.momentum,
            nesterov=training.nesterov,
            weight_decay=training.weight_decay,
            fused=device.type in ("cpu", "cuda"),
        )

    def state(self) -> dict[str, Tensor]:
        """Return all tensors that resuming needs; with `step` and `answered` they are the whole state."""
        momenta = {
            f"{_MOMENTUM}{index}": self.optimizer.state[parameter]["momentum_buffer"]
            for index, parameter in enumerate(self.learner.parameters())
            if self.optimizer.state.get(parameter, {}).get("momentum_buffer") is not None
        }
        return self.learner.state() | momenta | {_TOTALS: self.totals, _ANSWERS: self.answers}

    def load(self, state: Mapping[str, Tensor], *, step: int, answered: int) -> None:
        """Take up a state that `state` returned."""
        self.learner.load(state)
        for index, parameter in enumerate(self.learner.parameters()):
            if (momentum := state.get(f"{_MOMENTUM}{index}")) is not None:
                self.optimizer.state[parameter]["momentum_buffer"] = torch.empty_like(parameter).copy_(momentum)
        self.totals.copy_(state[_TOTALS])
        self.answers.copy_(state[_ANSWERS])
        self.step, self.answered = step, answered

    @property
    def validating(self) -> bool:
        """Whether an epoch's steps are done, but not all validation images answered."""
        whole_epochs = self.step % self.batches.per_epoch == 0 and self.step > self.first
        return whole_epochs and self.answered < len(self.validation)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.step == self.last and not self.validating

    @property
    def rate(self) -> float:
        """The learning rate of the latest step."""
        return learning_rate(self.training, max(self.step - 1, self.first), self.batches.per_epoch)

    @property
    def accuracy(self) -> float:
        """Accuracy on the validation images after the latest epoch."""
        return float(self.answers[1]) / len(self.validation)
