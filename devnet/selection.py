"""Which orchestrator gets the next segment: by stake, by price, and by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

WHOLE = 1_000_000


@dataclass(frozen=True)
class Candidate:
    """`stake` in units of 1e-18 LPT, `price` in wei per pixel.

    `standing` is the part of its chance that a verifier leaves it, in parts per million.
    """

    address: str
    stake: int
    price: Fraction
    standing: int = WHOLE


@dataclass(frozen=True)
class Weights:
    """Shares of the draw that go by stake, by price and evenly; they add up to 1."""

    stake: float = 0.4
    price: float = 0.3
    random: float = 0.3

    def __post_init__(self) -> None:
        parts = (self.stake, self.price, self.random)
        if min(parts) < 0 or not math.isclose(sum(parts), 1):
            raise ValueError("selection weights must not be negative and add up to 1")


def chances(candidates: Sequence[Candidate], weights: Weights) -> list[float]:
    """Probability of each candidate.

    weight = stake share x stake + price share x exp(-price / lowest price) / sum + random / n.
    A share that nobody has a claim to (no stake at all) is dealt evenly. What a bad standing takes
    from one goes to all in proportion; somebody must have a standing above 0.
    """
    if not candidates:
        raise ValueError("no orchestrator to choose from")
    even = 1 / len(candidates)
    total = sum(candidate.stake for candidate in candidates)
    lowest = min(candidate.price for candidate in candidates) or Fraction(1)
    cheap = [math.exp(-float(candidate.price / lowest)) for candidate in candidates]
    plain = [
        weights.stake * (candidate.stake / total if total else even)
        + weights.price * (low / sum(cheap) if sum(cheap) else even)
        + weights.random * even
        for candidate, low in zip(candidates, cheap, strict=True)
    ]
    left = [
        chance * candidate.standing for candidate, chance in zip(candidates, plain, strict=True)
    ]
    if not sum(left):
        raise ValueError("no orchestrator of a good standing to choose from")
    return [chance / sum(left) for chance in left]


def draw(candidates: Sequence[Candidate], weights: Weights, rng: Random) -> Candidate:
    return rng.choices(candidates, chances(candidates, weights))[0]
