"""What others run, written from the rules that are known of it, on the chain in memory; and ours.

A tick stands for three minutes of theirs: go-livepeer replaces after 5 minutes, the loop looks
every 15. The most that they pay is our soft cap. Source: keepers spec (a) and (b1) to (b3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from keepers.core.model import Broadcast, Call, Reverted, Signed, Unsigned
from tests.keepers.core.engine_world import CAPS, World, wish
from tests.keepers.core.fake_chain import ACCOUNT, OPERATION_GAS, TARGET, FakeChain, FakeSigner

TAKEN = (Broadcast.ACCEPTED, Broadcast.KNOWN)


@dataclass
class Town:
    """The chain, and the reward that it lacks in this round: "" if none."""

    chain: FakeChain = field(default_factory=FakeChain)
    reward: str = ""

    @property
    def due(self) -> str:
        return "" if any(self.chain.outcomes(self.reward)) else self.reward


class Keeper(Protocol):
    def hear(self) -> None:
        """The event of a new round is delivered."""

    def tick(self, gone: int) -> None:
        """`gone` of the round, in parts per million."""

    def restart(self, disk_lost: bool, /) -> None:
        """The process begins anew."""


class Ours:
    def __init__(self, town: Town) -> None:
        self._town, self._world = town, World(chain=town.chain, fees=CAPS)

    def hear(self) -> None:
        """Events mean nothing to it."""

    def tick(self, gone: int) -> None:
        due = self._town.due
        self._world.wanted = {due: wish(due, urgency=gone)} if due else {}
        self._world.tick()

    def restart(self, disk_lost: bool, /) -> None:
        if disk_lost:
            self._world.lose_journal()
        else:
            self._world.start()


def _signed(chain: FakeChain, nonce: int, reward: str, max_fee: int, tip: int) -> Signed:
    gas = OPERATION_GAS * 6 // 5
    tx = Unsigned(chain.chain_id, nonce, TARGET, reward.encode(), gas, max_fee, tip)
    return FakeSigner().sign(tx)


@dataclass
class Flight:
    """A transaction that go-livepeer follows, with its one replacement."""

    reward: str
    nonce: int
    max_fee: int
    tip: int
    hashes: list[str]


class GoLivepeer:
    """One attempt, when the event comes. Above the cap, or after an error, the round is over."""

    TIMEOUT = 2  # ticks; then one replacement

    def __init__(self, town: Town) -> None:
        self._town, self._chain, self._cap = town, town.chain, CAPS.soft_cap
        self._nonce, self._queue, self._waited = 0, list[Flight](), 0

    def hear(self) -> None:
        chain, due = self._chain, self._town.due
        tip = chain.suggested_tip()
        if not due or chain.base_fee + tip > self._cap:
            return
        call = Call(TARGET, due.encode(), ACCOUNT)
        if isinstance(chain.estimate_many([call], "pending")[0], Reverted):
            return
        nonce = max(chain.nonce(ACCOUNT, "pending"), self._nonce)
        flight = Flight(due, nonce, min(self._cap, 2 * chain.base_fee), tip, [])
        if self._send(flight):
            self._nonce = nonce + 1
            self._queue.append(flight)

    def tick(self, _gone: int) -> None:
        """Follows the first in the queue only. A receipt ends it, whatever its status."""
        if not self._queue:
            return
        flight = self._queue[0]
        self._waited += 1
        over = bool(self._chain.receipts(flight.hashes))
        if not over and self._waited >= self.TIMEOUT:
            self._waited = 0
            over = len(flight.hashes) > 1 or not self._replace(flight)
        if over:
            self._queue.pop(0)
            self._waited = 0

    def restart(self, _disk_lost: bool, /) -> None:
        """Nonce and queue are in memory, and there is no look at the state of the chain."""
        self._nonce, self._queue, self._waited = 0, [], 0

    def _replace(self, flight: Flight) -> bool:
        """Both fees by 11 percent, rounded up; a tip of 0 stays 0."""
        flight.max_fee = -(-flight.max_fee * 111 // 100)
        flight.tip = -(-flight.tip * 111 // 100)
        if (flight.max_fee - flight.tip) // 2 + flight.tip > self._cap:
            return False
        return self._send(flight)

    def _send(self, flight: Flight) -> bool:
        signed = _signed(self._chain, flight.nonce, flight.reward, flight.max_fee, flight.tip)
        flight.hashes.append(signed.hash)
        return self._chain.broadcast(signed.raw)[0] in TAKEN


class FixedFee:
    """A loop over the state of the chain that offers the same fee whatever happens."""

    POLL, RETRY, RECEIPT = 5, 1, 1  # ticks: until it looks again, after an error, for a receipt
    MAX_FEE, TIP = CAPS.soft_cap, CAPS.soft_cap // 2

    def __init__(self, town: Town) -> None:
        self._town, self._chain = town, town.chain
        self._pause, self._sent, self._waited = 0, "", 0

    def hear(self) -> None:
        """Events mean nothing to it."""

    def tick(self, _gone: int) -> None:
        if self._sent:
            self._wait()
        elif self._pause > 0:
            self._pause -= 1
        elif due := self._town.due:
            nonce = self._chain.nonce(ACCOUNT, "latest")
            signed = _signed(self._chain, nonce, due, self.MAX_FEE, self.TIP)
            taken = self._chain.broadcast(signed.raw)[0] is Broadcast.ACCEPTED
            self._sent, self._waited = signed.hash if taken else "", 0
            self._pause = 0 if taken else self.RETRY
        else:
            self._pause = self.POLL

    def restart(self, _disk_lost: bool, /) -> None:
        self._pause, self._sent, self._waited = 0, "", 0

    def _wait(self) -> None:
        """For any receipt: it does not read the status."""
        self._waited += 1
        if self._chain.receipts([self._sent]):
            self._sent, self._pause = "", self.POLL
        elif self._waited >= self.RECEIPT:
            self._sent, self._pause = "", self.RETRY
