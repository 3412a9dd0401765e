"""The modelled protocol with its treasury: what an action of a proposal does to the rest.

Actions are decoded here by themselves, from calldata. Calls to contracts that no proposal in the
tests addresses are not modelled, and say so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from eth_abi import decode
from eth_utils.crypto import keccak

from tests.models.arithmetic import BARE, require
from tests.models.governor import GovernorModel
from tests.models.protocol import ProtocolModel
from tests.models.timelock import Actions, Timelock


def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


TRANSFER = selector("transfer(address,uint256)")
UPDATE_DELAY = selector("updateDelay(uint256)")
RELAY = selector("relay(address,uint256,bytes)")
SETTERS = {
    selector("setVotingDelay(uint256)"): GovernorModel.set_voting_delay,
    selector("setVotingPeriod(uint256)"): GovernorModel.set_voting_period,
    selector("setProposalThreshold(uint256)"): GovernorModel.set_threshold,
    selector("updateQuorumNumerator(uint256)"): GovernorModel.set_quorum,
}


@dataclass
class GovernedProtocol(ProtocolModel):
    """`token_address` is the LPT; `ether` what accounts hold, as far as proposals move it."""

    timelock: Timelock
    governor: GovernorModel
    token_address: str
    ether: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    # -- transactions that call on

    def execute_proposal(self, sender: str, actions: Actions, text: str, value: int = 0) -> None:
        self._move_ether(sender, self.timelock.address, value)
        self.governor.execute(actions, text, self.call)

    def execute_operation(self, sender: str, actions: Actions, salt: bytes) -> None:
        """Past the governor, by somebody whom the timelock lets execute."""
        self.timelock.execute(sender, actions, salt, self.call)

    # -- calls

    def call(self, sender: str, target: str, value: int, data: bytes) -> None:
        self._move_ether(sender, target, value)
        if target == self.governor.address:
            self._call_governor(sender, value, data)
        elif target == self.timelock.address and data:
            require(value == 0, BARE)
            assert data[:4] == UPDATE_DELAY, data.hex()
            self.timelock.update_delay(sender, *decode(["uint256"], data[4:]))
        elif target == self.token_address:
            require(value == 0, BARE)
            assert data[:4] == TRANSFER, data.hex()
            self.token.transfer(sender, *decode(["address", "uint256"], data[4:]))

    def call_governor(self, sender: str, data: bytes) -> None:
        """As anybody may, in vain."""
        self._call_governor(sender, 0, data)

    def _call_governor(self, sender: str, value: int, data: bytes) -> None:
        require(data != b"", "Governor: must send to executor")
        if data[:4] == RELAY:
            self.governor.require_governance(sender, data)
            target, amount, inner = decode(["address", "uint256", "bytes"], data[4:])
            self.call(self.governor.address, target, amount, inner)
            return
        require(value == 0, BARE)
        self.governor.require_governance(sender, data)
        SETTERS[data[:4]](self.governor, *decode(["uint256"], data[4:]))

    def _move_ether(self, sender: str, recipient: str, amount: int) -> None:
        require(amount <= self.ether[sender], BARE)
        self.ether[sender] -= amount
        self.ether[recipient] += amount


def governed(
    protocol: ProtocolModel, *, treasury: str, governor: str, token: str, block_time: int
) -> GovernedProtocol:
    """The protocol with a treasury and its governor just deployed, not initialised."""
    p = protocol
    timelock = Timelock(p.events, treasury, p.rounds, block_time)
    model = GovernorModel(p.events, governor, p.registry, p.rounds, p.bonding.votes, timelock)
    parts = (p.events, p.registry, p.rounds, p.token, p.minter, p.bonding)
    return GovernedProtocol(*parts, timelock, model, token)
