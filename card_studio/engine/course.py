"""Where a level stands within its job, and what of it is worth telling: about two reports a second, and each epoch."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from card_studio.domain.run import Advanced, AnyEvent, EpochFinished, StepReported
from card_studio.engine.fit import Fit

Clock = Callable[[], float]
"""Gives seconds; only differences count."""
CLOCK: Clock = time.perf_counter
_REPORT_EVERY_S = 0.5


@dataclass(slots=True)
class Pace:
    """How fast this process trains, validation included."""

    worked_s: float = 0.0
    steps: int = 0

    def eta_s(self, steps_left: int) -> float | None:
        """Return the seconds that so many steps will take; None before the first."""
        return steps_left * self.worked_s / self.steps if self.steps else None


@dataclass(slots=True, kw_only=True)
class Course:
    """A level in training, its place among the job's steps, and the time that its reports have used up."""

    fit: Fit
    level: int
    steps_before: int
    """Steps of the job's earlier levels, reused ones included."""
    epochs_before: int
    steps_in_all: int
    steps_to_train_after: int
    """Steps of later levels that no one has trained yet: what the remaining time is reckoned from."""
    pace: Pace
    clock: Clock = CLOCK
    silent_s: float = 0.0
    """Since the last event."""
    training_s: float = 0.0
    """Spent in optimiser steps since the last StepReported."""

    def events(self, began: float) -> list[AnyEvent]:
        """Return what is to be told after a unit of work that began at `began`, by the clock."""
        fit = self.fit
        self._count(self.clock() - began)
        told: list[AnyEvent] = []
        epoch_over = fit.answered == len(fit.validation)
        due = self.silent_s >= _REPORT_EVERY_S
        if (due and not fit.answered) or fit.finished:
            told += self._step_report()
        if epoch_over:
            told.append(self._epoch())
        if due or epoch_over:
            told.append(self.advanced())
            self.silent_s = 0.0
        return told

    def advanced(self) -> Advanced:
        """Return how far the job has come, and how long it will still take at the pace so far."""
        left = self.fit.last - self.fit.step + self.steps_to_train_after
        return Advanced(progress=min(1.0, self._steps / self.steps_in_all), eta_s=self.pace.eta_s(left))

    def _count(self, elapsed_s: float) -> None:
        self.silent_s += elapsed_s
        self.pace.worked_s += elapsed_s
        if not self.fit.answered:
            self.training_s += elapsed_s
            self.pace.steps += 1

    def _step_report(self) -> list[AnyEvent]:
        fit, began = self.fit, self.clock()
        loss, right, images = fit.totals.tolist()  # waits for the device
        self.training_s += self.clock() - began
        if not images:
            return []
        report = StepReported(
            step=self._steps,
            epoch=self._epochs,
            level=self.level,
            loss=loss / images,
            accuracy=right / images,
            learning_rate=fit.rate,
            sparsity=fit.learner.sparsity,
            images_per_s=images / max(self.training_s, 1e-9),
        )
        fit.totals.zero_()
        self.training_s = 0.0
        return [report]

    def _epoch(self) -> EpochFinished:
        loss, right = self.fit.answers.tolist()
        return EpochFinished(
            step=self._steps,
            epoch=self._epochs,
            level=self.level,
            validation_loss=loss / len(self.fit.validation),
            validation_accuracy=right / len(self.fit.validation),
        )

    @property
    def _steps(self) -> int:
        return self.steps_before + self.fit.step - self.fit.first

    @property
    def _epochs(self) -> float:
        return self.epochs_before + (self.fit.step - self.fit.first) / self.fit.batches.per_epoch
