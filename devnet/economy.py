"""Sizes of deposit, reserve and tickets that suit the length of a stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from devnet.cutting import Segment
from devnet.media import Clip, Profile
from devnet.scenario import ETHER, Scenario
from devnet.session import Limits

TICKETS_PER_SEGMENT = 5
MOST_TICKETS = 250
# What anvil gives the gateway, less what it may need for gas.
PURSE = 9_900 * ETHER


class EconomyError(ValueError):
    """A stream that cannot be paid for; one line."""


@dataclass(frozen=True)
class Economy:
    """Amounts in wei."""

    ticket_ev: int
    deposit: int
    reserve: int
    limits: Limits


def plan_economy(
    clip: Clip, profiles: tuple[Profile, ...], segments: Sequence[Segment], scenario: Scenario
) -> Economy:
    """About five tickets a segment; funds for three times the estimate at the highest price."""
    prices = [plan.price.price for plan in scenario.orchestrators]
    area = sum(profile.width * profile.height for profile in profiles)
    pixels = area * sum(math.ceil(clip.frame_rate * Fraction(one.seconds)) for one in segments)
    mean = Fraction(sum(prices), len(prices))
    tickets = min(MOST_TICKETS, TICKETS_PER_SEGMENT * len(segments))
    ticket_ev = math.ceil(pixels * mean / tickets)
    funds = 3 * math.ceil(pixels * max(prices))
    # The reserve is shared evenly by all active orchestrators.
    reserve = len(prices) * funds
    if funds + reserve > PURSE:
        raise EconomyError(
            f"the gateway cannot pay for {clip.seconds:.0f} s of video; take a part with --seconds"
        )
    return Economy(ticket_ev, funds, reserve, Limits(2 * max(prices), 2 * ticket_ev))
