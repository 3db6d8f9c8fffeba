"""AugMix's operations and mixtures against Pillow's, its draws against their definitions."""

import numpy as np
import pytest
import torch
from PIL import Image

from card_studio.domain.options import AugmixAugmentation
from card_studio.engine.data import augmix as module
from card_studio.engine.data.augmix import Draw, augmix, augmix_together, draw, mixed
from card_studio.engine.data.augmix_ops import GEOMETRIC, POINTWISE, Op
from tests.engine.data.fidelity import op_difference
from tests.engine.data.natural import as_batch, as_pictures, natural_pictures
from tests.engine.data.per_image_augmix import augmix_one, operated


def _seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _pictures() -> np.ndarray:
    flat = np.full((1, 32, 32, 3), 77, dtype=np.uint8)
    two_levels = np.where(np.arange(32)[None, :, None, None] < 9, 20, 201).astype(np.uint8) * np.ones_like(flat)
    return np.concatenate([natural_pictures(60), flat, 0 * flat, 0 * flat + 255, two_levels])


@pytest.mark.parametrize("severity", [3.0, 10.0])
@pytest.mark.parametrize("op", list(Op))
def test_each_operation_is_pillows_within_one_grey_level(op: Op, severity: float) -> None:
    difference = op_difference(op, severity, _pictures())
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_operations_of_many_kinds_in_one_batch_each_reach_their_own_image() -> None:
    images = as_batch(_pictures())
    count = len(images)
    ops = torch.randint(len(Op), (count, 1, 2), generator=_seeded())
    levels, signs = torch.full((count, 1, 2), 2.5), torch.tensor([1.0, -1.0]).expand(count, 1, 2)
    depths, ones = 1 + torch.arange(count)[:, None] % 2, torch.ones(count)
    drawn = Draw(depths=depths, ops=ops, levels=levels, signs=signs, weights=ones[:, None], share=ones)
    together = mixed(images.float() / 255, drawn).mul(255).round().to(torch.uint8)
    for index in range(count):
        alone = images[index : index + 1]
        for step in range(int(depths[index])):
            op = Op(int(ops[index, 0, step]))
            level = levels[index, :, step]
            alone = (
                GEOMETRIC[op](alone, level * signs[index, :, step]) if op in GEOMETRIC else POINTWISE[op](alone, level)
            )
        assert torch.equal(together[index], alone[0])


def test_draws_follow_their_definitions() -> None:
    drawn = draw(20_000, _seeded(), AugmixAugmentation())
    assert torch.bincount(drawn.depths.flatten()).tolist()[1:] == pytest.approx([20_000] * 3, rel=0.03)
    assert torch.bincount(drawn.ops.flatten()).tolist() == pytest.approx([20_000] * 9, rel=0.03)
    assert drawn.weights.sum(dim=1).allclose(torch.ones(20_000))
    assert drawn.weights.mean(dim=0).tolist() == pytest.approx([1 / 3] * 3, abs=0.01)
    assert drawn.weights.var(dim=0).tolist() == pytest.approx([1 / 18] * 3, rel=0.05)
    assert (drawn.share.mean().item(), drawn.share.var().item()) == pytest.approx((1 / 2, 1 / 12), rel=0.03)
    assert 0.1 <= drawn.levels.min() < 0.101
    assert 2.999 < drawn.levels.max() <= 3
    assert drawn.levels.var().item() == pytest.approx(2.9**2 / 12, rel=0.02)
    assert drawn.signs.mean().item() == pytest.approx(0, abs=0.01)


def test_options_set_depth_width_and_operations() -> None:
    drawn = draw(2_000, _seeded(), AugmixAugmentation(chains=2, depth=4, severity=1, all_operations=True))
    assert drawn.ops.shape == (2_000, 2, 4)
    assert drawn.depths.unique().tolist() == [4]
    assert drawn.ops.unique().tolist() == [int(op) for op in Op]
    assert drawn.levels.max() <= 1


def _mixed_by_pillow(picture: np.ndarray, drawn: Draw) -> np.ndarray:
    """Mix one image as `drawn`, a Draw of one image, says."""
    mixture = np.zeros(picture.shape)
    for chain in range(3):
        image = Image.fromarray(picture)
        for step in range(int(drawn.depths[0, chain])):
            op, level, sign = (part[0, chain, step].item() for part in (drawn.ops, drawn.levels, drawn.signs))
            image = operated(image, Op(int(op)), level, sign)
        mixture += drawn.weights[0, chain].item() * np.asarray(image) / 255
    share = drawn.share.item()
    return (1 - share) * picture / 255 + share * mixture


