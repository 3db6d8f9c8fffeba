"""Tests of the training loop: schedules, batches, masked steps against the textbook's, losses, reports."""

import copy
import math
from collections.abc import Iterator
from itertools import count, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

from card_studio.domain.options import (
    AugmixAugmentation,
    Biprop,
    CleanAugmentation,
    EdgePopup,
    GaussianAugmentation,
    Gradual,
    TrainingOptions,
)
from card_studio.domain.run import Advanced, AnyEvent, EpochFinished, StepReported
from card_studio.engine import batches as batches_module
from card_studio.engine.batches import Batches, steps_per_epoch
from card_studio.engine.compress.edge_popup import ScoredNet
from card_studio.engine.compress.magnitude import gradual_sparsity, magnitude_masks
from card_studio.engine.course import Course, Pace
from card_studio.engine.data.datasets import Split
from card_studio.engine.fit import Fit
from card_studio.engine.journal import Journal
from card_studio.engine.learner import GraduallyMasked, Learner, Masked, Scored
from card_studio.engine.nets import NETS, initialise, prunable
from card_studio.engine.schedule import learning_rate
from card_studio.engine.seeds import seeded
from card_studio.engine.train import consistency_loss, train

CPU = torch.device("cpu")
PLAIN = TrainingOptions(epochs=3, batch_size=16, learning_rate=0.05, flip_crop=False)


def colours(images: int, size: int = 8) -> Split:
    """Return noisy images of three colours."""
    labels = torch.arange(images) % 3
    base = torch.randint(0, 120, (images, 3, size, size), generator=seeded(0, "colours", images))
    return Split(images=(base + 130 * torch.eye(3).long()[labels][:, :, None, None]).to(torch.uint8), labels=labels)


def small_net(affine: bool = True) -> nn.Module:
    """Return a small network with batch norm, initialised."""
    net = NETS["resnet8"](3, size=8, width=0.25, affine=affine)
    initialise(net, "kaiming_normal", seeded(0, "initial weights"))
    return net.to(memory_format=torch.channels_last)


def fit_of(learner: Learner, training: TrainingOptions = PLAIN, images: int = 50) -> Fit:
    """Return a level of training on colours."""
    batches = Batches(colours(images), augmentation=CleanAugmentation(), training=training, seed=3, level=0, device=CPU)
    return Fit(learner, batches, colours(20), training=training, epochs=range(training.epochs), device=CPU)


def ticking(seconds: float) -> Iterator[float]:
    """Return a clock that moves on by so many seconds each time it is read."""
    return (seconds * tick for tick in count())


def trained(fit: Fit, tick_s: float = 0.2) -> list[AnyEvent]:
    """Train to the end, under a clock of our own, and return what was told."""
    clock = ticking(tick_s)
    course = Course(
        fit=fit,
        level=0,
        steps_before=0,
        epochs_before=0,
        steps_in_all=fit.last,
        steps_to_train_after=0,
        pace=Pace(),
        clock=lambda: next(clock),
    )
    return list(train(course, Journal(lambda: None)))


class TestLearningRate:
    def test_cosine_falls_at_every_step_from_the_peak_towards_zero(self) -> None:
        training = TrainingOptions(epochs=4, learning_rate=0.2)
        rates = [learning_rate(training, step, 5) for step in range(20)]
        assert rates[0] == pytest.approx(0.2)
        assert rates[10] == pytest.approx(0.1)
        assert rates[19] == pytest.approx(0.1 * (1 + math.cos(math.pi * 0.95)))
        assert all(later < earlier for earlier, later in pairwise(rates))

    def test_the_stepped_schedule_is_open_lths(self) -> None:
        training = TrainingOptions(epochs=160, schedule="step", milestones=(0.5, 0.75), decay=0.1)
        rates = {epoch: learning_rate(training, epoch * 10, 10) for epoch in (0, 79, 80, 119, 120, 159)}
        assert rates == pytest.approx({0: 0.1, 79: 0.1, 80: 0.01, 119: 0.01, 120: 0.001, 159: 0.001})

    def test_warm_up_rises_linearly_to_the_peak(self) -> None:
        training = TrainingOptions(epochs=4, schedule="constant", warmup_epochs=2, learning_rate=0.8)
        rates = [learning_rate(training, step, 2) for step in range(8)]
        assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8])


