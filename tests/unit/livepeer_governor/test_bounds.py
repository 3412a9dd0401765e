"""How much a proposal and a vote may carry: the bounds work, one more reverts with empty data."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from tests.support.calls import logs, returned, reverted
from tests.support.contracts import deploy
from tests.support.gas import transaction_gas
from tests.unit.livepeer_governor.conftest import EXECUTED, FOR, Content, Hall

MAX_ACTIONS, MAX_CALLDATA, MAX_DESCRIPTION = 10, 4_096, 32_768
MAX_REASON, MAX_PARAMS = 8_192, 1_024
BLOCK_GAS = 30_000_000
CONTENT = "address[],uint256[],bytes[]"


def largest() -> Content:
    """Ten different actions of the full length, and as many words as there may be."""
    target = deploy("ActionMock").address
    calldatas = [bytes([i]) * MAX_CALLDATA for i in range(1, MAX_ACTIONS + 1)]
    return Content([target] * MAX_ACTIONS, [0] * MAX_ACTIONS, calldatas, "d" * MAX_DESCRIPTION)


def test_propose_to_execute__everything_at_the_bound__works_within_a_block(
    hall: Hall, proposer: str
) -> None:
    content, gas = largest(), {}
    key = hall.governor.propose(*content, sender=proposer)
    gas["propose"] = transaction_gas(hall.governor, "propose", *content)
    assert logs(hall.governor)[0][6:] == (content.calldatas, 101, 111, content.description)
    hall.power.setClock(102)
    hall.vote(key, FOR, 10**21)
    hall.close(key)
    for function in ("queue", "execute"):
        getattr(hall.governor, function)(*content.hashed)
        gas[function] = transaction_gas(hall.governor, function, *content.hashed)

    executed = [entry for entry in logs(hall.governor) if entry[0] == "Called"]
    assert executed == [("Called", hall.treasury.address, 0, MAX_CALLDATA)] * MAX_ACTIONS
    assert hall.governor.state(key) == EXECUTED
    assert max(gas.values()) < BLOCK_GAS, gas


@pytest.mark.parametrize("over", ["actions", "calldata", "description"])
def test_propose__one_over_a_bound__reverts_bare(hall: Hall, proposer: str, over: str) -> None:
    count = MAX_ACTIONS + (over == "actions")
    size = MAX_CALLDATA + (over == "calldata")
    length = MAX_DESCRIPTION + (over == "description")
    values = [[hall.owner] * count, [0] * count, [b"\x01" * size] * count, "d" * length]
    data = selector(f"propose({CONTENT},string)") + encode([*CONTENT.split(","), "string"], values)
    assert reverted(hall.governor.address, data, sender=proposer) == b""


@pytest.mark.parametrize("function", ["queue", "execute", "cancel", "hashProposal"])
@pytest.mark.parametrize("over", ["actions", "calldata"])
def test_others__one_over_a_bound__revert_bare(
    hall: Hall, proposer: str, function: str, over: str
) -> None:
    count, size = MAX_ACTIONS + (over == "actions"), MAX_CALLDATA + (over == "calldata")
    values = [[hall.owner] * count, [0] * count, [b"\x01" * size] * count, bytes(32)]
    data = selector(f"{function}({CONTENT},bytes32)") + encode(
        [*CONTENT.split(","), "bytes32"], values
    )
    assert reverted(hall.governor.address, data, sender=proposer) == b""


# -- votes


def vote_data(reason: str, params: bytes, key: int, *signature: Any) -> bytes:
    types = ["uint256", "uint8", "string", "bytes", "uint8", "bytes32", "bytes32"]
    name = "castVoteWithReasonAndParams" + ("BySig" if signature else "")
    types = types if signature else types[:4]
    values = [key, FOR, reason, params, *signature]
    return bytes(selector(f"{name}({','.join(types)})") + encode(types, values))


def test_cast_vote__reason_and_params_at_the_bound__are_logged_whole(
    hall: Hall, pay: Content
) -> None:
    key = hall.open(pay)
    voter = hall.account("voter", 5)
    reason, params = "r" * MAX_REASON, b"\x07" * MAX_PARAMS
    hall.governor.castVoteWithReasonAndParams(key, FOR, reason, params, sender=voter)
    assert logs(hall.governor)[0][-2:] == (reason, params)
    other = hall.account("other", 5)
    hall.governor.castVoteWithReason(key, FOR, reason, sender=other)
    assert logs(hall.governor)[0][-1] == reason


@pytest.mark.parametrize("signature", [(), (27, bytes(32), bytes(32))])
@pytest.mark.parametrize(("more_reason", "more_params"), [(1, 0), (0, 1)])
def test_cast_vote__one_over_a_bound__reverts_bare(
    hall: Hall, pay: Content, signature: tuple[Any, ...], more_reason: int, more_params: int
) -> None:
    key = hall.open(pay)
    voter = hall.account("voter", 5)
    reason, params = "r" * (MAX_REASON + more_reason), b"\x07" * (MAX_PARAMS + more_params)
    data = vote_data(reason, params, key, *signature)
    assert reverted(hall.governor.address, data, sender=voter) == b""
    assert not hall.governor.hasVoted(key, voter)


def test_cast_vote__reason_over_its_bound__reverts_bare(hall: Hall, pay: Content) -> None:
    key = hall.open(pay)
    voter = hall.account("voter", 5)
    types = ["uint256", "uint8", "string"]
    data = selector("castVoteWithReason(uint256,uint8,string)")
    data += encode(types, [key, FOR, "r" * (MAX_REASON + 1)])
    assert reverted(hall.governor.address, data, sender=voter) == b""
    with boa.env.anchor():
        fits = selector("castVoteWithReason(uint256,uint8,string)")
        fits += encode(types, [key, FOR, "r" * MAX_REASON])
        assert returned(hall.governor.address, fits, sender=voter) == (5).to_bytes(32, "big")
