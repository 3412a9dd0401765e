"""The Treasury: operations that wait, then run. Core spec, section 15.

Only what proposals meet: roles, batches, the delay. What an operation does to the rest of the
system is handed in by whoever executes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from eth_abi import encode
from eth_utils.crypto import keccak

from tests.models.arithmetic import Reverted, require
from tests.models.economy import Rounds
from tests.models.records import ZERO, Event

ADMIN = keccak(text="TIMELOCK_ADMIN_ROLE")
PROPOSER = keccak(text="PROPOSER_ROLE")
EXECUTOR = keccak(text="EXECUTOR_ROLE")
CANCELLER = keccak(text="CANCELLER_ROLE")
NO_PREDECESSOR = bytes(32)
DONE = 1
NOT_READY = "TimelockController: operation is not ready"
FAILED = "TimelockController: underlying transaction reverted"

#: Runs a call: sender, target, value, data. Raises `Reverted` if it fails.
Call = Callable[[str, str, int, bytes], None]


class Actions(NamedTuple):
    """What a proposal or an operation does, call by call."""

    targets: tuple[str, ...]
    values: tuple[int, ...]
    calldatas: tuple[bytes, ...]

    def encoded(self, *rest: bytes) -> bytes:
        types = ["address[]", "uint256[]", "bytes[]"] + ["bytes32"] * len(rest)
        return bytes(encode(types, [*self, *rest]))


def operation_id(actions: Actions, salt: bytes) -> bytes:
    return keccak(actions.encoded(NO_PREDECESSOR, salt))


@dataclass
class Timelock:
    """Times are seconds; a block takes `block_time` of them."""

    events: list[Event]
    address: str
    rounds: Rounds
    block_time: int
    min_delay: int = 0
    ready_at: dict[bytes, int] = field(default_factory=dict)  # by operation; DONE once executed
    roles: defaultdict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))

    def log(self, name: str, *args: object) -> None:
        self.events.append(Event("Treasury", name, args))

    @property
    def now(self) -> int:
        return self.block_time * self.rounds.block

    # -- start

    def initialize(self, sender: str, min_delay: int) -> None:
        """With the sender as administrator, and nobody in the other roles."""
        for role in (ADMIN, PROPOSER, EXECUTOR, CANCELLER):
            self.log("RoleAdminChanged", role, bytes(32), ADMIN)
        self.grant(sender, ADMIN, self.address)
        self.grant(sender, ADMIN, sender)
        self._set_delay(min_delay)
        self.log("Initialized", 1)

    def grant(self, sender: str, role: bytes, account: str) -> None:
        self.roles[role].add(account)
        self.log("RoleGranted", role, account, sender)

    # -- operations

    def is_pending(self, operation: bytes) -> bool:
        return self.ready_at.get(operation, 0) > DONE

    def is_done(self, operation: bytes) -> bool:
        return self.ready_at.get(operation, 0) == DONE

    def is_ready(self, operation: bytes) -> bool:
        return self.is_pending(operation) and self.ready_at[operation] <= self.now

    def schedule(self, sender: str, actions: Actions, salt: bytes, delay: int) -> None:
        self._require_role(sender, PROPOSER)
        operation = operation_id(actions, salt)
        known = self.ready_at.get(operation, 0) > 0
        require(not known, "TimelockController: operation already scheduled")
        require(delay >= self.min_delay, "TimelockController: insufficient delay")
        self.ready_at[operation] = self.now + delay
        for index, (target, value, data) in enumerate(zip(*actions, strict=True)):
            scheduled = (operation, index, target, value, data, NO_PREDECESSOR, delay)
            self.log("CallScheduled", *scheduled)
        self.log("CallSalt", operation, salt)

    def execute(self, sender: str, actions: Actions, salt: bytes, call: Call) -> None:
        self._require_role(sender, EXECUTOR)
        operation = operation_id(actions, salt)
        require(self.is_ready(operation), NOT_READY)
        for index, (target, value, data) in enumerate(zip(*actions, strict=True)):
            try:
                call(self.address, target, value, data)
            except Reverted:
                raise Reverted(FAILED) from None
            self.log("CallExecuted", operation, index, target, value, data)
        self.ready_at[operation] = DONE

    def cancel(self, sender: str, operation: bytes) -> None:
        self._require_role(sender, CANCELLER)
        pending = self.is_pending(operation)
        require(pending, "TimelockController: operation cannot be cancelled")
        del self.ready_at[operation]
        self.log("Cancelled", operation)

    def update_delay(self, sender: str, delay: int) -> None:
        require(sender == self.address, "TimelockController: caller must be timelock")
        self._set_delay(delay)

    def _set_delay(self, delay: int) -> None:
        self.log("MinDelayChange", self.min_delay, delay)
        self.min_delay = delay

    def _require_role(self, sender: str, role: bytes) -> None:
        held = sender in self.roles[role] or (role == EXECUTOR and ZERO in self.roles[role])
        require(held, f"AccessControl: account {sender} is missing role 0x{role.hex()}")
