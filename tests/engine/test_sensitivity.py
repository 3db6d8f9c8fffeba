"""Sensitivity maps against a plain evaluation of every cell, and the job's resuming."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from card_studio.domain.fourier import fourier_basis
from card_studio.domain.ids import CardId
from card_studio.domain.job import MapCards, MapOptions
from card_studio.domain.run import Advanced, AnyEvent, CheckpointSaved, MapMeasured
from card_studio.engine import sensitivity
from card_studio.engine.card_file import card_net, load_card
from card_studio.engine.context import Command, Context
from card_studio.engine.data.datasets import Dataset
from card_studio.engine.sensitivity import Measurement, map_cards, sensitivity_map
from card_studio.files import content_path, read_array

MakeCardFile = Callable[..., CardId]


class Recorder(nn.Module):
    """Keeps what it is shown, and answers class 0."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [N, 2]."""
        self.seen.append(images.clone())
        return torch.tensor([1.0, 0.0]).expand(len(images), 2)


class BandPass(nn.Module):
    """Says 1 as soon as an image holds one given frequency with an amplitude over 1, else 0."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__()
        self.frequency = row, column

    def forward(self, images: Tensor) -> Tensor:
        """Return logits [N, 2]."""
        found = torch.fft.fft2(images.float(), norm="ortho").abs()[:, :, self.frequency[0], self.frequency[1]]
        return nn.functional.one_hot((found > 1).any(dim=1).long(), 2).float()


@pytest.mark.parametrize("size", [8, 9])
def test_each_distinct_image_is_shown_once_with_the_stated_noise(size: int) -> None:
    images = torch.randint(0, 256, (5, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    net = Recorder()
    sensitivity_map(net, images, torch.zeros(5, dtype=torch.int64), norm=4, batch=10)
    noise = torch.cat(net.seen).view(-1, 5, 3, size, size) - images / 255
    distinct = size**2 // 2 + 2 if size % 2 == 0 else (size**2 + 1) // 2
    assert len(noise) == distinct
    assert noise.flatten(3).norm(dim=3).numpy() == pytest.approx(4, abs=1e-3)
    basis = torch.from_numpy(np.unique(fourier_basis(size).reshape(size**2, -1), axis=0))
    signs = noise.flatten(3) @ basis.T / 4  # [distinct, images, channels, basis]: +-1 for the own one, else 0
    assert signs.abs().amax(dim=3).numpy() == pytest.approx(1, abs=1e-3)
    own = signs.abs().argmax(dim=3, keepdim=True)
    assert set(signs.gather(3, own).round().int().unique().tolist()) == {-1, 1}
    assert (own == own[:, :1, :1]).all()
    assert sorted(own[:, 0, 0, 0].tolist()) == list(range(len(basis)))


def test_signs_are_independent_over_images_and_channels() -> None:
    net = Recorder()
    images = torch.zeros((64, 3, 8, 8), dtype=torch.uint8)
    sensitivity_map(net, images, torch.zeros(64, dtype=torch.int64), norm=1)
    signs = torch.cat(net.seen).view(34, 64, 3, 64).select(3, 0).sign()
    for cell in signs:
        red, green, blue = cell.T
        assert abs(float((red * green).mean())) < 0.6
        assert abs(float((green * blue).mean())) < 0.6
        assert len(cell.unique()) == 2


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize(("row", "column"), [(1, 2), (0, 0), (0, 3)])
def test_a_network_blind_but_to_one_frequency_errs_there_and_at_its_mirror(size: int, row: int, column: int) -> None:
    images = torch.full((4, 3, size, size), 0, dtype=torch.uint8)
    errors = sensitivity_map(BandPass(row, column), images, torch.zeros(4, dtype=torch.int64), norm=2)
    expected = np.zeros((size, size), np.float32)
    for sign in (1, -1):
        expected[(sign * row + size // 2) % size, (sign * column + size // 2) % size] = 1
    assert errors.dtype == np.float32
    assert errors.tolist() == expected.tolist()


def test_a_map_does_not_depend_on_batches(small_dataset: Dataset, small_card: MakeCardFile, context: Context) -> None:
    net = card_net(load_card(context.cards / f"{small_card()}.card"))
    images, labels = small_dataset.test.images, small_dataset.test.labels
    whole = sensitivity_map(net, images, labels, norm=1)
    assert 0 < whole.mean() < 1
    for batch in (7, 30, 64):
        assert sensitivity_map(net, images, labels, norm=1, batch=batch).tolist() == whole.tolist()
    assert sensitivity_map(net, images, labels, norm=1, seed=1).tolist() != whole.tolist()


def test_clamping_keeps_images_between_black_and_white() -> None:
    images = torch.full((2, 3, 8, 8), 250, dtype=torch.uint8)
    for clamp in (True, False):
        net = Recorder()
        sensitivity_map(net, images, torch.zeros(2, dtype=torch.int64), norm=4, clamp=clamp)
        seen = torch.cat(net.seen)
        assert bool((seen.amax() <= 1) & (seen.amin() >= 0)) is clamp


def test_bfloat16_gives_nearly_the_same_map(small_dataset: Dataset, small_card: MakeCardFile, context: Context) -> None:
    net = card_net(load_card(context.cards / f"{small_card()}.card"))
    images, labels = small_dataset.test.images, small_dataset.test.labels
    exact = sensitivity_map(net, images, labels, norm=1)
    rough = sensitivity_map(net, images, labels, norm=1, precision="bfloat16")
    assert np.abs(exact - rough).mean() < 0.02


def test_the_job_stores_the_map_and_its_clean_error(
    small_dataset: Dataset, small_card: MakeCardFile, context: Context
) -> None:
    card = small_card()
    events = list(map_cards(MapCards(cards=(card,), options=MapOptions(images=20, norm=1)), context))
    result = events[-1]
    assert isinstance(result, MapMeasured)
    net = card_net(load_card(context.cards / f"{card}.card"))
    images, labels = small_dataset.test.images[:20], small_dataset.test.labels[:20]
    stored = read_array(content_path(context.artifacts, result.errors))
    assert stored.tolist() == sensitivity_map(net, images, labels, norm=1).tolist()
    assert result.mean_error == pytest.approx(stored.mean())
    assert result.images == 20
    with torch.no_grad():
        assert result.clean_error == pytest.approx(float((net(images / 255).argmax(1) != labels).float().mean()))
    shown = [event.progress for event in events if isinstance(event, Advanced)]
    assert shown[-1] == 1


def test_an_interrupted_job_goes_on_from_what_was_measured(
    small_card: MakeCardFile, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = MapCards(cards=(small_card(0), small_card(1)), options=MapOptions(images=30, norm=1))
    whole = [event for event in map_cards(spec, context) if isinstance(event, MapMeasured)]
    for file in context.cache.rglob("maps/*.npy"):
        file.unlink()
    monkeypatch.setattr(sensitivity, "_KEEP_EVERY_S", 0.0)
    monkeypatch.setattr("card_studio.engine.resume.Pace.step", _always)
    before: list[AnyEvent] = []
    task = map_cards(spec, context)
    while sum(isinstance(event, Advanced) for event in before) < 5:
        before.append(next(task))
    assert isinstance(task.send(Command.SAVE), CheckpointSaved)
    task.close()
    measured: list[int] = []
    advance = Measurement.advance
    monkeypatch.setattr(Measurement, "advance", lambda self: measured.append(1) or advance(self))
    after = list(map_cards(spec, context))
    assert [event for event in before + after if isinstance(event, MapMeasured)] == whole
    distinct, group = 12**2 // 2 + 2, 64 // 30
    assert len(measured) < 2 * -(-distinct // group)


def _always(self: object, units: float, *, reused: bool = False) -> list[Advanced]:
    return [Advanced(progress=0.5)]
