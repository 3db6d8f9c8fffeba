"""How a card is made: levels are trained, or taken from those that are there; those asked for become cards.

open the images
for each level of the recipe's trajectory (dense, then one per pruning):
    if somebody has trained it: take it
    otherwise: start from the level before, pruned; train; keep it
    if a card of it is wanted: write the card, load it again, measure it
"""

import uuid
from collections.abc import Generator

import torch
from torch import Tensor

from card_studio.domain.job import MakeCard
from card_studio.domain.recipe import Recipe, fingerprint, sparsity_text
from card_studio.domain.run import Advanced, AnyEvent, DatasetOpened, LevelFinished, PhaseStarted
from card_studio.engine.batches import Batches, steps_per_epoch
from card_studio.engine.card_content import CardContent, SavedCard
from card_studio.engine.card_file import card_net, load_card, save_card
from card_studio.engine.checkpoint import FitPosition, Position, load_checkpoint, save_checkpoint
from card_studio.engine.context import Command, Context
from card_studio.engine.course import CLOCK, Clock, Course, Pace
from card_studio.engine.data.datasets import Dataset, opening_dataset
from card_studio.engine.fit import Fit
from card_studio.engine.journal import EventStream, Journal
from card_studio.engine.opening import OPENING, heard
from card_studio.engine.predict import each_batch, ready
from card_studio.engine.stages import Stage, Stages
from card_studio.engine.start import fresh_learner, start_level
from card_studio.engine.train import train
from card_studio.engine.trajectory import Level, trajectory
from card_studio.engine.written_card import card_content, card_made, card_name, rounding_told
from card_studio.errors import DataError

Written = tuple[float, SavedCard, list[AnyEvent]]
"""A card's validation accuracy, its file, and what is to be told of it before it is told itself."""


def make_card(spec: MakeCard, context: Context, *, clock: Clock = CLOCK) -> EventStream:
    """Make the cards of a recipe, yielding what happens; from the checkpoint, where there is one.

    Resuming is bit-identical, and tells exactly the events after the one at which the checkpoint was asked for. The
    same recipe, images, thread count and package versions give the same card.

    Args:
        spec: the recipe.
        context: device, folders, checkpoint.
        clock: measures the time between reports.

    Raises:
        UserError: the images are missing, damaged or not those of the checkpoint; or the disk is full.
    """
    resumed = context.checkpoint.exists()
    if not resumed:
        yield PhaseStarted(text=OPENING)
    opening = opening_dataset(spec.recipe.data, cache=context.cache, data_folder=context.data_folder)
    dataset = yield from heard(opening, resumed=resumed)
    yield from Making(spec.recipe, dataset, context, clock).events()