class TestBatches:
    def batches(self, images: int = 50, **changes: object) -> Batches:
        options = {"augmentation": CleanAugmentation(), "training": PLAIN, "seed": 3, "level": 0, "device": CPU}
        return Batches(colours(images), **(options | changes))

    @given(images=st.integers(2, 60), size=st.integers(2, 20))
    def test_an_epoch_shows_every_image_once(self, images: int, size: int) -> None:
        split = Split(images=torch.zeros(images, 3, 4, 4, dtype=torch.uint8), labels=torch.arange(images))
        training = PLAIN.model_copy(update={"batch_size": size})
        batches = Batches(split, augmentation=CleanAugmentation(), training=training, seed=0, level=0, device=CPU)
        shown = torch.cat([batches(step)[1] for step in range(batches.per_epoch)]).tolist()
        left_out = 1 if images % size == 1 and images > 1 else 0
        assert len(set(shown)) == len(shown) == images - left_out

    def test_a_last_batch_of_one_image_is_left_out(self) -> None:
        assert [steps_per_epoch(images, 16) for images in (1, 16, 17, 18, 32)] == [1, 1, 1, 2, 2]

    def test_images_keep_their_labels_and_lie_between_0_and_1(self) -> None:
        images, labels = self.batches()(0)
        assert torch.equal(images.mean((2, 3)).argmax(1), labels)
        assert images.dtype == torch.float32
        assert torch.equal(images, images.clamp(0, 1))
        assert images.is_contiguous(memory_format=torch.channels_last)

    def test_the_order_depends_on_seed_level_and_epoch(self) -> None:
        def order(batches: Batches, first: int = 0) -> list[int]:
            return torch.cat([batches(first + step)[1] for step in range(4)]).tolist()

        one = order(self.batches())
        assert one == order(self.batches())
        assert len({tuple(one), tuple(order(self.batches(seed=4))), tuple(order(self.batches(level=1)))}) == 3
        assert order(self.batches(), 4) != one

    def test_augmentation_is_drawn_anew_at_each_step_and_alike_in_each_run(self) -> None:
        noisy = {"augmentation": GaussianAugmentation(probability=1), "training": PLAIN}
        first, again = self.batches(**noisy)(0)[0], self.batches(**noisy)(0)[0]
        assert torch.equal(first, again)
        noise = [self.batches(**noisy)(step)[0] - self.batches()(step)[0] for step in (0, 1)]
        assert not torch.equal(noise[0], noise[1])
        assert noise[0].std().item() == pytest.approx(0.1, abs=0.03)

    def test_the_consistency_loss_gets_three_views_the_clean_one_first(self) -> None:
        batches = self.batches(augmentation=AugmixAugmentation(jsd=True))
        images, labels = batches(0)
        views = images.chunk(3)
        assert len(images) == 3 * len(labels)
        assert torch.equal(views[0], self.batches()(0)[0])
        assert not torch.equal(views[1], views[2])

    @pytest.mark.parametrize("jsd", [False, True])
    @pytest.mark.parametrize("resumed", [0, 1, 3, 6, 7, 9])
    def test_batches_made_ahead_are_those_of_their_step_wherever_training_is_resumed(
        self, jsd: bool, resumed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Seven steps an epoch, in groups of four, or of two with three views; the last batch is smaller."""
        training = PLAIN.model_copy(update={"batch_size": 8})
        options: dict[str, object] = {"augmentation": AugmixAugmentation(jsd=jsd), "training": training}
        monkeypatch.setattr(batches_module, "images_at_once", lambda images: 32)
        ahead = self.batches(**options)
        found = [ahead(step) for step in range(resumed, 14)]
        monkeypatch.setattr(batches_module, "images_at_once", lambda images: 1)
        for step, (images, labels) in zip(range(resumed, 14), found, strict=True):
            alone = self.batches(**options)(step)
            assert torch.equal(images, alone[0])
            assert torch.equal(labels, alone[1])
            assert images.is_contiguous(memory_format=torch.channels_last)

    def test_few_batches_are_kept_and_none_beyond_the_epoch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches_module, "images_at_once", lambda images: 40)
        batches = self.batches(augmentation=AugmixAugmentation(), training=PLAIN.model_copy(update={"batch_size": 8}))
        kept = []
        for step in range(7):
            batches(step)
            kept.append(len(batches._ready))
        assert kept == [4, 3, 2, 1, 0, 1, 0]


class TestMaskedTraining:
    @pytest.mark.parametrize("nesterov", [False, True])
    def test_gives_the_numbers_of_multiplying_the_mask_in_at_each_forward(self, nesterov: bool) -> None:
        training = PLAIN.model_copy(update={"nesterov": nesterov, "weight_decay": 0.01})
        net = small_net()
        textbook = copy.deepcopy(net)
        masks = magnitude_masks(prunable(net), 0.7)
        fit = fit_of(Masked(net, masks), training)
        trained(fit)
        self._train_with_masks_in_the_forward(textbook, masks, fit)
        for name, value in textbook.state_dict().items():
            expected = value * masks[name] if name in masks else value
            torch.testing.assert_close(net.state_dict()[name], expected, rtol=1e-4, atol=1e-5)

    @staticmethod
    def _train_with_masks_in_the_forward(net: nn.Module, masks: dict[str, torch.Tensor], fit: Fit) -> None:
        options = fit.training
        optimizer = torch.optim.SGD(
            net.parameters(), momentum=0.9, nesterov=options.nesterov, weight_decay=options.weight_decay
        )
        net.train()
        for step in range(fit.last):
            images, labels = fit.batches(step)
            weights = {name: weight * masks[name] for name, weight in prunable(net).items()}
            loss = cross_entropy(torch.func.functional_call(net, weights, (images,)), labels)
            optimizer.param_groups[0]["lr"] = learning_rate(options, step, fit.batches.per_epoch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def test_masked_weights_stay_exactly_zero(self) -> None:
        net = small_net()
        masks = magnitude_masks(prunable(net), 0.7)
        trained(fit_of(Masked(net, masks)))
        for name, weight in prunable(net).items():
            gone = weight.detach()[~masks[name]]
            assert torch.equal(gone, torch.zeros_like(gone))
            assert not gone.signbit().any()

    def test_a_dense_network_learns_the_colours(self) -> None:
        fit = fit_of(Masked(small_net()), PLAIN.model_copy(update={"epochs": 8}), images=200)
        trained(fit)
        assert fit.accuracy >= 0.95

    def test_bfloat16_learns_too_and_keeps_float32_weights(self) -> None:
        net = small_net()
        training = PLAIN.model_copy(update={"epochs": 8, "precision": "bfloat16"})
        fit = fit_of(Masked(net), training, images=200)
        trained(fit)
        assert fit.accuracy >= 0.9
        assert {weight.dtype for weight in net.parameters()} == {torch.float32}


class TestGradualPruning:
    def test_sparsity_follows_the_closed_form_and_nothing_comes_back(self) -> None:
        training = PLAIN.model_copy(update={"epochs": 5})
        net = small_net()
        learner = GraduallyMasked(net, Gradual(sparsity=0.9, start=0.1, end=0.8, prune_every=3), 20)
        fit = fit_of(learner, training)
        assert fit.last == 20
        seen: list[float] = []
        gone = {name: torch.zeros_like(weight, dtype=torch.bool) for name, weight in prunable(net).items()}
        course = Course(
            fit=fit, level=0, steps_before=0, epochs_before=0, steps_in_all=20, steps_to_train_after=0, pace=Pace()
        )
        course.clock = (clock := ticking(1)).__next__
        assert next(clock) == 0
        for event in train(course, Journal(lambda: None)):
            if isinstance(event, StepReported):
                seen.append(event.sparsity)
                for name, weight in prunable(net).items():
                    assert not weight.detach()[gone[name]].any()
                    gone[name] = weight.detach() == 0
        total = sum(weight.numel() for weight in prunable(net).values())
        expected = [gradual_sparsity(step, final=0.9, begin=2, prunings=4, every=3) for step in range(1, 21)]
        assert seen == pytest.approx(expected, abs=1 / total)
        assert seen[0] == 0
        assert seen[-1] == pytest.approx(0.9, abs=0.5 / total)


class TestScores:
    @pytest.mark.parametrize("options", [EdgePopup(sparsity=0.6), Biprop(sparsity=0.6, scope="global")])
    def test_only_scores_change(self, options: EdgePopup | Biprop) -> None:
        net = small_net(affine=False)
        before = copy.deepcopy(net.state_dict())
        scored = ScoredNet(net, options, seeded(0, "scores"))
        scores = [score.detach().clone() for score in scored.scores]
        trained(fit_of(Scored(scored, 4)))
        assert all(torch.equal(weight, before[name]) for name, weight in prunable(net).items())
        assert not any(torch.equal(*pair) for pair in zip(scores, scored.scores, strict=True))

    def test_the_density_falls_over_the_first_epochs(self) -> None:
        options = EdgePopup(sparsity=0.9, scope="global", schedule_epochs=2)
        learner = Scored(ScoredNet(small_net(affine=False), options, seeded(0, "scores")), 4)
        told = [event for event in trained(fit_of(learner), tick_s=1) if isinstance(event, StepReported)]
        by_epoch = [told[0].sparsity, told[4].sparsity, told[8].sparsity]
        assert by_epoch == pytest.approx([0.5, 0.9 + (0.5 - 0.9) * 0.5**3, 0.9])


class TestConsistencyLoss:
    def test_is_that_of_the_augmix_paper(self) -> None:
        logits = torch.randn(12, 5, generator=seeded(0, "logits"))
        labels = torch.tensor([0, 1, 2, 3])
        clean, one, two = (softmax(view, 1) for view in logits.chunk(3))
        mixture = ((clean + one + two) / 3).clamp(1e-7, 1).log()
        divergence = sum(kl_div(mixture, view, reduction="batchmean") for view in (clean, one, two)) / 3
        expected = -log_softmax(logits[:4], 1)[range(4), labels].mean() + 12 * divergence
        torch.testing.assert_close(consistency_loss(logits, labels), expected)

    def test_is_plain_cross_entropy_where_views_agree(self) -> None:
        logits = torch.randn(4, 5, generator=seeded(1, "logits"))
        labels = torch.tensor([0, 1, 2, 3])
        assert consistency_loss(logits.repeat(3, 1), labels).item() == pytest.approx(
            cross_entropy(logits, labels).item(), abs=1e-5
        )


class TestReports:
    def test_come_about_twice_a_second_and_average_over_the_steps_between(self) -> None:
        told = trained(fit_of(Masked(small_net())), tick_s=1)  # every step lasts longer than the interval
        steps = [event for event in told if isinstance(event, StepReported)]
        assert [event.step for event in steps] == list(range(1, 13))
        fewer = [
            event for event in trained(fit_of(Masked(small_net())), tick_s=0.15) if isinstance(event, StepReported)
        ]
        assert [event.step for event in fewer] == [4, 8, 12]
        sizes = [16, 16, 16, 2]
        expected = sum(event.loss * size for event, size in zip(steps[:4], sizes, strict=True)) / 50
        assert fewer[0].loss == pytest.approx(expected, rel=1e-5)
        assert fewer[0].learning_rate == steps[3].learning_rate

    def test_images_per_second_counts_training_time_only(self) -> None:
        told = trained(fit_of(Masked(small_net())), tick_s=1)
        first = next(event for event in told if isinstance(event, StepReported))
        assert first.images_per_s == pytest.approx(16 / 2)  # one second for the step, one for reading the loss

    def test_each_epoch_ends_with_the_validation_accuracy(self) -> None:
        net = small_net()
        told = trained(fit_of(Masked(net)))
        epochs = [event for event in told if isinstance(event, EpochFinished)]
        assert [event.epoch for event in epochs] == [1, 2, 3]
        split = colours(20)
        with torch.no_grad():
            logits = net.eval()(split.images / 255)
        right = (logits.argmax(1) == split.labels).float().mean().item()
        assert epochs[-1].validation_accuracy == pytest.approx(right)
        assert epochs[-1].validation_loss == pytest.approx(cross_entropy(logits, split.labels).item(), rel=1e-4)

    def test_progress_rises_to_one_and_the_remaining_time_falls_to_zero(self) -> None:
        told = [event for event in trained(fit_of(Masked(small_net())), tick_s=1) if isinstance(event, Advanced)]
        shares = [event.progress for event in told]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert told[-1].eta_s == 0
        assert told[0].eta_s == pytest.approx(11)
