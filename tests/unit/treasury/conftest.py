"""The Treasury with one holder of each role, and a target that takes, refuses or comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.support.contracts import ZERO, deploy

MIN_DELAY = 5
NOTHING = bytes(32)  # no predecessor, no salt
SALT = keccak(text="salt")
NO_CODE = "0x00000000000000000000000000000000000000AA"

ADMIN_ROLE = keccak(text="TIMELOCK_ADMIN_ROLE")
PROPOSER_ROLE = keccak(text="PROPOSER_ROLE")
EXECUTOR_ROLE = keccak(text="EXECUTOR_ROLE")
CANCELLER_ROLE = keccak(text="CANCELLER_ROLE")

CALL_TYPES = ("address", "uint256", "bytes", "bytes32", "bytes32")
BATCH_TYPES = ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32")

Call = tuple[str, int, bytes, bytes, bytes]
Batch = tuple[list[str], list[int], list[bytes], bytes, bytes]


def id_of(operation: Call | Batch) -> bytes:
    types = CALL_TYPES if isinstance(operation[0], str) else BATCH_TYPES
    return bytes(keccak(encode(types, operation)))


def missing(account: str, role: bytes) -> str:
    return f"AccessControl: account {account.lower()} is missing role 0x{role.hex()}"


def now() -> int:
    return int(boa.env.evm.patch.timestamp)


@dataclass(frozen=True)
class Timelock:
    treasury: Any
    admin: str
    proposer: str
    executor: str
    action: Any  # the target

    def call(
        self,
        data: bytes = b"taken",
        *,
        value: int = 0,
        predecessor: bytes = NOTHING,
        salt: bytes = NOTHING,
    ) -> Call:
        """One call, which the target takes."""
        return self.action.address, value, data, predecessor, salt

    def batch(self, *datas: bytes, salt: bytes = NOTHING) -> Batch:
        """A call of the target for each calldata."""
        count = len(datas)
        return [self.action.address] * count, [0] * count, list(datas), NOTHING, salt

    def coming_back(self, function: str, *arguments: Any) -> Call:
        """A call that calls the Treasury, once, with that."""
        data = getattr(self.treasury, function).prepare_calldata(*arguments)
        self.action.arm(self.treasury.address, data)
        return self.call(self.action.comeBack.prepare_calldata())

    def schedule(self, operation: Call | Batch, delay: int = MIN_DELAY) -> bytes:
        one = isinstance(operation[0], str)
        function = self.treasury.schedule if one else self.treasury.scheduleBatch
        function(*operation, delay, sender=self.proposer)
        return id_of(operation)

    def execute(self, operation: Call | Batch, *, value: int = 0) -> None:
        one = isinstance(operation[0], str)
        function = self.treasury.execute if one else self.treasury.executeBatch
        function(*operation, sender=self.executor, value=value)

    def ready(self, operation: Call | Batch) -> bytes:
        """Schedule it and wait until it may be executed."""
        operation_id = self.schedule(operation)
        boa.env.time_travel(seconds=MIN_DELAY)
        return operation_id

    def carry_out(self, function: str, *arguments: Any) -> None:
        """Have the Treasury call itself."""
        data = getattr(self.treasury, function).prepare_calldata(*arguments)
        operation = (self.treasury.address, 0, data, NOTHING, SALT)
        self.ready(operation)
        self.execute(operation)


@pytest.fixture(scope="module")
def timelock() -> Timelock:
    names = ("admin", "proposer", "executor")
    admin, proposer, executor = (str(boa.env.generate_address(name)) for name in names)
    treasury = deploy("Treasury")
    treasury.initialize(MIN_DELAY, [proposer], [executor], admin)
    return Timelock(treasury, admin, proposer, executor, deploy("ActionMock"))


@pytest.fixture
def open_timelock(timelock: Timelock) -> Timelock:
    """Anyone may execute."""
    timelock.treasury.grantRole(EXECUTOR_ROLE, ZERO, sender=timelock.admin)
    return timelock