class Making:
    """A recipe on its way to its cards."""

    def __init__(self, recipe: Recipe, dataset: Dataset, context: Context, clock: Clock = CLOCK) -> None:
        """Plan the levels, and take up the checkpoint if there is one."""
        self.recipe = recipe
        self.dataset = dataset
        self.context = context
        self.clock = clock
        self.levels = trajectory(recipe)
        self.stages = Stages(context.stages, recipe, dataset.digest)
        self.per_epoch = steps_per_epoch(len(dataset.train), recipe.training.batch_size)
        self.place = 0
        self.maker = uuid.uuid4().hex  # marks the levels that this job trains; no result depends on it
        self.pace = Pace()
        self.course: Course | None = None
        self.journal = Journal(self._save)
        torch.backends.cudnn.deterministic = True  # resuming on a GPU is bit-identical too
        if context.checkpoint.exists():
            self._resume()
        else:
            self.journal.note(self._opened())

    def events(self) -> EventStream:
        """Yield what happens until the last card is made."""
        yield from self.journal.told()
        while self.place < len(self.levels):
            level = self.levels[self.place]
            if (missing := self._missing(level)) is not None:
                self.place = missing
            elif (stage := self._trained_by_others(level)) is not None:
                yield from self._finish(level, stage, reused=True)
            else:
                yield from self._train(level)

    def _trained_by_others(self, level: Level) -> Stage | None:
        """Return a level that another job has trained.

        One of this job's own is there only if the process died after its last checkpoint: it is trained again, so
        that its curves are in the log.
        """
        stage = None if self.course else self.stages.load(level)
        return None if stage is None or stage.maker == self.maker else stage

    def _missing(self, level: Level) -> int | None:
        """Return the place of a level that must be trained first, because its file is gone."""
        needed = () if self.course or self.stages.has(level) else (level.early, level.parent)
        return next((place for place in needed if place is not None and not self.stages.has(self.levels[place])), None)

    def _train(self, level: Level) -> EventStream:
        if self.course is None:
            self.course = self._course(level)
            parent, early = (
                None if at is None else self.stages.load(self.levels[at]) for at in (level.parent, level.early)
            )
            start_level(self.course.fit.learner, level, self.recipe, parent, early)
            self.journal.note(PhaseStarted(text=self._phase(level)))
            yield from self.journal.told()
        yield from train(self.course, self.journal)
        fit = self.course.fit
        state = {name: value.detach().cpu().contiguous() for name, value in fit.learner.finished().items()}
        stage = Stage(state=state, masks=fit.learner.masks(), accuracy=fit.accuracy, maker=self.maker)
        self.stages.save(level, stage)
        yield from self._finish(level, stage, reused=False)

    def _finish(self, level: Level, stage: Stage, *, reused: bool) -> EventStream:
        events: list[AnyEvent] = []
        if level.recipe is not None:
            content = card_content(level, level.recipe, self.dataset, stage.state)
            accuracy, saved, events = yield from self._written(content)
            name = card_name(level.recipe, self.recipe)
            events += [card_made(content, saved, recipe=level.recipe, name=name, validation_accuracy=accuracy)]
        done = LevelFinished(
            level=self._ordinal(self.place),
            levels=self._ordinal(len(self.levels) - 1),
            sparsity=level.sparsity,
            validation_accuracy=stage.accuracy,
            reused=reused,
        )
        self.place, self.course = self.place + 1, None
        self.journal.note(*([] if level.rewind_point else [done]), *events, self._advanced(self.place))
        yield from self.journal.told()

    def _written(self, content: CardContent) -> Generator[AnyEvent, Command | None, Written]:
        """Write a card, load it again, measure the accuracy of what was loaded, and what rounding has done to it."""
        saved = save_card(content, self.context.cards)
        accuracy = yield from self._accuracy(load_card(saved.path))
        if content.values == "float32":
            return accuracy, saved, []
        exact = yield from self._accuracy(content)
        return accuracy, saved, [rounding_told(content.values, exact, accuracy)]

    def _accuracy(self, content: CardContent) -> Generator[AnyEvent, Command | None, float]:
        """Return a card's accuracy on the validation images."""
        net = ready(card_net(content), self.context.device)
        validation = self.dataset.validation
        right = answered = 0
        for batch in each_batch(net, validation.images, device=self.context.device):
            truth = validation.labels[answered : answered + len(batch)]
            right += int((batch.argmax(1).cpu() == truth).sum())
            answered += len(batch)
            self.journal.note(self._advanced(self.place + 1))
            yield from self.journal.told()
        return right / answered

    def _course(self, level: Level) -> Course:
        """Return a level ready to train, with initial weights, and its place in the job."""
        device = self.context.device
        learner = fresh_learner(level, self.recipe, self.dataset, self.per_epoch, device)
        batches = Batches(
            self.dataset.train,
            augmentation=self.recipe.augmentation,
            training=level.training,
            seed=self.recipe.seed,
            level=level.number,
            device=device,
        )
        fit = Fit(
            learner, batches, self.dataset.validation, training=level.training, epochs=level.epochs, device=device
        )
        return Course(
            fit=fit,
            level=self._ordinal(self.place),
            steps_before=self._steps(self.place),
            epochs_before=sum(len(each.epochs) for each in self.levels[: self.place]),
            steps_in_all=self._steps(len(self.levels)),
            steps_to_train_after=self._steps_to_train(self.place + 1),
            pace=self.pace,
            clock=self.clock,
        )

    def _steps(self, place: int) -> int:
        return sum(each.steps(self.per_epoch) for each in self.levels[:place])

    def _steps_to_train(self, place: int) -> int:
        return sum(each.steps(self.per_epoch) for each in self.levels[place:] if not self.stages.has(each))

    def _advanced(self, place: int) -> Advanced:
        eta_s = self.pace.eta_s(self._steps_to_train(place))
        return Advanced(progress=self._steps(place) / self._steps(len(self.levels)), eta_s=eta_s)

    def _ordinal(self, place: int) -> int:
        """Return the number under which a level is told: 0, 1, 2, ..., each once; a rewind point is part of level 0."""
        return max(0, place - sum(each.rewind_point for each in self.levels))

    def _phase(self, level: Level) -> str:
        if level.rewind_point:
            return f"training to epoch {len(level.epochs)}, to which survivors go back"
        if not level.number:
            return "training the dense network"
        last = self._ordinal(len(self.levels) - 1)
        return f"level {self._ordinal(self.place)} of {last}: {sparsity_text(level.sparsity)} sparse"

    def _opened(self) -> DatasetOpened:
        data = self.dataset
        return DatasetOpened(
            label=data.label,
            digest=data.digest,
            classes=data.classes,
            train_images=len(data.train),
            validation_images=len(data.validation),
            test_images=len(data.test),
            fingerprint=fingerprint(self.recipe, data.digest),
        )

    def _save(self) -> None:
        tensors: dict[str, Tensor] = {}
        position = None
        if self.course is not None:
            fit = self.course.fit
            tensors = fit.state()
            position = FitPosition(
                step=fit.step,
                answered=fit.answered,
                silent_s=self.course.silent_s,
                training_s=self.course.training_s,
            )
        state = Position(
            fingerprint=fingerprint(self.recipe, self.dataset.digest),
            maker=self.maker,
            place=self.place,
            pending=tuple(self.journal.pending),
            fit=position,
        )
        save_checkpoint(self.context.checkpoint, state, tensors)

    def _resume(self) -> None:
        position, tensors = load_checkpoint(self.context.checkpoint)
        if position.fingerprint != fingerprint(self.recipe, self.dataset.digest):
            raise DataError(
                f"{self.dataset.label}: the images changed since this job was paused: duplicate the job to start anew"
            )
        self.place, self.maker = position.place, position.maker
        self.journal.note(*position.pending)
        if position.fit is not None:
            self.course = self._course(self.levels[self.place])
            self.course.fit.load(tensors, step=position.fit.step, answered=position.fit.answered)
            self.course.silent_s, self.course.training_s = position.fit.silent_s, position.fit.training_s
