"""The highest block that a trusted endpoint has shown, and when a lower one is to be believed.

An endpoint that lags shows an old block of the same chain; after a reorganisation an endpoint shows
another block at a height that was seen before. Remembered are the hashes of at most 64 blocks, each
the parent of the next, so all of one branch. Source: keepers spec (e1), R7 and R10.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from keepers.core.model import Head
from keepers.core.wire import Seen

DEPTH = 64  # blocks
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LagRule:
    """An endpoint lags that is more than `seconds` behind, or more than `blocks`.

    Chains of several blocks a second pass any number of blocks while two endpoints are asked one
    after the other; so blocks count only with `at_least` seconds between them.
    """

    blocks: int = 5
    seconds: int = 15
    at_least: int = 3  # timestamps are whole seconds

    def lags(self, head: Head, top: Head) -> bool:
        age = top.timestamp - head.timestamp
        return age > self.seconds or (
            top.number - head.number > self.blocks and age >= self.at_least
        )


class Heads:
    """`patience`: seconds with nothing but lower blocks until the lower one is believed."""

    def __init__(self, rule: LagRule | None = None, *, patience: float = 60.0) -> None:
        self.rule = rule or LagRule()
        self.top: Head | None = None
        self._patience = patience
        self._branch: dict[int, str] = {}
        self._lower_since: float | None = None

    def judge(self, seen: Sequence[Seen], now: float) -> Head | None:
        """The head, after what the endpoints show now. None if all that is shown lags behind it.

        For a lower block to count, `seen` has to be what every endpoint shows that answers.
        """
        best = max(seen, key=lambda one: one.head.number)
        if self._believes(best, seen, now):
            self._keep(best)
        top = self.top
        return top if top and not self.rule.lags(best.head, top) else None

    def _believes(self, best: Seen, seen: Sequence[Seen], now: float) -> bool:
        top = self.top
        if top is None or best.head.number > top.number:
            self._lower_since = None
            return True
        if best.head.number == top.number:
            self._lower_since = None
            return all(one.head.hash != top.hash for one in seen)
        near = [one for one in seen if not self.rule.lags(one.head, best.head)]
        if all(self._contradicts(one) for one in near):
            return True
        if self._lower_since is None:
            self._lower_since = now
        if now - self._lower_since < self._patience:
            return False
        logger.warning(
            "head: only blocks up to %d for %.0f s, so block %d is given up",
            best.head.number,
            now - self._lower_since,
            top.number,
        )
        self._branch.clear()
        return True

    def _contradicts(self, one: Seen) -> bool:
        """Whether it shows another block where one was seen: the proof of a reorganisation."""
        number = one.head.number
        return (
            self._branch.get(number, one.head.hash) != one.head.hash
            or self._branch.get(number - 1, one.parent) != one.parent
        )

    def _keep(self, best: Seen) -> None:
        number = best.head.number
        if self._contradicts(best):
            logger.warning("head: the chain was reorganised at or below block %d", number)
        if self._branch.get(number - 1) != best.parent:
            self._branch = {number - 1: best.parent}
        low = number - DEPTH
        self._branch = {at: name for at, name in self._branch.items() if low < at < number}
        self._branch[number] = best.head.hash
        self.top, self._lower_since = best.head, None
