"""LivepeerGovernor: proposals, votes, settings. Core spec, section 16.

Votes are counted from what was cast, not step by step: a ballot weighs what its voter had, less
what those have cast themselves who delegate to it. The order of ballots cannot matter here, so the
contract, which keeps running totals, is compared with a definition instead of with itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from tests.models.arithmetic import PERC, require
from tests.models.economy import Registry, Rounds
from tests.models.records import ZERO, Event
from tests.models.timelock import Actions, Call, Timelock, operation_id
from tests.models.votes import VotesModel

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
AGAINST, FOR, ABSTAIN = range(3)
NOT_SUCCESSFUL = "Governor: proposal not successful"
NAMED_PROPOSER = re.compile(rb"#proposer=0x([0-9a-fA-F]{40})\Z")


@dataclass(frozen=True)
class Ballot:
    """One vote. `overrides`: the weight is part of the power of `delegate`, who is a transcoder."""

    support: int
    weight: int
    delegate: str
    overrides: bool


@dataclass
class Tally:
    """The ballots of one proposal, by voter."""

    ballots: dict[str, Ballot] = field(default_factory=dict)

    def cast(self, voter: str, ballot: Ballot) -> None:
        require(ballot.support <= ABSTAIN, f"InvalidVoteType({ballot.support})")
        require(voter not in self.ballots, "VoteAlreadyCast()")
        self.ballots[voter] = ballot

    def counted(self, voter: str) -> int:
        """What a ballot weighs in the end."""
        others = [b for b in self.ballots.values() if b.overrides and b.delegate == voter]
        weight = self.ballots[voter].weight - sum(ballot.weight for ballot in others)
        assert weight >= 0, f"{voter}: its delegators have more votes than it"
        return weight

    @property
    def totals(self) -> tuple[int, int, int]:
        """Against, for and abstain."""
        sums = [0, 0, 0]
        for voter, ballot in self.ballots.items():
            sums[ballot.support] += self.counted(voter)
        return sums[AGAINST], sums[FOR], sums[ABSTAIN]

    def reaches(self, quorum: int) -> bool:
        return sum(self.totals) >= quorum

    def passes(self, quota: int) -> bool:
        """Floored, and a tie passes; so does nothing against nothing."""
        against, in_favour, _ = self.totals
        return in_favour >= (against + in_favour) * quota // PERC


@dataclass
class Proposal:
    """`snapshot` and `deadline` are rounds; `operation` is what the timelock knows, once queued."""

    proposer: str
    snapshot: int
    deadline: int
    executed: bool = False
    canceled: bool = False
    operation: bytes | None = None
    tally: Tally = field(default_factory=Tally)


@dataclass
class GovernorModel:
    """Settings are rounds, votes and parts of 1e6, as in the contract."""

    events: list[Event]
    address: str
    registry: Registry
    rounds: Rounds
    votes: VotesModel
    timelock: Timelock
    voting_delay: int = 0
    voting_period: int = 0
    threshold: int = 0
    quota: int = 0
    quorum_history: dict[int, int] = field(default_factory=dict)  # by round, ascending
    proposals: dict[int, Proposal] = field(default_factory=dict)
    allowed_calls: list[bytes] = field(default_factory=list)  # of this execution, hashed

    def log(self, name: str, *args: object) -> None:
        self.events.append(Event("LivepeerGovernor", name, args))

    @property
    def clock(self) -> int:
        return self.rounds.current

    # -- start

    def initialize(self, delay: int, period: int, threshold: int, quorum: int, quota: int) -> None:
        self.set_voting_delay(delay)
        self.set_voting_period(period)
        self.set_threshold(threshold)
        self.log("TimelockChange", ZERO, self.timelock.address)
        self.set_quorum(quorum)
        self.quota = quota
        self.log("Initialized", 1)

    # -- power

    def power(self, account: str, round_: int) -> int:
        """Votes at the end of a round that is over."""
        return self._past(account, round_)[0]

    def delegate(self, account: str, round_: int) -> str:
        return self._past(account, round_)[1]

    def _past(self, account: str, round_: int) -> tuple[int, str]:
        self._require_over(round_)
        return self.votes.votes_and_delegate(account, round_ + 1)

    def _require_over(self, round_: int) -> None:
        require(round_ < self.clock, f"FutureLookup({round_}, {self.clock - 1})")

    def quorum(self, round_: int) -> int:
        self._require_over(round_)
        return self.votes.total_at(round_ + 1) * self.quorum_numerator(round_) // PERC

    def quorum_numerator(self, round_: int) -> int:
        """As of a round; 0 before the first."""
        starts = list(self.quorum_history)
        found = bisect_right(starts, round_)
        return self.quorum_history[starts[found - 1]] if found else 0

    # -- propose

    @staticmethod
    def id_of(actions: Actions, description: str) -> int:
        return int.from_bytes(keccak(actions.encoded(keccak(text=description))), "big")

    def propose(self, sender: str, actions: Actions, description: str) -> int:
        named = NAMED_PROPOSER.search(description.encode())
        if named:
            by = "0x" + named[1].decode().lower()
            require(by == sender, "Governor: proposer restricted")
        enough = self.power(sender, self.clock - 1) >= self.threshold
        require(enough, "Governor: proposer votes below proposal threshold")
        count = len(actions.targets)
        same = len(actions.values) == count == len(actions.calldatas)
        require(same, "Governor: invalid proposal length")
        require(count > 0, "Governor: empty proposal")
        key = self.id_of(actions, description)
        require(key not in self.proposals, "Governor: proposal already exists")

        start = self.clock + self.voting_delay
        end = start + self.voting_period
        self.proposals[key] = Proposal(sender, start, end)
        targets, values, calldatas = actions
        none = ("",) * count
        shown = (key, sender, targets, values, none, calldatas, start, end, description)
        self.log("ProposalCreated", *shown)
        return key

    # -- state

    def state(self, key: int) -> int:
        require(key in self.proposals, "Governor: unknown proposal id")
        p = self.proposals[key]
        if p.executed:
            return EXECUTED
        if p.canceled:
            return CANCELED
        if self.clock <= p.snapshot:
            return PENDING
        if self.clock <= p.deadline:
            return ACTIVE
        passed = p.tally.reaches(self.quorum(p.snapshot)) and p.tally.passes(self.quota)
        if not passed:
            return DEFEATED
        if p.operation is None:
            return SUCCEEDED
        if self.timelock.is_done(p.operation):
            return EXECUTED
        return QUEUED if self.timelock.is_pending(p.operation) else CANCELED

    def eta(self, key: int) -> int:
        """When a queued proposal may run, in seconds; 0 if it is not queued or has run."""
        p = self.proposals.get(key)
        if p is None or p.operation is None or self.timelock.is_done(p.operation):
            return 0
        return self.timelock.ready_at.get(p.operation, 0)

    # -- vote

    def vote(
        self, voter: str, key: int, support: int, reason: str = "", params: bytes = b""
    ) -> None:
        require(self.state(key) == ACTIVE, "Governor: vote not currently active")
        p = self.proposals[key]
        weight = self.power(voter, p.snapshot)
        delegate = self.delegate(voter, p.snapshot)
        overrides = delegate != voter and self.delegate(delegate, p.snapshot) == delegate
        p.tally.cast(voter, Ballot(support, weight, delegate, overrides))
        if params:
            self.log("VoteCastWithParams", voter, key, support, weight, reason, params)
        else:
            self.log("VoteCast", voter, key, support, weight, reason)

    # -- after the vote

    def queue(self, actions: Actions, description: str) -> None:
        key = self.id_of(actions, description)
        require(self.state(key) == SUCCEEDED, NOT_SUCCESSFUL)
        salt, delay = keccak(text=description), self.timelock.min_delay
        self.proposals[key].operation = operation_id(actions, salt)
        self.timelock.schedule(self.address, actions, salt, delay)
        self.log("ProposalQueued", key, self.timelock.now + delay)

    def execute(self, actions: Actions, description: str, call: Call) -> None:
        key = self.id_of(actions, description)
        require(self.state(key) in (SUCCEEDED, QUEUED), NOT_SUCCESSFUL)
        self.proposals[key].executed = True
        self.log("ProposalExecuted", key)
        pairs = zip(actions.targets, actions.calldatas, strict=True)
        self.allowed_calls = [keccak(data) for target, data in pairs if target == self.address]
        self.timelock.execute(self.address, actions, keccak(text=description), call)
        self.allowed_calls = []

    def cancel(self, sender: str, actions: Actions, description: str) -> None:
        key = self.id_of(actions, description)
        require(self.state(key) == PENDING, "Governor: too late to cancel")
        by_proposer = sender == self.proposals[key].proposer
        require(by_proposer, "Governor: only proposer can cancel")
        self.proposals[key].canceled = True
        self.log("ProposalCanceled", key)

    # -- settings, by proposals only

    def require_governance(self, sender: str, calldata: bytes) -> None:
        """From the timelock, as an action of the proposal that is being executed."""
        require(sender == self.timelock.address, "Governor: onlyGovernance")
        while True:
            require(bool(self.allowed_calls), "Empty()")
            if self.allowed_calls.pop(0) == keccak(calldata):
                return

    def set_voting_delay(self, delay: int) -> None:
        self.log("VotingDelaySet", self.voting_delay, delay)
        self.voting_delay = delay

    def set_voting_period(self, period: int) -> None:
        require(period > 0, "GovernorSettings: voting period too low")
        self.log("VotingPeriodSet", self.voting_period, period)
        self.voting_period = period

    def set_threshold(self, threshold: int) -> None:
        self.log("ProposalThresholdSet", self.threshold, threshold)
        self.threshold = threshold

    def set_quorum(self, numerator: int) -> None:
        over = "GovernorVotesQuorumFraction: quorumNumerator over quorumDenominator"
        require(numerator <= PERC, over)
        old = self.quorum_numerator(self.clock)
        self.quorum_history[self.clock] = numerator
        self.log("QuorumNumeratorUpdated", old, numerator)
