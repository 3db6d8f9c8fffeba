"""The random numbers, and the noises: their tables against their definitions, their moments at every severity."""

import numpy as np
import pytest
import torch
from scipy import stats

from card_studio.domain.names import SEVERITIES
from card_studio.engine.data import corruptions_noise as noise
from card_studio.engine.data.corrupt import corrupt
from card_studio.engine.data.randomness import image_seeds, integers, normals, uniforms, words
from tests.engine.data.natural import as_batch, natural_pictures
from tests.engine.data.per_image_corruptions import PER_IMAGE

NOISES = ("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise")


def _seeds(count: int = 400) -> torch.Tensor:
    return image_seeds(count, torch.Generator().manual_seed(7))


def test_words_are_uniform_in_every_byte() -> None:
    drawn = words(_seeds(), 2_000).view(torch.uint8).view(-1, 4).numpy()
    for byte in range(4):
        assert stats.chisquare(np.bincount(drawn[:, byte], minlength=256)).pvalue > 1e-4


def test_words_of_neighbours_are_independent() -> None:
    consecutive = torch.arange(400)
    drawn = words(consecutive, 500).double()
    other = words(consecutive, 500, stream=1).double()
    for a, b in ((drawn[1:], drawn[:-1]), (drawn[:, 1:], drawn[:, :-1]), (drawn, other)):
        assert abs(np.corrcoef(a.flatten(), b.flatten())[0, 1]) < 4 / a.numel() ** 0.5
    assert len(drawn.unique()) > 0.9999 * drawn.numel()


def test_words_do_not_depend_on_how_many_are_drawn() -> None:
    assert torch.equal(words(_seeds(), 100)[:, :33], words(_seeds(), 33))


def test_derived_distributions() -> None:
    assert (
        stats.kstest(uniforms(_seeds(), 500, low=-2, high=3).flatten().numpy(), stats.uniform(-2, 5).cdf).pvalue > 1e-3
    )
    assert stats.kstest(normals(_seeds(), 501).flatten().numpy(), stats.norm.cdf).pvalue > 1e-3
    assert stats.chisquare(np.bincount(integers(_seeds(), 500, 6).flatten().numpy())).pvalue > 1e-3


def test_seeds_on_a_gpu_generator_are_refused() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    with pytest.raises(ValueError, match="CPU generator"):
        image_seeds(3, torch.Generator("cuda"))


def test_alias_tables_stand_for_their_distributions() -> None:
    wanted = np.random.default_rng(0).dirichlet(np.full(256, 0.05), size=20)
    keep, alias = noise.alias_table(wanted)
    made = keep / 256
    for row in range(20):
        np.add.at(made[row], alias[row], (1 - keep[row]) / 256)
    assert made == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("photons", noise.SHOT_NOISE)
def test_shot_table_is_poissons(photons: int) -> None:
    table = noise.shot_probabilities(photons).numpy()
    counts = np.arange(4 * photons + 50)
    results = np.uint8(np.clip(counts / photons, 0, 1) * 255)
    for level in (0, 1, 60, 128, 255):
        expected = np.bincount(results, stats.poisson(level / 255 * photons).pmf(counts), minlength=256)
        assert table[level] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sigma", noise.GAUSSIAN_NOISE)
def test_gaussian_table_is_the_normal_distributions(sigma: float) -> None:
    table = noise.gaussian_probabilities(sigma).numpy()
    assert table.sum(axis=1) == pytest.approx(np.ones(256))
    normal = stats.norm(100, 255 * sigma)
    assert table[100, 1:255] == pytest.approx(np.diff(normal.cdf(np.arange(1, 256))), abs=1e-12)
    assert table[100, [0, 255]] == pytest.approx([normal.cdf(1), normal.sf(255)], abs=1e-12)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", NOISES)
def test_moments_are_those_of_one_at_a_time(name: str, severity: int) -> None:
    levels = np.array([0, 5, 40, 128, 200, 255], dtype=np.uint8)
    strips = np.broadcast_to(levels[:, None, None, None], (6, 96, 96, 3))
    ours = corrupt(as_batch(strips.copy()), name, severity, torch.Generator().manual_seed(severity)).flatten(1).double()
    theirs = PER_IMAGE[name](strips, severity, np.random.default_rng(severity)).reshape(6, -1).astype(float)
    draws = ours.shape[1]
    spread = theirs.std(axis=1) + 1e-9
    assert (np.abs(ours.mean(dim=1).numpy() - theirs.mean(axis=1)) <= 5 * spread * (2 / draws) ** 0.5).all()
    rare = 0.12 if name == "impulse_noise" else 0.03  # a hundredth of the values carry all of an impulse's variance
    assert ours.std(dim=1, correction=0).numpy() == pytest.approx(theirs.std(axis=1), rel=rare, abs=0.02)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_impulses_hit_their_share_of_the_values(severity: int) -> None:
    images = torch.full((100, 3, 32, 32), 77, dtype=torch.uint8)
    result = corrupt(images, "impulse_noise", severity, torch.Generator())
    half = noise.IMPULSE_NOISE[severity - 1] / 2
    shares = [(result == level).double().mean().item() for level in (0, 255)]
    assert shares == pytest.approx([half, half], abs=5 * (half / result.numel()) ** 0.5)
    both = ((result[:, 0] != 77) & (result[:, 1] != 77)).double().mean().item()
    assert both == pytest.approx(4 * half**2, abs=0.001)


@pytest.mark.parametrize("name", NOISES)
def test_noise_is_white(name: str) -> None:
    images = as_batch(np.repeat(natural_pictures(1), 200, axis=0))
    left = corrupt(images, name, 4, torch.Generator()).double()
    left -= left.mean(dim=0)
    for shifted in (left.roll(1, 3), left.roll(1, 2), left.roll(1, 1), left.roll(1, 0)):
        assert abs(np.corrcoef(left.flatten(), shifted.flatten())[0, 1]) < 5 / left.numel() ** 0.5
