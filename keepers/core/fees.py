"""What to offer for gas: a soft cap while there is time, a hard cap that nothing passes.

    tolerated   hard |              _______
                     |            /
                soft |__________/
                     0    rise_from rise_to   1   urgency

Fees are wei per gas, urgency parts per million. Source: keepers spec (e1), R3 and R6.
"""

from __future__ import annotations

from dataclasses import dataclass

from keepers.core.model import MILLION


@dataclass(frozen=True)
class Fee:
    """The two fields of an EIP-1559 transaction; `tip` is at most `max_fee`."""

    max_fee: int
    tip: int


@dataclass(frozen=True)
class FeePolicy:
    soft_cap: int
    hard_cap: int
    rise_from: int = 650_000
    rise_to: int = 850_000

    def __post_init__(self) -> None:
        if not 0 <= self.soft_cap <= self.hard_cap:
            raise ValueError("the soft cap must be from 0 to the hard cap")
        if not 0 <= self.rise_from < self.rise_to <= MILLION:
            raise ValueError("rise_from must be below rise_to, both from 0 to 1,000,000")

    def tolerated(self, urgency: int) -> int:
        """The most that a unit of gas may cost now."""
        if urgency <= self.rise_from:
            return self.soft_cap
        if urgency >= self.rise_to:
            return self.hard_cap
        gone, whole = urgency - self.rise_from, self.rise_to - self.rise_from
        return self.soft_cap + (self.hard_cap - self.soft_cap) * gone // whole

    def first(self, base: int, tip: int, urgency: int) -> Fee | None:
        """None: the base fee is above what is tolerated, so wait for a lower one."""
        return _offer(base, tip, self.tolerated(urgency))

    def replacement(self, old: Fee, base: int, tip: int, urgency: int) -> Fee | None:
        """Enough to replace `old` in any mempool, and no less than a first offer would be now.

        None: what that takes is not tolerated.
        """
        return _outbid(old, base, tip, self.tolerated(urgency))

    def cancel(self, old: Fee, base: int, tip: int) -> Fee | None:
        """As a replacement, whatever the urgency: what is not wanted any more must not happen."""
        return _outbid(old, base, tip, self.hard_cap)


def raised(old: int) -> int:
    """An eighth more, rounded up, and at least 1: mempools ask for a tenth, also from 0."""
    return max(-(-old * 9 // 8), old + 1)


def _offer(base: int, tip: int, cap: int) -> Fee | None:
    """Room for the base fee to double, as far as the cap allows."""
    if base > cap:
        return None
    max_fee = min(cap, 2 * base + tip)
    return Fee(max_fee, min(tip, max_fee))


def _outbid(old: Fee, base: int, tip: int, cap: int) -> Fee | None:
    offer = _offer(base, tip, cap)
    if offer is None or raised(old.max_fee) > cap:
        return None
    return Fee(max(offer.max_fee, raised(old.max_fee)), max(offer.tip, raised(old.tip)))
