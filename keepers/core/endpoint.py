"""What is known about one endpoint, and whether it is fit to be asked now. No requests here."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from keepers.core.heads import LagRule
from keepers.core.model import Head
from keepers.core.rpc import Rpc

logger = logging.getLogger(__name__)

SMOOTHING = 0.2  # weight of the newest request in latency and error rate
LATENCIES = (0.3, 1.0)  # seconds; between these bounds endpoints count as equally quick
NEVER = -math.inf


@dataclass(frozen=True)
class Rules:
    """How endpoints are judged. Seconds, where nothing else is said.

    With three endpoints of which two hang, a read is answered after two tries, within 3 s. The
    patience is longer, for endpoints that break down or come back meanwhile.
    """

    try_for: float = 1.0  # one try, while there is another endpoint to turn to
    patience: float = 5.0  # one read, over all tries
    errors: int = 3  # in a row; then the endpoint is left alone
    backoff: float = 1.0  # doubles with each further error
    longest_backoff: float = 30.0
    look_every: float = 5.0  # at the head of endpoints that are not read from
    chain_every: float = 60.0  # the chain id again
    wrong_chain_every: float = 600.0  # the same of an endpoint of another chain
    retry_gap: float = 1.0  # between tries of one that is left alone, when nothing else answers
    lag: LagRule = LagRule()


@dataclass(frozen=True)
class EndpointStatus:
    """`chain_ok` is None before the first answer. `lag` in blocks, `errors` since the start."""

    name: str
    chain_ok: bool | None
    head: int | None
    lag: int
    errors: int
    up: bool
    why: str


class Endpoint:
    """`jitter` gives a number from 0 to 1."""

    def __init__(
        self, rpc: Rpc, name: str, place: int, rules: Rules, jitter: Callable[[], float]
    ) -> None:
        self.rpc, self.name, self.place = rpc, name, place
        self._rules, self._jitter = rules, jitter
        self.chain_id: int | None = None
        self.chain_at = self.seen_at = self.tried_at = NEVER
        self.head: Head | None = None
        self.lag = 0
        self.is_lagging = self.is_foreign = False
        self._errors = self._errors_in_row = self._limits_in_row = 0
        self._out_until = self._limited_until = NEVER
        self._latency = self._failing = 0.0
        self._why = ""

    # -- what it did

    def answered(self, seconds: float) -> None:
        if self._errors_in_row >= self._rules.errors:
            logger.warning("rpc %s: answers again", self.name)
        self._errors_in_row = self._limits_in_row = 0
        self._failing *= 1 - SMOOTHING
        self._latency += (seconds - self._latency) * SMOOTHING

    def failed(self, now: float, why: str) -> None:
        self._errors += 1
        self._errors_in_row += 1
        self._failing += (1 - self._failing) * SMOOTHING
        self._why = why
        excess = self._errors_in_row - self._rules.errors
        if excess < 0:
            return
        wait = min(self._rules.backoff * 2.0 ** min(excess, 30), self._rules.longest_backoff)
        self._out_until = now + wait * (0.5 + 0.5 * self._jitter())
        self.chain_at = NEVER  # what comes back may be another node
        if excess == 0:
            logger.warning(
                "rpc %s: left alone after %d errors: %s", self.name, self._rules.errors, why
            )

    def limited(self, now: float, retry_after: float | None) -> None:
        """It asks to be left alone. Without its saying how long, twice as long each time."""
        self._errors += 1
        wait = self._rules.backoff * 2.0 ** min(self._limits_in_row, 30)
        wait = min(wait, self._rules.longest_backoff) if retry_after is None else retry_after
        self._limits_in_row += 1
        self._limited_until = now + wait
        self._why = f"too many requests, left alone for {wait:.0f} s"
        logger.warning("rpc %s: %s", self.name, self._why)

    def is_of_chain(self, found: int, wanted: int, now: float) -> bool:
        was_foreign, self.is_foreign = self.is_foreign, found != wanted
        self.chain_id, self.chain_at = found, now
        if self.is_foreign and not was_foreign:
            logger.error("rpc %s: is of chain %d, not %d: not used", self.name, found, wanted)
        return not self.is_foreign

    def showed(self, head: Head, now: float) -> None:
        self.head, self.seen_at = head, now

    def compare(self, top: Head) -> None:
        """Judge the head that it showed last against the best one."""
        if self.head is None:
            return
        was_lagging, self.is_lagging = self.is_lagging, self._rules.lag.lags(self.head, top)
        self.lag = max(0, top.number - self.head.number)
        if self.is_lagging and not was_lagging:
            logger.warning("rpc %s: lags by %d blocks, not read from", self.name, self.lag)

    # -- what it is fit for

    def may_be_asked(self, now: float) -> bool:
        """Of the right chain, as far as known, and not asking to be left alone."""
        if self.is_foreign:
            return now - self.chain_at >= self._rules.wrong_chain_every
        return now >= self._limited_until

    def is_out(self, now: float) -> bool:
        return now < self._out_until and self._errors_in_row >= self._rules.errors

    def is_usable(self, now: float) -> bool:
        """Fit to be given transactions; to read from, it must not lag either."""
        return self.may_be_asked(now) and not self.is_foreign and not self.is_out(now)

    def rank(self) -> tuple[bool, int, int, int]:
        """Lowest is best: errors, then latency, then the order of the configuration."""
        slow = sum(self._latency >= bound for bound in LATENCIES)
        return self._errors_in_row > 0, int(4 * self._failing), slow, self.place

    def status(self, now: float) -> EndpointStatus:
        why = ""
        if self.is_foreign:
            why = f"is of chain {self.chain_id}"
        elif not self.is_usable(now):
            why = self._why
        elif self.is_lagging:
            why = f"lags by {self.lag} blocks"
        chain_ok = None if self.chain_id is None else not self.is_foreign
        head = self.head.number if self.head else None
        up = bool(chain_ok) and not why
        return EndpointStatus(self.name, chain_ok, head, self.lag, self._errors, up, why)
