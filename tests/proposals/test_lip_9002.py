"""LIP-9002: the treasury route, from the proposal to the transfer."""

from __future__ import annotations

import boa
import pytest

from scripts._governance.loader import load
from scripts._governance.model import Proposal
from scripts._governance.routes import TreasuryProposal, build_treasury_proposal, default_route
from tests.support.contracts import deploy
from tests.support.governed import Governed, assert_holds
from tests.support.protocol import LPT

AMOUNT = 100 * LPT
FOR = 1
SUCCEEDED, QUEUED, EXECUTED = 4, 5, 7


@pytest.fixture
def before(governed: Governed, orchestrator: str) -> Governed:
    """An empty faucet, LPT in the treasury, and one orchestrator that holds all the votes."""
    protocol = governed.protocol
    faucet = deploy("LivepeerTokenFaucet", protocol.token.address, 10 * LPT, 1)
    protocol.register("LivepeerTokenFaucet", faucet.address)
    protocol.token.mint(protocol.treasury, 150 * LPT, sender=protocol.owner)
    protocol.bonding_manager.bond(200 * LPT, orchestrator, sender=orchestrator)
    protocol.next_round(2)
    governed.hand_over()
    return governed


@pytest.fixture
def proposal(before: Governed) -> Proposal:
    return load(9002, interfaces=before.interfaces)


@pytest.fixture
def carried(before: Governed, proposal: Proposal) -> TreasuryProposal:
    return build_treasury_proposal(
        proposal, before.system, before.interfaces, description="# Refill the faucet"
    )


def test_lip_9002__whole_life__moves_100_lpt_and_nothing_else(
    before: Governed, proposal: Proposal, carried: TreasuryProposal, orchestrator: str
) -> None:
    protocol, system = before.protocol, before.system
    governor = system.address("LivepeerGovernor")
    votes = protocol.livepeer_governor
    calls = proposal.calls(system)
    assert default_route(calls) == "treasury"
    assert_holds(proposal, system, calls, "before")

    proposed = system.call(governor, carried.propose(), sender=orchestrator)
    assert proposed.succeeded, before.reason(proposed)
    ((contract, event, values),) = proposed.events
    assert (contract, event) == ("LivepeerGovernor", "ProposalCreated")
    assert values[0] == carried.id  # worked out on chain from what it was given
    protocol.next_round(2)
    votes.castVote(carried.id, FOR, sender=orchestrator)
    protocol.next_round(10)
    assert votes.state(carried.id) == SUCCEEDED
    assert system.call(governor, carried.queue(), sender=before.anyone).succeeded
    assert votes.state(carried.id) == QUEUED
    assert_holds(proposal, system, calls, "before")

    done = system.call(governor, carried.execute(), sender=before.anyone)
    assert done.succeeded, before.reason(done)
    assert votes.state(carried.id) == EXECUTED
    assert_holds(proposal, system, calls, "after")
    faucet = system.address("LivepeerTokenFaucet")
    data = carried.calldatas[0]
    executed = (carried.operation_id, 0, protocol.token.address, 0, data)
    assert done.events == (
        ("LivepeerGovernor", "ProposalExecuted", (carried.id,)),
        ("LivepeerToken", "Transfer", (protocol.treasury, faucet, AMOUNT)),
        ("Treasury", "CallExecuted", executed),
    )
    assert {name: done.changed[name] for name in done.changed if "balanceOf" in name} == {
        "LivepeerToken.balanceOf[Treasury]": (150 * LPT, 50 * LPT),
        "LivepeerToken.balanceOf[LivepeerTokenFaucet]": (0, AMOUNT),
    }
    assert {name.split("[")[0] for name in done.changed} == {
        "LivepeerToken.balanceOf",
        "LivepeerGovernor.proposals._proposals",
        "Treasury.timelock.getTimestamp",
    }


def test_lip_9002__before_the_vote_is_over__cannot_be_queued(
    before: Governed, carried: TreasuryProposal, orchestrator: str
) -> None:
    governor = before.system.address("LivepeerGovernor")
    assert before.system.call(governor, carried.propose(), sender=orchestrator).succeeded
    early = before.system.call(governor, carried.queue(), sender=before.anyone)
    assert before.reason(early) == "Governor: proposal not successful"
    assert early.changed == {}


def test_lip_9002__faucet_that_is_full__check_before_names_the_action(
    before: Governed, proposal: Proposal
) -> None:
    system = before.system
    faucet = system.address("LivepeerTokenFaucet")
    before.protocol.token.mint(faucet, AMOUNT, sender=before.protocol.owner)
    with pytest.raises(AssertionError, match="before: .*action=1, name='LPT of the faucet'"):
        assert_holds(proposal, system, proposal.calls(system), "before")
    assert boa.env.get_balance(faucet) == 0