def test_whole_chains_mix_as_pillow_does_with_the_same_draws() -> None:
    pictures = natural_pictures(128)
    drawn = draw(128, _seeded(3), AugmixAugmentation())
    ours = as_pictures(mixed(as_batch(pictures).float() / 255, drawn))
    alone = [drawn.part(i, i + 1, torch.device("cpu")) for i in range(128)]
    theirs = np.stack([_mixed_by_pillow(picture, one) for picture, one in zip(pictures, alone, strict=True)])
    difference = np.abs(ours - theirs) * 255
    assert difference.mean() < 0.05
    assert (difference < 1.5).mean() > 0.995


def test_images_change_as_much_as_one_at_a_time() -> None:
    pictures = natural_pictures(600)
    random = np.random.default_rng(0)
    theirs = np.mean([np.abs(augmix_one(picture, random) - picture / 255).mean() for picture in pictures])
    images = as_batch(pictures).float() / 255
    ours = (augmix(images, _seeded()) - images).abs().mean().item()
    assert ours == pytest.approx(theirs, rel=0.08)


def test_same_generator_same_views_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    images = as_batch(natural_pictures(40)).float() / 255
    before = images.clone()
    whole = augmix(images, _seeded(5))
    monkeypatch.setitem(module._CHUNK_PIXELS, "cpu", 7 * 32 * 32)
    assert torch.equal(augmix(images, _seeded(5)), whole)
    assert not torch.equal(augmix(images, _seeded(6)), whole)
    assert torch.equal(images, before)
    assert 0 <= whole.min() <= whole.max() <= 1


@pytest.mark.parametrize("shape", [(0, 3, 32, 32), (3, 3, 1, 1), (3, 3, 2, 5), (4, 3, 20, 33), (2, 3, 70, 40)])
def test_images_of_any_size_and_memory_format(shape: tuple[int, ...]) -> None:
    images = torch.rand(shape, generator=_seeded())
    options = AugmixAugmentation(depth=4, severity=10, all_operations=True)
    mixture = augmix(images, _seeded(), options)
    assert mixture.shape == images.shape
    assert ((mixture >= 0) & (mixture <= 1)).all()
    assert torch.equal(augmix(images.to(memory_format=torch.channels_last), _seeded(), options), mixture)


@pytest.mark.parametrize("op", GEOMETRIC)
def test_oblong_pictures_move_as_pillows(op: Op) -> None:
    pictures = np.ascontiguousarray(natural_pictures(20, side=48)[:, :33])
    levels = torch.linspace(0.1, 3, 20) * torch.tensor([1.0, -1.0]).repeat(10)
    ours = as_pictures(GEOMETRIC[op](as_batch(pictures), levels)).astype(int)
    for picture, level, moved in zip(pictures, levels.tolist(), ours, strict=True):
        difference = np.abs(moved - np.asarray(operated(Image.fromarray(picture), op, abs(level), np.sign(level))))
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.01


def test_batches_put_together_get_what_each_would_get_alone() -> None:
    batches = torch.split(as_batch(natural_pictures(50)).float() / 255, [20, 1, 29])
    together = augmix_together(batches, [_seeded(seed) for seed in range(3)])
    for seed, batch in enumerate(batches):
        assert torch.equal(together[seed], augmix(batch, _seeded(seed)))


def test_batches_of_one_generator_draw_one_after_another() -> None:
    images, generator, twice = as_batch(natural_pictures(8)).float() / 255, _seeded(), _seeded()
    first, second = augmix_together([images, images], [twice, twice])
    assert torch.equal(first, augmix(images, generator))
    assert torch.equal(second, augmix(images, generator))
    assert ((first - second).abs().amax(dim=(1, 2, 3)) > 0.01).all()


def test_bytes_are_mixed_as_the_same_floats() -> None:
    images = as_batch(natural_pictures(40))
    mixture = augmix(images, _seeded())
    assert mixture.dtype == torch.float32
    assert mixture.allclose(augmix(images.float() / 255, _seeded()), atol=1e-6)
