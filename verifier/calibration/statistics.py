"""How far measured rates can be trusted: bounds, ROC curves and tails. Pure functions, seeded.

Source: verification spec, sections 4.2 (AUC) and 5 (generalised Pareto tail, cluster bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from math import erfc, exp, lgamma, log, log1p, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
TAIL_CUTS = (0.85, 0.90, 0.95)


def wilson(hits: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a rate; (0, 1) when nothing was tried."""
    if not total:
        return 0.0, 1.0
    z = _normal_quantile(0.5 + confidence / 2)
    rate, square = hits / total, z * z / total
    middle = (rate + square / 2) / (1 + square)
    half = z * sqrt(rate * (1 - rate) / total + square / (4 * total)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def clopper_pearson(hits: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a rate, by bisection of the binomial tails."""
    if not total:
        return 0.0, 1.0
    alpha = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _binomial_cdf(hits - 1, total, p), alpha)
    high = 1.0 if hits == total else _solve(lambda p: -_binomial_cdf(hits, total, p), -alpha)
    return low, high


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _binomial_cdf(hits: int, total: int, rate: float) -> float:
    if rate <= 0 or rate >= 1:
        return 1.0 if rate <= 0 or hits >= total else 0.0
    logs = (
        lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1)
        + k * log(rate) + (total - k) * log1p(-rate)
        for k in range(hits + 1)
    )  # fmt: skip
    return min(1.0, sum(exp(one) for one in logs))


def _normal_quantile(share: float) -> float:
    low, high = -10.0, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if erfc(-middle / sqrt(2)) / 2 < share else (low, middle)
    return (low + high) / 2


def roc(honest: Sequence[float], cheating: Sequence[float]) -> tuple[Floats, Floats]:
    """False and true positive rates as the threshold falls; larger values mean cheating."""
    values = np.concatenate([honest, cheating])
    cuts = np.unique(values)[::-1]
    honest_sorted, cheating_sorted = np.sort(honest), np.sort(cheating)
    false = 1 - np.searchsorted(honest_sorted, cuts, side="left") / len(honest_sorted)
    true = 1 - np.searchsorted(cheating_sorted, cuts, side="left") / len(cheating_sorted)
    zero = np.zeros(1)
    return np.concatenate([zero, false]), np.concatenate([zero, true])


def auc(honest: Sequence[float], cheating: Sequence[float]) -> float:
    """Share of (honest, cheating) pairs in which the cheat's value is larger; ties are half."""
    false, true = roc(honest, cheating)
    return float(np.trapz(true, false))


def caught_without_false_alarm(honest: Sequence[float], cheating: Sequence[float]) -> float:
    """Share of cheats above every honest value."""
    return float((np.asarray(cheating) > max(honest)).mean())


def tail_probability(values: Sequence[float], limit: float, cut: float) -> float:
    """Probability that a value exceeds `limit`, by a generalised Pareto fit above quantile `cut`.

    The fit is by probability-weighted moments (Hosking and Wallis 1987).
    """
    ordered = np.sort(np.asarray(values, np.float64))
    start = float(np.quantile(ordered, cut))
    excess = ordered[ordered > start] - start
    share = len(excess) / len(ordered)
    if limit <= start:
        return float((ordered > limit).mean())
    if len(excess) < 3:
        return 0.0
    count = len(excess)
    mean = float(excess.mean())
    weight = (count - np.arange(1, count + 1)) / (count - 1)
    second = float((weight * excess).mean())
    if mean <= 2 * second:
        return 0.0  # equal values: there is no tail to follow
    shape = 2 - mean / (mean - 2 * second)
    scale = 2 * mean * second / (mean - 2 * second)
    reach = (limit - start) / scale
    if abs(shape) < 1e-9:
        return share * exp(-reach)
    inside = 1 + shape * reach
    return float(share * inside ** (-1 / shape)) if inside > 0 else 0.0


def bootstrap_tail(
    clusters: Mapping[Hashable, Sequence[float]], limit: float, *, draws: int = 500, seed: int = 5
) -> float:
    """95 % upper bound of the tail probability: whole clusters are drawn with replacement."""
    rng = np.random.default_rng(seed)
    groups = [np.asarray(values, np.float64) for values in clusters.values()]
    found = []
    for _ in range(draws):
        chosen = rng.integers(0, len(groups), size=len(groups))
        sample = np.concatenate([groups[i] for i in chosen])
        found.append(tail_probability(sample.tolist(), limit, TAIL_CUTS[1]))
    return float(np.quantile(found, 0.95))
