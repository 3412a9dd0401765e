from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random

import pytest

from devnet.selection import Candidate, Weights, chances, draw

CHEAP = Candidate("cheap", 1000, Fraction(1))
RICH = Candidate("rich", 9000, Fraction(2))
POOR = Candidate("poor", 0, Fraction(4))


def test_chances__stake_only__go_by_stake() -> None:
    assert chances([CHEAP, RICH, POOR], Weights(1, 0, 0)) == pytest.approx([0.1, 0.9, 0])


def test_chances__price_only__the_cheaper_the_likelier() -> None:
    cheap, rich, poor = chances([CHEAP, RICH, POOR], Weights(0, 1, 0))
    assert cheap > rich > poor > 0
    assert cheap + rich + poor == pytest.approx(1)


def test_chances__random_only__are_even() -> None:
    assert chances([CHEAP, RICH], Weights(0, 0, 1)) == pytest.approx([0.5, 0.5])


def test_chances__no_stake_at_all__is_dealt_evenly() -> None:
    assert chances([POOR, POOR], Weights(1, 0, 0)) == pytest.approx([0.5, 0.5])


def test_chances__free_work__does_not_divide_by_zero() -> None:
    free = Candidate("free", 0, Fraction(0))
    first, second = chances([free, CHEAP], Weights(0, 1, 0))
    assert first > second
    assert first + second == pytest.approx(1)


def test_chances__nobody__is_refused() -> None:
    with pytest.raises(ValueError, match="no orchestrator to choose from"):
        chances([], Weights())


@pytest.mark.parametrize("weights", [(0.5, 0.5, 0.5), (1.5, -0.5, 0)])
def test_weights__not_a_division__are_refused(weights: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative and add up to 1"):
        Weights(*weights)


def test_draw__same_seed__same_choices() -> None:
    runs = [
        [draw([CHEAP, RICH, POOR], Weights(), rng).address for _ in range(50)]
        for rng in (Random(7), Random(7), Random(8))
    ]
    assert runs[0] == runs[1] != runs[2]


def test_draw__many_times__follows_the_chances() -> None:
    candidates = [CHEAP, RICH, POOR]
    rng = Random(1)
    drawn = Counter(draw(candidates, Weights(), rng).address for _ in range(20_000))
    for candidate, chance in zip(candidates, chances(candidates, Weights()), strict=True):
        assert drawn[candidate.address] / 20_000 == pytest.approx(chance, abs=0.02)
