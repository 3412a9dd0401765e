"""PollCreator: who may create polls, and what is created."""

from __future__ import annotations

import re
from typing import Any

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector as selector

from tests.support.calls import logs, reverted, reverts_bare
from tests.support.contracts import ZERO, at, deploy, source_of
from tools.vyper_sources import analysed

COST = 100 * 10**18
PERIOD = 57_600
TOO_LITTLE = "PollCreator#createPoll: INSUFFICIENT_STAKE"
PROPOSAL = b"QmdRk3pKnHyVkCvYyT4BSgCoLwUcqvYkYDYtPYHMPWNvVz"
LONGEST = 8192


@pytest.fixture(scope="module")
def stake() -> Any:
    return deploy("StakeMock")


@pytest.fixture(scope="module")
def creator(stake: Any) -> Any:
    return deploy("PollCreator", stake.address)


def test_init__any_address__is_kept_beside_the_constants(creator: Any, stake: Any) -> None:
    assert creator.bondingManager() == stake.address
    assert creator.QUORUM() == 333_300
    assert creator.QUOTA() == 500_000
    assert creator.POLL_PERIOD() == PERIOD
    assert creator.POLL_CREATION_COST() == COST
    assert deploy("PollCreator", ZERO).bondingManager() == ZERO


@pytest.mark.parametrize(("pending", "total"), [(COST, 0), (0, COST), (COST, COST)])
def test_create_poll__enough_stake_of_either_kind__creates_one(
    creator: Any, stake: Any, orchestrator: str, pending: int, total: int
) -> None:
    stake.setStakes(orchestrator, pending, total)
    creator.createPoll(PROPOSAL, sender=orchestrator)

    end_block = boa.env.evm.patch.block_number + PERIOD
    ((name, poll, *rest),) = logs(creator)
    assert (name, rest) == ("PollCreated", [PROPOSAL, end_block, 333_300, 500_000])
    assert at("Poll", poll).endBlock() == end_block


def test_create_poll__created__behaves_as_a_poll(
    creator: Any, stake: Any, orchestrator: str, delegator: str
) -> None:
    stake.setStakes(orchestrator, COST, 0)
    creator.createPoll(PROPOSAL, sender=orchestrator)
    poll = at("Poll", logs(creator)[0][1])
    poll.vote(1, sender=delegator)
    assert logs(poll) == [("Vote", delegator, 1)]


def test_create_poll__same_stake_twice__creates_two(
    creator: Any, stake: Any, orchestrator: str
) -> None:
    stake.setStakes(orchestrator, COST, 0)
    polls = set()
    for _ in range(2):
        creator.createPoll(PROPOSAL, sender=orchestrator)
        polls.add(logs(creator)[0][1])
    assert len(polls) == 2


def test_create_poll__one_wei_short_of_both__reverts(
    creator: Any, stake: Any, orchestrator: str
) -> None:
    stake.setStakes(orchestrator, COST - 1, COST - 1)
    with boa.reverts(TOO_LITTLE):
        creator.createPoll(PROPOSAL, sender=orchestrator)


def test_create_poll__no_bonding_manager__reverts_bare() -> None:
    with reverts_bare():
        deploy("PollCreator", ZERO).createPoll(PROPOSAL)


@pytest.mark.parametrize("length", [0, LONGEST])
def test_create_poll__proposal_up_to_the_bound__is_logged_whole(
    creator: Any, stake: Any, orchestrator: str, length: int
) -> None:
    stake.setStakes(orchestrator, COST, 0)
    creator.createPoll(b"\xab" * length, sender=orchestrator)
    assert logs(creator)[0][2] == b"\xab" * length


def test_create_poll__proposal_over_the_bound__reverts_bare(
    creator: Any, stake: Any, orchestrator: str
) -> None:
    stake.setStakes(orchestrator, COST, 0)
    data = selector("createPoll(bytes)") + encode(["bytes"], [b"\xab" * (LONGEST + 1)])
    assert reverted(creator.address, data, sender=orchestrator) == b""


def test_embedded_code__poll_as_compiled_now__is_the_same() -> None:
    """On failure: the code on the right belongs into contracts/governance/modules/poll_code.vy."""
    module = source_of("PollCreator").parent / "modules" / "poll_code.vy"
    size, embedded = re.findall(r'Bytes\[(\d+)\]\) = x"(\w+)"', module.read_text())[0]
    poll = analysed(source_of("Poll"))
    poll.no_bytecode_metadata = True  # a hash of the source text, which a comment changes
    assert embedded == poll.bytecode.hex()
    assert int(size) == len(poll.bytecode)
