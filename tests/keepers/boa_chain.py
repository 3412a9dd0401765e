"""The protocol in process, as a keeper's Chain and Book see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import boa

from keepers.core.contracts import Book
from keepers.core.model import Call, Head, Reverted
from tests.support.protocol import LPT, Parameters, Protocol


@dataclass
class BoaChain:
    """Stands in for keepers.core.chain.Chain. `requests` counts what would be HTTP requests."""

    chain_id: int = 31337
    base_fee: int = 10**8
    tip: int = 0
    requests: int = 0

    def head(self) -> Head:
        number = boa.env.evm.patch.block_number
        return Head(number, f"0x{number:x}", boa.env.evm.patch.timestamp, self.base_fee)

    def call_many(self, calls: Sequence[Call], _block: int | str) -> list[bytes | Reverted]:
        self.requests += bool(calls)
        return [self._answer(self._run(call)) for call in calls]

    def estimate_many(self, calls: Sequence[Call], _block: int | str) -> list[int | Reverted]:
        self.requests += bool(calls)
        done = [self._run(call) for call in calls]
        return [
            Reverted(bytes(one.output)) if one.is_error else one.get_gas_used() + 21_000
            for one in done
        ]

    def suggested_tip(self) -> int:
        self.requests += 1
        return self.tip

    def send(self, to: str, data: bytes, sender: str, gas: int | None = None) -> Any:
        """A transaction. Returns what boa knows of it."""
        return boa.env.execute_code(to_address=to, data=data, sender=sender, gas=gas)

    def _run(self, call: Call) -> Any:
        return boa.env.execute_code(
            to_address=call.to, data=call.data, sender=call.sender, simulate=True
        )

    def _answer(self, done: Any) -> bytes | Reverted:
        return Reverted(bytes(done.output)) if done.is_error else bytes(done.output)


@dataclass
class Town:
    """A protocol with orchestrators, and a keeper's view of it. `members` is for a test's own."""

    parameters: Parameters = field(default_factory=Parameters)
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.protocol = Protocol(self.parameters)
        self.chain: Any = BoaChain()
        self.book = Book(self.chain, self.protocol.controller.address)
        self.caller = self.protocol.account("reward caller")

    def orchestrators(self, *stakes: int, caller: str | None = None) -> tuple[str, ...]:
        """Registered in this round, active in the next. Stakes in LPT."""
        found = []
        for stake in stakes:
            one = self.protocol.account("orchestrator", lpt=stake * LPT)
            manager = self.protocol.bonding_manager
            manager.bond(stake * LPT, one, sender=one)
            if caller:
                manager.setRewardCaller(caller, sender=one)
            found.append(one)
        return tuple(found)

    def stake(self, orchestrator: str) -> int:
        return int(self.protocol.bonding_manager.transcoderTotalStake(orchestrator))

    def order(self) -> list[str]:
        """The pool, largest stake first."""
        manager, found = self.protocol.bonding_manager, []
        one = manager.getFirstTranscoderInPool()
        while int(one, 16):
            found.append(str(one))
            one = manager.getNextTranscoderInPool(one)
        return found
