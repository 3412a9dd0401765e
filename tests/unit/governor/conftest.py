"""The Governor, its owner, and a target that takes, refuses or comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.support.contracts import ZERO, deploy

UPDATE_TYPE = "(address[],uint256[],bytes[],uint256)"
NO_CODE = "0x00000000000000000000000000000000000000AA"

Update = tuple[list[str], list[int], list[bytes], int]


def update_of(*actions: tuple[str, int, bytes], nonce: int = 0) -> Update:
    """Actions are target, value and calldata."""
    targets, values, datas = (list(column) for column in zip(*actions, strict=True))
    return targets, values, datas, nonce


def hash_of(update: Update) -> bytes:
    return bytes(keccak(encode([UPDATE_TYPE], [update])))


def block() -> int:
    return int(boa.env.evm.patch.block_number)


@dataclass(frozen=True)
class Governed:
    governor: Any
    owner: str
    action: Any  # the target

    def taken(self, *, value: int = 0, nonce: int = 0) -> Update:
        """An update of one action, which the target takes."""
        return update_of((self.action.address, value, b"taken"), nonce=nonce)

    def refused(self, data: bytes) -> Update:
        """An update of one action, which fails with these bytes."""
        self.action.arm(ZERO, data)
        return update_of((self.action.address, 0, self.action.refuseArmed.prepare_calldata()))

    def coming_back(self, data: bytes, *, nonce: int = 0) -> Update:
        """An update whose action calls the Governor, once, with `data`."""
        self.action.arm(self.governor.address, data)
        return update_of(
            (self.action.address, 0, self.action.comeBack.prepare_calldata()), nonce=nonce
        )

    def stage(self, update: Update, delay: int = 0) -> Update:
        self.governor.stage(update, delay, sender=self.owner)
        return update

    def carry_out(self, function: str, *arguments: Any) -> None:
        """Have the Governor call itself, by an update."""
        data = getattr(self.governor, function).prepare_calldata(*arguments)
        self.governor.execute(self.stage(update_of((self.governor.address, 0, data))))

    def entry_block(self, update: Update) -> int:
        """First block in which it may be executed; 0 if it is not staged."""
        return int(self.governor.updates(hash_of(update)))


@pytest.fixture(scope="module")
def governed() -> Governed:
    owner = str(boa.env.generate_address("owner"))
    return Governed(deploy("Governor", sender=owner), owner, deploy("ActionMock"))
