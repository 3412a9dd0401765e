"""The quorum tracker beside the real governor: 20 random electorates, proposal to execution."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from eth_utils.crypto import keccak

from scripts._governance.tally import State, Tally, read_tally
from tests.stateful.system import ACTORS, LPT, OWNER, ROUND_LENGTH
from tests.stateful.voting_system import Settings, VotingSystem, new_voting_system

SETTINGS = Settings(
    voting_delay=1, voting_period=2, threshold=1, quorum=333_300, quota=500_000, min_delay=0
)
TRANSCODERS = ACTORS[:3]
AGAINST, FOR, ABSTAIN = range(3)


class PyrevmNode:
    """Enough JSON-RPC for views. The only state is that of the newest block."""

    def __init__(self, system: VotingSystem) -> None:
        self.chain = system.chain
        self.provider = self

    def make_request(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method == "eth_blockNumber":
            return {"result": hex(self.chain.block)}
        assert method == "eth_call"
        call, block = params
        assert int(block, 16) == self.chain.block
        succeeded, output = self.chain.look(call["to"], bytes.fromhex(call["data"][2:]))
        if not succeeded:
            return {"error": {"message": f"execution reverted: {output.hex()}"}}
        return {"result": "0x" + output.hex()}


class Electorate:
    """One proposal, and the votes on it counted by the rule of overrides, from what was cast."""

    def __init__(self, system: VotingSystem, seed: int) -> None:
        self.system, self.random = system, Random(seed)
        self.actions = [system.treasury.address], [0], [b""]
        self.description = f"electorate {seed}"
        self.cast: dict[str, int] = {}

    @property
    def key(self) -> tuple[Any, ...]:
        return (*self.actions, keccak(text=self.description))

    def stake(self) -> None:
        """Actors bond odd amounts, some to another transcoder than before."""
        for actor in self.random.sample(ACTORS[1:], 3):
            amount = self.random.randrange(1, 20 * LPT)
            to = actor if actor in TRANSCODERS else self.random.choice(TRANSCODERS)
            self.system.bonding.must("bond", amount, to, sender=actor)

    def next_round(self, count: int = 1) -> None:
        block = (self.system.chain.block // ROUND_LENGTH + count) * ROUND_LENGTH
        self.system.chain.move_to(block)
        self.system.contracts["RoundsManager"].must("initializeRound", sender=OWNER)

    def propose(self) -> int:
        proposer = ACTORS[0]
        self.system.governor.must("propose", *self.actions, self.description, sender=proposer)
        return int(self.system.governor.view("hashProposal", *self.key))

    def vote(self, proposal: int) -> None:
        for voter in self.random.sample(ACTORS, self.random.randint(0, len(ACTORS))):
            self.cast[voter] = self.random.choice([AGAINST, AGAINST, FOR, FOR, ABSTAIN])
            self.system.governor.must("castVote", proposal, self.cast[voter], sender=voter)

    def powers(self, snapshot: int) -> int:
        """What the vote events say in sum: too much, if a transcoder's delegator voted too."""
        view = self.system.votes.view
        return sum(int(view("getPastVotes", voter, snapshot)) for voter in self.cast)

    def counted(self, snapshot: int) -> list[int]:
        """Everybody's own part of the stake speaks once: by itself, else through its delegate."""
        votes = self.system.votes
        weights = {voter: votes.view("getPastVotes", voter, snapshot) for voter in self.cast}
        sums = [0, 0, 0]
        for voter, support in self.cast.items():
            own = [
                weights[other]
                for other in self.cast
                if other != voter and votes.view("delegatedAt", other, snapshot) == voter
            ]
            sums[support] += weights[voter] - sum(own)
        return sums


def assert_equals_views(tally: Tally, system: VotingSystem) -> None:
    view, number = system.governor.view, tally.proposal_id
    votes = tally.against_votes, tally.for_votes, tally.abstain_votes
    assert tally.state == view("state", number)
    assert votes == view("proposalVotes", number)
    assert tally.proposer.lower() == view("proposalProposer", number)
    assert (tally.quota, tally.threshold) == (view("quota"), view("proposalThreshold"))
    assert (tally.snapshot, tally.deadline) == (
        view("proposalSnapshot", number),
        view("proposalDeadline", number),
    )
    assert tally.clock == view("clock")
    assert (tally.eta or 0) == view("proposalEta", number)
    if tally.state is State.PENDING:
        assert (tally.quorum, tally.quorum_left) == (None, None)
    else:
        assert tally.quorum == view("quorum", tally.snapshot)
        assert tally.quorum_left == max(0, tally.quorum - sum(votes))


def passes(votes: list[int], quorum: int) -> bool:
    opinions = votes[AGAINST] + votes[FOR]
    bar = Fraction(opinions) * SETTINGS.quota / 1_000_000
    return sum(votes) >= quorum and votes[FOR] > bar - 1


def with_more(votes: list[int], more: int) -> list[int]:
    return [votes[AGAINST], votes[FOR] + more, votes[ABSTAIN]]


@pytest.fixture(scope="module")
def system() -> VotingSystem:
    """Three transcoders; the first also proposes."""
    system = new_voting_system(SETTINGS, pool_size=3)
    for actor in TRANSCODERS:
        system.bonding.must("bond", 10 * LPT + 1, actor, sender=actor)
    return system


def test_read_tally__twenty_electorates__equals_views_and_foretells_what_the_contract_decides(
    system: VotingSystem,
) -> None:
    chain, met, overrides = PyrevmNode(system), set(), 0
    for seed in range(20):
        electorate = Electorate(system, seed)
        electorate.stake()
        electorate.next_round()
        proposal = electorate.propose()

        def read(number: int = proposal) -> Tally:
            tally = read_tally(chain, system.governor.address, number)
            assert_equals_views(tally, system)
            return tally

        assert read().rounds_left == SETTINGS.voting_period
        electorate.next_round(2)
        electorate.vote(proposal)

        active = read()
        votes = electorate.counted(active.snapshot)
        assert [active.against_votes, active.for_votes, active.abstain_votes] == votes
        overrides += sum(votes) < electorate.powers(active.snapshot)
        expected = passes(votes, active.quorum or 0)
        assert active.if_ended_now is (State.SUCCEEDED if expected else State.DEFEATED)
        needed = active.for_needed
        assert needed is not None
        assert passes(with_more(votes, needed), active.quorum or 0)
        assert needed == 0 or not passes(with_more(votes, needed - 1), active.quorum or 0)

        electorate.next_round()
        assert (read().state, read().rounds_left) == (State.ACTIVE, 1)
        electorate.next_round()
        decided = read()
        assert decided.state is active.if_ended_now
        met.add((decided.state, needed == 0))
        if decided.state is State.SUCCEEDED:
            assert decided.earliest_round == decided.clock
            system.governor.must("queue", *electorate.key, sender=ACTORS[1])
            assert read().state is State.QUEUED
            system.governor.must("execute", *electorate.key, sender=ACTORS[1])
            assert (read().state, read().earliest_round) == (State.EXECUTED, None)
    assert {state for state, _ in met} == {State.SUCCEEDED, State.DEFEATED}
    assert overrides
