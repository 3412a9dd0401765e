"""Taking turns: who of several keepers acts now, and who waits in case that one is dead.

Each keeper has a slot of a few seconds. For one round the slots are in the order of
hash(round, name): everyone computes the same order, it is another one in each round, and nobody has
to talk to anybody. Whoever is dead only costs its slot. Source: keepers spec (e1), R11.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from eth_utils.crypto import keccak


def place(name: str, others: Collection[str], round: int) -> int:
    """How many of `others` go before `name` in this round."""
    own = _rank(name, round)
    return sum(_rank(other, round) < own for other in set(others) - {name})


def _rank(name: str, round: int) -> bytes:
    return bytes(keccak(round.to_bytes(32, "big") + name.encode()))


class Waited:
    """Seconds since this process first saw that a round was due, by its monotonic clock.

    Clocks of several hosts are never compared. The keepers see it within a poll of each other, so a
    slot has to be longer than a poll and the time that a transaction takes to be seen.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._first: tuple[int, float] | None = None

    def since(self, round: int) -> float:
        """Another round starts anew."""
        now = self._monotonic()
        if self._first is None or self._first[0] != round:
            self._first = (round, now)
        return now - self._first[1]

    def over(self) -> None:
        """Nothing is due; when a reorganisation makes it due again, turns begin anew."""
        self._first = None
