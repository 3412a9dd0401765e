"""What an operation will cost, and whether it earns that. Gas, and wei.

The gas that an operation uses is learned from its own past; until there is enough of that, it is
what a node estimates. On Arbitrum the data that goes to L1 is paid for in gas too, at a price that
moves on its own: it is asked for. Source: keepers spec (e1), R20; governance spec, "Fees".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING, Literal

from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from keepers.core.amounts import ETHER, show_short
from keepers.core.model import MILLION, Call, Reverted

if TYPE_CHECKING:
    from keepers.core.chain import Chain
    from keepers.core.journal import Journal

ENOUGH = 5  # samples, before they say more than an estimate
RECENT = 20  # samples; older ones are of another pool, or of older contracts
Mode = Literal["off", "warn", "enforce"]

# Not a contract: Arbitrum's nodes answer calls to this address themselves.
NODE_INTERFACE = "0x00000000000000000000000000000000000000C8"
_L1_COMPONENT = bytes(
    function_signature_to_4byte_selector("gasEstimateL1Component(address,bool,bytes)")
)


class Costs:
    def __init__(self, chain: Chain, journal: Journal) -> None:
        self._chain, self._journal = chain, journal
        self._has_l1_part = True  # until the chain says otherwise

    def expected_gas(self, kind: str, estimate: int, l1_gas: int = 0) -> int:
        """Gas that will be used, if a node estimates `estimate`, `l1_gas` of it for L1 data.

        Never above the estimate: that is enough in the state of now, and what was used before has
        the L1 data of its own time in it.
        """
        used = self._journal.gas_samples(kind, RECENT)
        return min(estimate, median_low(used) + l1_gas) if len(used) >= ENOUGH else estimate

    def l1_gas(self, calls: Sequence[Call], block: int | str) -> list[int]:
        """Gas that each call pays for its L1 data; 0 on a chain that charges none in gas.

        Raises Unavailable.
        """
        if not self._has_l1_part or not calls:
            return [0] * len(calls)
        asks = [
            Call(
                NODE_INTERFACE,
                _L1_COMPONENT + encode(["address", "bool", "bytes"], [c.to, False, c.data]),
            )
            for c in calls
        ]
        found = [_l1_part(answer) for answer in self._chain.call_many(asks, block)]
        self._has_l1_part = any(part is not None for part in found)
        return [part or 0 for part in found]


def _l1_part(answer: bytes | Reverted) -> int | None:
    """None: there is no such interface, as a call to an address without code returns nothing.

    The answer is that gas, the base fee, and the base fee of L1 as far as Arbitrum knows it.
    """
    if isinstance(answer, Reverted) or len(answer) != 3 * 32:
        return None
    return int.from_bytes(answer[:32])


@dataclass(frozen=True)
class Profit:
    """`goes`: whether it may be done. `text` says what is wrong, and is empty if nothing is."""

    goes: bool
    text: str = ""


@dataclass(frozen=True)
class ProfitGate:
    """Whether what earns too little is done (off), done with a word about it (warn) or not done.

    `margin` is what must be earned above the cost, in parts per million of it.
    """

    mode: Mode = "off"
    margin: int = 200_000

    def judge(self, worth: int | None, cost: int) -> Profit:
        """What nobody knows the worth of is done: starting a round, for one, has no price."""
        if self.mode == "off" or worth is None:
            return Profit(True)
        needed = -(-cost * (MILLION + self.margin) // MILLION)
        if worth >= needed:
            return Profit(True)
        text = (
            f"earns {_eth(worth)}, {_eth(needed - worth)} less than its cost of {_eth(cost)} and "
            f'a margin of {self.margin // 10_000} % (profitability = "{self.mode}")'
        )
        return Profit(self.mode == "warn", text)


def _eth(wei: int) -> str:
    return f"{show_short(wei, ETHER)} ETH"
