"""The gate: spectra, distances and choices, by hand where that is possible."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_studio.domain.gate import (
    Gate,
    cell_name,
    choose,
    choose_each,
    features,
    nearest,
    reference_key,
    suit_label,
    suite_key,
)
from card_studio.domain.job import GateOptions, Suite
from card_studio.domain.options import AugmixAugmentation, CleanAugmentation, GaussianAugmentation


def grey(pixels: list[list[int]]) -> np.ndarray:
    return np.repeat(np.array(pixels, np.uint8)[None, None], 3, axis=1)


def test_a_gate_worked_by_hand() -> None:
    # 2 x 2 images: rfft2 of [[a, b], [c, d]] is [[a+b+c+d, a-b+c-d], [a+b-c-d, a-b-c+d]].
    flat, rows = grey([[10, 10], [10, 10]]), grey([[20, 20], [0, 0]])
    raw = GateOptions(amplitude="raw")
    assert features(flat, raw).tolist() == [[40, 0, 0, 0]]
    assert features(rows, raw).tolist() == [[40, 0, 40, 0]]
    image = grey([[13, 13], [7, 7]])  # [40, 0, 12, 0]: 12 from flat, 28 from rows
    choice = Gate.from_images({"rows": rows, "flat": flat}, raw).choose(image)
    assert choice.chosen == 1
    assert choice.distances.tolist() == [28, 12]
    assert choice.margin == pytest.approx((28 - 12) / 12)


def test_the_usual_feature_is_the_log_amplitude_of_the_grey_image() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 3, 8, 6), np.uint8)
    expected = np.log(1 + np.abs(np.fft.fft2(image.mean(axis=1))))[:, :, : 6 // 2 + 1]
    assert features(image, GateOptions()) == pytest.approx(expected.reshape(3, -1).astype(np.float32), rel=1e-6)


def test_rgb_features_hold_each_channel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8), np.uint8)
    rgb = features(image, GateOptions(colour="rgb")).reshape(2, 3, -1)
    for channel in range(3):
        alone = np.repeat(image[:, channel : channel + 1], 3, axis=1)
        assert rgb[:, channel] == pytest.approx(features(alone, GateOptions()), rel=1e-6)


def test_features_refuse_what_is_not_uint8_images() -> None:
    with pytest.raises(ValueError, match="uint8"):
        features(np.zeros((1, 3, 4, 4), np.float32), GateOptions())  # type: ignore[arg-type]  # the mistake tested
    with pytest.raises(ValueError, match="uint8"):
        features(np.zeros((3, 4, 4), np.uint8), GateOptions())


@given(st.integers(0, 10_000), st.integers(1, 300), st.integers(1, 40))
def test_nearest_is_the_brute_force_answer(seed: int, images: int, references: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(5, 2, (images, 7)).astype(np.float32)
    z = rng.normal(5, 2, (references, 7)).astype(np.float32)
    distances, indices = nearest(x, z)
    pairs = np.linalg.norm(x[:, None].astype(np.float64) - z[None], axis=2)
    assert distances == pytest.approx(pairs.min(axis=1), rel=1e-5, abs=1e-6)
    assert pairs[np.arange(images), indices] == pytest.approx(pairs.min(axis=1), rel=1e-5)


def test_a_reference_image_is_at_distance_zero_of_itself() -> None:
    images = np.random.default_rng(1).integers(0, 256, (50, 3, 32, 32), np.uint8)
    spectra = features(images, GateOptions())
    distances, indices = nearest(spectra, spectra)
    assert distances == pytest.approx(np.zeros(50), abs=1e-3)
    assert indices.tolist() == list(range(50))


def test_ties_go_to_the_first_in_deck_order() -> None:
    assert choose(np.array([[2, 1, 1]], np.float32)).chosen == 1
    assert choose(np.array([[2, 1, 1]], np.float32)).margin == 0
    assert choose_each(np.array([[1, 1], [2, 1]], np.float32), 1).tolist() == [0, 1]


def test_margins_at_the_edges() -> None:
    assert choose(np.array([[3]], np.float32)).margin == float("inf")
    assert choose(np.array([[0, 2]], np.float32)).margin == float("inf")
    assert choose(np.array([[0, 0]], np.float32)).margin == 0
    with pytest.raises(ValueError, match="at least one"):
        choose(np.zeros((0, 2), np.float32))


def test_batches_are_consecutive_and_a_last_partial_one_is_kept() -> None:
    distances = np.array([[1, 2], [9, 2], [1, 2], [1, 2], [2, 1]], np.float32)
    assert choose_each(distances, 1).tolist() == [0, 1, 0, 0, 1]
    assert choose_each(distances, 2).tolist() == [1, 1, 0, 0, 1]  # means 5 and 2, 1 and 2, then the last alone
    assert choose_each(distances, 99).tolist() == [1] * 5
    with pytest.raises(ValueError, match="at least one image"):
        choose_each(distances, 0)


@given(st.integers(0, 1_000), st.integers(1, 40), st.integers(1, 4), st.integers(1, 50))
def test_choosing_each_is_choosing_batch_by_batch(seed: int, images: int, suits: int, m: int) -> None:
    distances = np.random.default_rng(seed).random((images, suits), np.float32)
    singly = [choose(distances[start : start + m]).chosen for start in range(0, images, m)]
    assert choose_each(distances, m).tolist() == [singly[image // m] for image in range(images)]


def test_the_nearest_references_are_told_in_order_and_no_more_than_there_are() -> None:
    images = np.random.default_rng(2).integers(0, 256, (30, 3, 8, 8), np.uint8)
    gate = Gate.from_images({"all": images, "few": images[:2]})
    found = gate.nearest_references(images[7], 4)
    spectra = features(images, GateOptions()).astype(np.float64)
    apart = np.linalg.norm(spectra - spectra[7], axis=1)
    distances, indices = found["all"]
    assert indices[0] == 7
    assert distances == pytest.approx(np.sort(apart)[:4], abs=1e-4)
    assert distances == pytest.approx(apart[indices], abs=1e-4)
    assert sorted(found["few"][1]) == [0, 1]
    assert gate.distances(images[7:8])[0] == pytest.approx([each[0][0] for each in found.values()], abs=1e-4)


def test_a_gate_refuses_images_of_another_size_and_unlike_references() -> None:
    gate = Gate({"clean": np.zeros((2, 8 * 5), np.float32)})
    with pytest.raises(ValueError, match="resize"):
        gate.distances(np.zeros((1, 3, 16, 16), np.uint8))
    with pytest.raises(ValueError, match="one feature length"):
        Gate({"clean": np.zeros((2, 8), np.float32), "gaussian": np.zeros((2, 9), np.float32)})
    with pytest.raises(ValueError, match="at least one"):
        Gate({})


def test_reference_keys_count_what_changes_references_and_nothing_else() -> None:
    usual = reference_key("digest", GaussianAugmentation(), GateOptions())
    assert usual == reference_key("digest", GaussianAugmentation(probability=1), GateOptions())
    others = {
        reference_key("other", GaussianAugmentation(), GateOptions()),
        reference_key("digest", GaussianAugmentation(sigma=0.2), GateOptions()),
        reference_key("digest", CleanAugmentation(), GateOptions()),
        reference_key("digest", GaussianAugmentation(), GateOptions(images=10)),
        reference_key("digest", GaussianAugmentation(), GateOptions(amplitude="raw")),
    }
    assert len(others | {usual}) == 6
    assert reference_key("d", AugmixAugmentation(jsd=True), GateOptions()) == reference_key(
        "d", AugmixAugmentation(), GateOptions()
    )


def test_suite_keys_count_every_option_and_the_data() -> None:
    suites = [Suite(), Suite(split="validation"), Suite(seed=1), Suite(images=7), Suite(severities=(1,))]
    assert len({suite_key(suite, "digest") for suite in suites} | {suite_key(Suite(), "other")}) == 6
    assert suite_key(Suite(), "digest") == suite_key(Suite(), "digest")
    assert suite_key(Suite(precision="bfloat16"), "digest") not in {suite_key(suite, "digest") for suite in suites}


def test_suites_of_float32_keep_the_names_that_they_had_before_there_was_a_precision() -> None:
    assert suite_key(Suite(), "digest").startswith("a675f8d981cc4ec898b252539dfa9ea4")
    assert cell_name(Suite(precision="bfloat16"), "digest", None, 0) == cell_name(Suite(), "digest", None, 0)


def test_suits_are_named_by_augmentation_and_what_is_unusual() -> None:
    assert suit_label(CleanAugmentation()) == "clean"
    assert suit_label(GaussianAugmentation(probability=0.3)) == "gaussian"
    assert suit_label(GaussianAugmentation(sigma=0.2)) == "gaussian sigma=0.2"
    assert suit_label(AugmixAugmentation(jsd=True, depth=2)) == "augmix depth=2"
