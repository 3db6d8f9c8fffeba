"""Intervals and tests of accuracies against scipy, which the package itself does not use."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from card_studio.domain.statistics import bootstrap, holm, mcnemar, t_interval, t_quantile, wilson


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_agrees_with_scipy(counts: tuple[int, int], level: float) -> None:
    expected = stats.binomtest(*counts).proportion_ci(level, method="wilson")
    assert wilson(*counts, level) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_stays_within_zero_and_one_and_refuses_nonsense() -> None:
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    for correct, images in [(-1, 10), (11, 10), (0, 0)]:
        with pytest.raises(ValueError, match="not a share"):
            wilson(correct, images)


@given(st.integers(0, 3_000), st.integers(0, 3_000))
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    expected = stats.binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-8, abs=1e-300)


def test_holm_by_hand() -> None:
    # sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04, then never falling
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([[0.5, 0.9], [0.6, 1.0]]).tolist() == [[1.0, 1.0], [1.0, 1.0]]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_lies_between_the_raw_values_and_bonferroni(p: list[float]) -> None:
    adjusted, raw = holm(p), np.array(p)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(1, raw * len(p))).all()
    assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()


@given(st.floats(0.501, 0.9995), st.integers(1, 500))
def test_t_quantile_agrees_with_scipy(share: float, freedom: int) -> None:
    assert t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-7)
    assert t_quantile(1 - share, freedom) == pytest.approx(-stats.t.ppf(share, freedom), rel=1e-7)


def test_t_interval_over_replicates() -> None:
    runs = [0.91, 0.92, 0.905]
    expected = stats.t.interval(0.95, 2, loc=np.mean(runs), scale=stats.sem(runs))
    assert t_interval(runs) == pytest.approx(expected)


def test_one_run_gets_no_interval() -> None:
    assert t_interval([0.9]) is None


def test_bootstrap_agrees_with_scipy_and_with_theory() -> None:
    rows = np.random.default_rng(1).random(2_000).astype(np.float32)
    low, high = bootstrap(rows)
    truth = stats.bootstrap((rows,), np.mean, n_resamples=1_000, method="percentile", rng=np.random.default_rng(2))
    half = 1.96 * float(rows.std()) / math.sqrt(len(rows))
    assert (low, high) == pytest.approx(tuple(truth.confidence_interval), abs=0.15 * half)
    assert (low, high) == pytest.approx((float(rows.mean()) - half, float(rows.mean()) + half), abs=0.15 * half)


def test_bootstrap_is_repeatable_and_paired() -> None:
    rows = np.random.default_rng(3).random(500).astype(np.float32)
    assert bootstrap(rows, seed=4) == bootstrap(rows, seed=4) != bootstrap(rows, seed=5)
    assert bootstrap((rows + 0.25) - rows) == pytest.approx((0.25, 0.25), abs=1e-6)


def test_bootstrap_refuses_no_images() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        bootstrap(np.zeros(0, np.float32))
