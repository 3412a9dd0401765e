from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from devnet.cutting import Segment
from devnet.economy import EconomyError, plan_economy
from devnet.media import Clip, ladder
from devnet.options import Options
from devnet.scenario import DEFAULT
from keepers.payments import MAX_NONCES, fee_estimate, tickets_needed

CLIP = Clip(Path("x"), 1280, 720, Fraction(25), Fraction(0), 5.0, "h264", None, 0)


def _segments(count: int, seconds: float) -> list[Segment]:
    return [Segment(at, Path("x"), at * seconds, seconds) for at in range(count)]


@pytest.mark.parametrize(("count", "seconds"), [(1, 0.4), (10, 0.5), (300, 2.0)])
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(60_000, 1001)])
def test_plan_economy__any_length__funds_and_tickets_fit(
    count: int, seconds: float, rate: Fraction
) -> None:
    clip = replace(CLIP, frame_rate=rate)
    profiles = ladder(clip)
    segments = _segments(count, seconds)
    economy = plan_economy(clip, profiles, segments, DEFAULT)
    highest = max(plan.price.price for plan in DEFAULT.orchestrators)
    sizes = [(profile.width, profile.height, rate) for profile in profiles]
    estimate = fee_estimate(sizes, Fraction(seconds), highest)
    assert tickets_needed(estimate, Fraction(economy.ticket_ev), Fraction(0)) < MAX_NONCES
    fee = sum(p.width * p.height for p in profiles) * int(rate * Fraction(seconds)) * highest
    assert economy.deposit >= 3 * count * fee
    share = economy.reserve // len(DEFAULT.orchestrators)
    assert share >= 4 * economy.ticket_ev
    assert economy.limits.max_price > highest
    assert economy.limits.max_ticket_ev > economy.ticket_ev


def test_plan_economy__days_of_video__says_what_to_do() -> None:
    with pytest.raises(EconomyError, match="take a part with --seconds"):
        plan_economy(CLIP, ladder(CLIP), _segments(100_000, 2.0), DEFAULT)


@pytest.mark.parametrize(
    ("clip", "limit", "expected"),
    [(5.28, None, 0.528), (600.0, None, 2.0), (600.0, 4.0, 0.4), (1.0, None, 0.4)],
)
def test_segment_seconds__length_of_clip__about_ten_segments(
    clip: float, limit: float | None, expected: float
) -> None:
    assert Options(seconds=limit).segment_seconds(clip) == expected
