"""The embedded dataset: reproducible, balanced, hard for a linear classifier, easy for a small network, 1/f."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from card_studio.domain.names import NetworkName
from card_studio.engine.data.outlines import OUTLINES
from card_studio.engine.data.shapes import BLOCK, CLASSES, render
from card_studio.engine.nets import NETS

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def scenes() -> tuple[Images, NDArray[np.int64]]:
    """Training images."""
    return render("train", 2_000, 0)


def spectral_slope(images: Images) -> float:
    """Fit log amplitude against log frequency, over rings of the mean amplitude spectrum of grey images."""
    grey = images.mean(axis=1) / 255
    amplitude = np.abs(np.fft.fft2(grey)).mean(axis=0)
    size = images.shape[-1]
    frequency = size * np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None, :])
    rings = np.arange(1, size // 2 + 1)
    means = [amplitude[np.abs(frequency - ring) <= 0.5].mean() for ring in rings]
    return float(np.polyfit(np.log(rings), np.log(means), 1)[0])


def test_the_slope_is_measured_right() -> None:
    """White noise is flat, and noise that was filtered by 1/f comes out at -1."""
    noise = np.random.default_rng(0).standard_normal((400, 1, 32, 32))
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None, :])
    filtered = np.fft.ifft2(np.fft.fft2(noise) / np.maximum(frequency, 1 / 32)).real
    assert spectral_slope(noise) == pytest.approx(0, abs=0.05)
    assert spectral_slope(filtered) == pytest.approx(-1, abs=0.05)


def test_the_spectrum_is_that_of_natural_images(scenes: tuple[Images, NDArray[np.int64]]) -> None:
    assert -1.3 <= spectral_slope(scenes[0][:600]) <= -0.8


def test_rendering_is_reproducible_and_independent_of_the_count() -> None:
    images, labels = render("train", 2 * BLOCK + 30, 0)
    fewer, fewer_labels = render("train", BLOCK + 7, 0)
    np.testing.assert_array_equal(images[: BLOCK + 7], fewer)
    np.testing.assert_array_equal(labels[: BLOCK + 7], fewer_labels)


def test_no_two_images_are_the_same(scenes: tuple[Images, NDArray[np.int64]]) -> None:
    others = [scenes[0], render("validation", 300, 0)[0], render("test", 300, 0)[0], render("train", 300, 1)[0]]
    everything = np.concatenate(others).reshape(2_900, -1)
    assert len(np.unique(everything, axis=0)) == len(everything)


def test_classes_are_balanced_and_mixed(scenes: tuple[Images, NDArray[np.int64]]) -> None:
    labels = scenes[1]
    for start in range(0, len(labels), BLOCK):
        np.testing.assert_array_equal(np.bincount(labels[start : start + BLOCK]), [BLOCK // 10] * 10)
    assert len(set(labels[:60].tolist())) == 10


def test_colour_says_nothing_of_the_class(scenes: tuple[Images, NDArray[np.int64]]) -> None:
    """Class means of the mean colour differ no more than chance lets them (one-way analysis of variance)."""
    colour = scenes[0].mean(axis=(2, 3))
    chroma = colour - colour.mean(axis=1, keepdims=True)
    groups = np.stack([chroma[scenes[1] == label] for label in range(10)])
    between = groups.shape[1] * groups.mean(axis=1).var(axis=0, ddof=1)
    within = groups.var(axis=1, ddof=1).mean(axis=0)
    assert (between / within < 3).all(), "F(9, 1990) exceeds 2.7 in one case of 250"


def test_a_linear_classifier_does_not_come_near(scenes: tuple[Images, NDArray[np.int64]]) -> None:
    train = torch.from_numpy(scenes[0]).flatten(1) / 255
    test_images, test_labels = render("test", 1_000, 0)
    test = torch.from_numpy(test_images).flatten(1) / 255
    labels = torch.from_numpy(scenes[1])
    weights = _fitted(train, labels)
    assert _accuracy(weights, train, labels) > 0.5, "the classifier learns what it can"
    assert _accuracy(weights, test, torch.from_numpy(test_labels)) < 0.4


def _fitted(inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Multinomial logistic regression with a small penalty."""
    inputs = functional.pad(inputs - 0.43, (0, 1), value=1.0)
    weights = torch.zeros(inputs.shape[1], 10, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=40, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(inputs @ weights, labels) + 1e-3 * weights.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return weights.detach()


def _accuracy(weights: torch.Tensor, inputs: torch.Tensor, labels: torch.Tensor) -> float:
    logits = functional.pad(inputs - 0.43, (0, 1), value=1.0) @ weights
    return (logits.argmax(dim=1) == labels).float().mean().item()


@pytest.mark.slow
def test_a_small_network_learns_it_in_three_epochs() -> None:
    """ResNet-8 passes 92 %; noise of severity 5 then costs it several points."""
    (images, labels), (test, test_labels) = render("train", 10_000, 0), render("test", 1_000, 0)
    torch.manual_seed(0)
    net = NETS[NetworkName.RESNET8](10, size=32, mean=(0.42,) * 3, std=(0.175,) * 3)
    net = net.to(memory_format=torch.channels_last)
    _train(net, torch.from_numpy(images), torch.from_numpy(labels), epochs=3)
    clean = torch.from_numpy(test) / 255
    noisy = (clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    accuracy = [_network_accuracy(net, inputs, torch.from_numpy(test_labels)) for inputs in (clean, noisy)]
    assert accuracy[0] > 0.92
    assert accuracy[1] < accuracy[0] - 0.02


def _train(net: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor, *, epochs: int) -> None:
    order = torch.Generator().manual_seed(0)
    optimiser = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)
    batches = [batch for _ in range(epochs) for batch in torch.randperm(len(labels), generator=order).split(64)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=len(batches), pct_start=0.2)
    for batch in batches:
        inputs = (images[batch] / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            loss = functional.cross_entropy(net(inputs), labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def _network_accuracy(net: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> float:
    net.eval()
    with torch.inference_mode():
        return (net(inputs).argmax(dim=1) == labels).float().mean().item()


def test_classes_are_named_in_order() -> None:
    assert tuple(sorted(OUTLINES)) == CLASSES
