"""Every view of the governor, for every proposal and voter, against the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.models.arithmetic import Reverted
from tests.models.governor import GovernorModel
from tests.stateful.system import ACCOUNTS, ACTORS
from tests.stateful.voting_system import VotingSystem
from tests.support.pyrevm_chain import CallReverted

UNKNOWN = 1  # an id nothing hashes to
LOOK_BACK = 4  # rounds whose votes are read after every step; all of them at the end


def assert_governor_agrees(system: VotingSystem) -> None:
    governor, model = system.governor, system.model.governor
    expected = {
        "clock": model.clock,
        "votingDelay": model.voting_delay,
        "votingPeriod": model.voting_period,
        "proposalThreshold": model.threshold,
        "quota": model.quota,
        "timelock": system.treasury.address,
        "token": system.votes.address,
        "votes": system.votes.address,
    }
    assert {name: governor.view(name) for name in expected} == expected
    assert system.treasury.view("getMinDelay") == system.model.timelock.min_delay
    for round_ in {model.clock, model.clock - 1, *model.quorum_history}:
        assert_same(
            lambda r=round_: governor.view("quorumNumerator", r),
            lambda r=round_: model.quorum_numerator(r),
        )
        assert_same(lambda r=round_: governor.view("quorum", r), lambda r=round_: model.quorum(r))
    assert_same(lambda: governor.view("state", UNKNOWN), lambda: model.state(UNKNOWN))
    for key in model.proposals:
        assert_proposal_agrees(system, key)
    assert_treasury_agrees(system)


def assert_proposal_agrees(system: VotingSystem, key: int) -> None:
    governor, model = system.governor, system.model.governor
    p = model.proposals[key]
    expected = {
        "state": model.state(key),
        "proposalSnapshot": p.snapshot,
        "proposalDeadline": p.deadline,
        "proposalProposer": p.proposer,
        "proposalEta": model.eta(key),
        "proposalVotes": p.tally.totals,
    }
    assert {name: governor.view(name, key) for name in expected} == expected
    voted = [a for a in ACTORS if governor.view("hasVoted", key, a)]
    assert voted == [a for a in ACTORS if a in p.tally.ballots]
    assert_same(
        lambda: governor.view("quorum", p.snapshot),
        lambda: model.quorum(p.snapshot),
    )


def assert_treasury_agrees(system: VotingSystem) -> None:
    holders = (system.treasury.address, system.governor.address, *ACTORS)
    for holder in holders:
        assert system.token.view("balanceOf", holder) == system.model.token.balances[holder]
    for holder in holders[:2]:
        assert system.chain.balance(holder) == system.model.ether[holder]


def assert_past_votes_agree(system: VotingSystem, rounds: range) -> None:
    """Votes, delegates and totals of rounds that are over; none of these reads ever reverts."""
    governor, votes, model = system.governor, system.votes, system.model.governor
    for round_ in rounds:
        assert votes.view("getPastTotalSupply", round_) == model.votes.total_at(round_ + 1)
        for account in ACCOUNTS:
            assert governor.view("getVotes", account, round_) == model.power(account, round_)
            assert votes.view("delegatedAt", account, round_) == model.delegate(account, round_)


def assert_transcoders_agree(system: VotingSystem) -> None:
    """Who has a checkpoint is its own delegate there if and only if it is registered."""
    for account in ACCOUNTS:
        if system.votes.view("hasCheckpoint", account):
            registered = system.bonding.view("isRegisteredTranscoder", account)
            own_delegate = system.votes.view("delegates", account) == account
            assert own_delegate == registered


def assert_same(seen: Callable[[], Any], expected: Callable[[], Any]) -> None:
    assert _outcome(seen) == _outcome(expected)


def _outcome(read: Callable[[], Any]) -> Any:
    """A value, or why there is none."""
    try:
        return read()
    except CallReverted as failure:
        return f"reverted: {failure}"
    except Reverted as failure:
        return f"reverted: {failure.reason}"


def states(model: GovernorModel) -> dict[int, int]:
    """By proposal."""
    return {key: model.state(key) for key in model.proposals}
