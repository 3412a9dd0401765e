"""The governor on the real BondingVotes: stake, rounds, rewards. Core spec, section 16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boa
import pytest

from tests.support.calls import error_data, reverts_with_data
from tests.support.contracts import ZERO
from tests.support.protocol import LPT, Protocol
from tests.unit.livepeer_governor.conftest import (
    ABSTAIN,
    ACTIVE,
    AGAINST,
    EXECUTED,
    FOR,
    PENDING,
    QUEUED,
    SUCCEEDED,
    THRESHOLD,
    Content,
    call,
)

PERC = 10**6
NO_HINTS = (ZERO, ZERO, ZERO, ZERO)
TOO_FEW = "Governor: proposer votes below proposal threshold"


@dataclass
class Assembly:
    """A protocol with its treasury, and stake that votes."""

    protocol: Protocol
    treasury: Any
    governor: Any

    def bonded(self, role: str, stake: int, to: str = "") -> str:
        account = self.protocol.account(role, lpt=stake)
        self.protocol.bonding_manager.bond(stake, to or account, sender=account)
        return account

    def next_round(self, count: int = 1) -> None:
        self.protocol.next_round(count)

    def open(self, content: Content, proposer: str) -> int:
        key = int(self.governor.propose(*content, sender=proposer))
        self.next_round(2)
        return key


@pytest.fixture
def assembly(protocol: Protocol) -> Assembly:
    return Assembly(protocol, protocol.treasury_contract, protocol.livepeer_governor)


@pytest.fixture
def transcoder(assembly: Assembly) -> str:
    """With 100 LPT of its own."""
    return assembly.bonded("orchestrator", THRESHOLD)


@pytest.fixture
def delegation(assembly: Assembly, transcoder: str) -> str:
    """A delegator with 60 LPT; both vote from the next round on."""
    delegator = assembly.bonded("delegator", 60 * LPT, transcoder)
    assembly.next_round()
    return delegator


@pytest.fixture
def pay(assembly: Assembly, stranger: str) -> Content:
    """1 LPT from the treasury."""
    protocol = assembly.protocol
    protocol.token.mint(assembly.treasury.address, LPT, sender=protocol.owner)
    return call(protocol.token, "transfer", stranger, LPT)


def test_life__bond_to_payment__runs_by_rounds(
    assembly: Assembly, transcoder: str, pay: Content, stranger: str
) -> None:
    governor = assembly.governor
    with boa.reverts(TOO_FEW):
        governor.propose(*pay, sender=transcoder)
    assembly.next_round()
    with boa.reverts(TOO_FEW):
        governor.propose(*pay, sender=stranger)
    key = governor.propose(*pay, sender=transcoder)
    assembly.next_round()
    assert governor.state(key) == PENDING
    assembly.next_round()
    assert governor.state(key) == ACTIVE
    governor.castVote(key, FOR, sender=transcoder)
    assembly.protocol.mine_to_next_round()  # rounds count though nobody initialises them
    assembly.next_round(9)
    assert governor.state(key) == SUCCEEDED
    governor.queue(*pay.hashed)
    assert governor.state(key) == QUEUED
    governor.execute(*pay.hashed)
    assert governor.state(key) == EXECUTED
    assert assembly.protocol.token.balanceOf(stranger) == LPT


def test_propose__stake_one_wei_short__reverts(assembly: Assembly, pay: Content) -> None:
    account = assembly.bonded("orchestrator", THRESHOLD - 1)
    assembly.next_round()
    with boa.reverts(TOO_FEW):
        assembly.governor.propose(*pay, sender=account)


@pytest.mark.usefixtures("delegation")
def test_quorum__stake_of_the_active_set__counts(
    assembly: Assembly, transcoder: str, pay: Content
) -> None:
    key = assembly.open(pay, transcoder)
    snapshot = assembly.governor.proposalSnapshot(key)
    assert assembly.governor.quorum(snapshot) == 160 * LPT * 333_300 // PERC
    now = assembly.protocol.current_round()
    with reverts_with_data(error_data("FutureLookup(uint256,uint256)", now, now - 1)):
        assembly.governor.quorum(now)


@pytest.mark.parametrize("first", ["transcoder", "delegator"])
def test_cast_vote__after_rewards__each_part_counts_once(
    assembly: Assembly, transcoder: str, delegation: str, pay: Content, first: str
) -> None:
    manager, votes = assembly.protocol.bonding_manager, assembly.governor.getVotes
    for _ in range(2):
        manager.reward(sender=transcoder)
        assembly.next_round()
    key = assembly.open(pay, transcoder)
    snapshot = assembly.governor.proposalSnapshot(key)
    power, part = votes(transcoder, snapshot), votes(delegation, snapshot)
    assert power > 160 * LPT
    assert 60 * LPT < part < power
    order = [(transcoder, FOR), (delegation, AGAINST)]
    for voter, support in order if first == "transcoder" else order[::-1]:
        assembly.governor.castVote(key, support, sender=voter)
    assert assembly.governor.proposalVotes(key) == (part, power - part, 0)


def test_cast_vote__stake_moved_after_the_snapshot__changes_nothing(
    assembly: Assembly, transcoder: str, delegation: str, pay: Content
) -> None:
    other = assembly.bonded("other", LPT)
    assembly.next_round()
    key = assembly.open(pay, transcoder)
    manager, receiver = assembly.protocol.bonding_manager, assembly.protocol.account("receiver")
    manager.transferBond(receiver, 10 * LPT, *NO_HINTS, sender=delegation)
    manager.bond(0, other, sender=delegation)
    assembly.next_round()
    for voter, support in ((delegation, AGAINST), (other, ABSTAIN), (transcoder, FOR)):
        assembly.governor.castVote(key, support, sender=voter)
    assert assembly.governor.castVote(key, AGAINST, sender=receiver) == 0
    assert assembly.governor.proposalVotes(key) == (60 * LPT, 100 * LPT, LPT)


@pytest.mark.usefixtures("delegation")
@pytest.mark.parametrize("first", ["delegate", "delegator"])
def test_cast_vote__delegator_of_no_transcoder__has_no_vote_to_override(
    assembly: Assembly, transcoder: str, pay: Content, stranger: str, first: str
) -> None:
    """H-02: neither it nor its delegate may touch a tally that never contained them."""
    delegator = assembly.bonded("outsider", 50 * LPT, stranger)
    assembly.next_round()
    key = assembly.open(pay, transcoder)
    assembly.governor.castVote(key, FOR, sender=transcoder)
    order = [(stranger, FOR), (delegator, AGAINST)]
    for voter, support in order if first == "delegate" else order[::-1]:
        assert assembly.governor.castVote(key, support, sender=voter) == 0
    assert assembly.governor.proposalVotes(key) == (0, 160 * LPT, 0)


@pytest.mark.parametrize("first", ["transcoder", "delegator"])
def test_cast_vote__transcoder_slashed_completely__nobody_votes_through_it(
    assembly: Assembly, transcoder: str, delegation: str, pay: Content, first: str
) -> None:
    """M-02: its delegators would have taken from a vote of weight 0, and stopped it."""
    proposer = assembly.bonded("proposer", THRESHOLD)
    assembly.next_round()
    verifier = boa.env.generate_address("verifier")
    assembly.protocol.register("Verifier", verifier)
    manager = assembly.protocol.bonding_manager
    manager.slashTranscoder(transcoder, ZERO, PERC, 0, sender=verifier)
    key = assembly.open(pay, proposer)
    order = [(transcoder, FOR), (delegation, AGAINST)]
    for voter, support in order if first == "transcoder" else order[::-1]:
        assert assembly.governor.castVote(key, support, sender=voter) == 0
    assembly.governor.castVote(key, ABSTAIN, sender=proposer)
    assert assembly.governor.proposalVotes(key) == (0, 0, THRESHOLD)
