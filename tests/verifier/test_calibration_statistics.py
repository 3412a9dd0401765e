"""Bounds, curves and tails against values that are known otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from verifier.calibration.statistics import (
    auc,
    bootstrap_tail,
    caught_without_false_alarm,
    clopper_pearson,
    roc,
    tail_probability,
    wilson,
)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (3, 10, 0.0667, 0.6525),
        (81, 263, 0.2527, 0.3676),
    ],
)
def test_clopper_pearson__known_cases__equals_the_published_bounds(
    hits: int, total: int, low: float, high: float
) -> None:
    assert clopper_pearson(hits, total) == pytest.approx((low, high), abs=2e-4)


def test_clopper_pearson__no_hit__is_the_closed_form() -> None:
    assert clopper_pearson(0, 734)[1] == pytest.approx(1 - 0.025 ** (1 / 734), rel=1e-6)


def test_wilson__known_case__equals_newcombes_table() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20)[0] == 0


@pytest.mark.parametrize("bound", [wilson, clopper_pearson])
def test_bounds__nothing_tried__say_nothing(bound) -> None:
    assert bound(0, 0) == (0.0, 1.0)


def test_auc__random_values__equals_counting_the_pairs() -> None:
    rng = np.random.default_rng(3)
    honest, cheats = rng.integers(0, 9, 40).tolist(), rng.integers(3, 12, 30).tolist()
    pairs = [(c > h) + (c == h) / 2 for h in honest for c in cheats]
    assert auc(honest, cheats) == pytest.approx(sum(pairs) / len(pairs))


def test_roc__any_values__runs_from_nothing_to_everything() -> None:
    false, true = roc([1.0, 2.0, 2.0], [2.0, 5.0])
    assert false.tolist() == pytest.approx([0, 0, 2 / 3, 1])
    assert true.tolist() == pytest.approx([0, 0.5, 1, 1])


def test_caught_without_false_alarm__a_tie_with_the_honest_maximum__does_not_count() -> None:
    assert caught_without_false_alarm([1.0, 3.0], [3.0, 4.0, 5.0, 0.0]) == 0.5


def test_tail_probability__exponential_values__is_near_the_truth() -> None:
    values = np.random.default_rng(11).exponential(1.0, 20_000).tolist()
    for cut in (0.85, 0.90, 0.95):
        assert tail_probability(values, 6.0, cut) == pytest.approx(np.exp(-6.0), rel=0.5)


def test_tail_probability__a_heavy_tail__is_far_above_the_exponential_one() -> None:
    values = (np.random.default_rng(12).pareto(2.0, 20_000) + 1).tolist()
    assert tail_probability(values, 20.0, 0.9) == pytest.approx(20.0**-2, rel=0.4)


def test_tail_probability__limit_inside_the_values__is_counted() -> None:
    assert tail_probability(list(range(100)), 49.5, 0.9) == 0.5


def test_bootstrap_tail__one_odd_cluster__is_above_the_plain_fit() -> None:
    rng = np.random.default_rng(4)
    clusters = {i: rng.exponential(0.3, 30).tolist() for i in range(12)}
    clusters["odd"] = (1 + rng.exponential(1.0, 30)).tolist()
    everything = [value for group in clusters.values() for value in group]
    bound = bootstrap_tail(clusters, 6.0, draws=100)
    assert bound > tail_probability(everything, 6.0, 0.9) > 0
    assert bound == bootstrap_tail(clusters, 6.0, draws=100)
