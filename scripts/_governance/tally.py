"""Where a treasury proposal stands: votes, quorum, what is missing, and when it can be executed.

Everything is a view of LivepeerGovernor, all of one block. Vote events are never added up: a vote
of a delegator moves weight away from what its transcoder voted before, which no event says. Source:
core spec 16.6, 16.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from scripts._governance.node import Node, address_of
from scripts._governance.units import LPT, PPM

BASE = 1_000_000  # of quota and quorum


class TallyError(ValueError):
    """One line: what is not there."""


class State(IntEnum):
    """As in the ABI. EXPIRED never occurs."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


UNDECIDED = (State.PENDING, State.ACTIVE)
DEAD = (State.CANCELED, State.DEFEATED, State.EXPIRED, State.EXECUTED)


@dataclass(frozen=True)
class Tally:
    """A proposal in round `clock`. Votes, quorum and threshold in LPT wei, times in rounds.

    `quorum` is None up to the end of the snapshot round: the stake it is a share of is not known
    before. `quota` is a share of 10^6 of for + against. `threshold` is what it takes to propose
    today. `eta` is the Unix time from which a queued proposal can be executed.
    """

    proposal_id: int
    state: State
    proposer: str
    against_votes: int
    for_votes: int
    abstain_votes: int
    quorum: int | None
    quota: int
    threshold: int
    snapshot: int
    deadline: int
    clock: int
    eta: int | None

    @property
    def votes(self) -> int:
        """Abstentions count for the quorum."""
        return self.against_votes + self.for_votes + self.abstain_votes

    @property
    def quorum_left(self) -> int | None:
        """Votes of any kind still missing."""
        return None if self.quorum is None else max(0, self.quorum - self.votes)

    @property
    def rounds_left(self) -> int:
        """Rounds in which votes count, this one included; 0 once it is decided."""
        if self.state not in UNDECIDED:
            return 0
        return self.deadline - max(self.clock, self.snapshot + 1) + 1

    @property
    def earliest_round(self) -> int | None:
        """First round in which it can be executed, if it passes; None if that is out of the
        question or done. A delay of the Treasury comes on top, in seconds: `eta`.
        """
        return None if self.state in DEAD else self.deadline + 1

    @property
    def if_ended_now(self) -> State | None:
        """What the votes so far decide; None where no quorum is known yet."""
        if self.quorum is None:
            return None
        passes = self.votes >= self.quorum and succeeds(
            self.for_votes, self.against_votes, self.quota
        )
        return State.SUCCEEDED if passes else State.DEFEATED

    @property
    def for_needed(self) -> int | None:
        """Least additional weight that makes it pass if all of it votes for, and nothing else
        changes; None if that cannot be said yet, or no such weight makes it pass.
        """
        if self.quorum_left is None:
            return None
        return for_needed(self.for_votes, self.against_votes, self.quota, least=self.quorum_left)

    def to_json(self) -> dict[str, Any]:
        """Amounts as decimal strings: they are larger than a JSON number holds exactly."""
        needed = self.for_needed
        return {
            "proposal": str(self.proposal_id),
            "proposer": self.proposer,
            "state": self.state.name.lower(),
            "votes": {
                "for": str(self.for_votes),
                "against": str(self.against_votes),
                "abstain": str(self.abstain_votes),
            },
            "quorum": _text(self.quorum),
            "quorum_left": _text(self.quorum_left),
            "quota": self.quota,
            "threshold": str(self.threshold),
            "snapshot": self.snapshot,
            "deadline": self.deadline,
            "round": self.clock,
            "rounds_left": self.rounds_left,
            "earliest_round": self.earliest_round,
            "eta": self.eta,
            "if_ended_now": None if self.if_ended_now is None else self.if_ended_now.name.lower(),
            "for_needed": _text(needed),
        }

    def rows(self) -> list[tuple[str, str]]:
        """For people: what, and how much."""
        return [
            ("state", self.state.name.lower()),
            ("for", LPT.show(self.for_votes)),
            ("against", LPT.show(self.against_votes)),
            ("abstain", LPT.show(self.abstain_votes)),
            ("quorum", _quorum_text(self)),
            ("quota", f"{PPM.show(self.quota)} of for + against must be for"),
            ("snapshot", f"end of round {self.snapshot}"),
            ("voting", f"rounds {self.snapshot + 1} to {self.deadline}; now {self.clock}"),
            ("rounds left", str(self.rounds_left)),
            ("can be executed", _execution_text(self)),
            ("if it ended now", _ending_text(self)),
            ("threshold to propose", LPT.show(self.threshold)),
        ]


def succeeds(for_votes: int, against_votes: int, quota: int) -> bool:
    """The contract's rule: not strict, and the share is cut down to whole wei."""
    return for_votes >= (against_votes + for_votes) * quota // BASE


def for_needed(for_votes: int, against_votes: int, quota: int, *, least: int) -> int | None:
    """Least weight, `least` or more, that voting for makes it succeed; None if none does."""
    if succeeds(for_votes + least, against_votes, quota):
        return least
    if quota >= BASE:
        return None  # every vote for raises the bar by as much, or more
    # for >= floor((against + for) * quota / BASE) is for * (BASE - quota) > against * quota - BASE.
    bound = (against_votes * quota - BASE) // (BASE - quota) + 1
    return bound - for_votes


def read_tally(web3: Any, governor: str, proposal_id: int) -> Tally:
    """Read it from the connected chain, as of the newest block. Raises TallyError, NodeError."""
    node = Node.of(web3)
    height = node.height()

    def view(signature: str, args: Sequence[Any], *returns: str) -> Any:
        answer = node.call(governor, signature, args, returns, height)
        if answer is None:
            raise TallyError(f"{governor}: no LivepeerGovernor at this address")
        return answer if len(returns) > 1 else answer[0]

    def of_proposal(name: str, *returns: str) -> Any:
        return view(f"{name}(uint256)", [proposal_id], *returns)

    snapshot = of_proposal("proposalSnapshot", "uint256")
    if snapshot == 0:
        raise TallyError(f"{governor} has no proposal {proposal_id}; the id is in ProposalCreated")
    clock = view("clock()", [], "uint48")
    against, in_favour, abstain = of_proposal("proposalVotes", "uint256", "uint256", "uint256")
    return Tally(
        proposal_id=proposal_id,
        state=State(of_proposal("state", "uint8")),
        proposer=address_of(of_proposal("proposalProposer", "address")) or "",
        against_votes=against,
        for_votes=in_favour,
        abstain_votes=abstain,
        quorum=view("quorum(uint256)", [snapshot], "uint256") if snapshot < clock else None,
        quota=view("quota()", [], "uint256"),
        threshold=view("proposalThreshold()", [], "uint256"),
        snapshot=snapshot,
        deadline=of_proposal("proposalDeadline", "uint256"),
        clock=clock,
        eta=of_proposal("proposalEta", "uint256") or None,
    )


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)


def _quorum_text(tally: Tally) -> str:
    if tally.quorum is None:
        return f"known from round {tally.snapshot + 1} on"
    missing = f"{LPT.show(tally.quorum_left)} missing" if tally.quorum_left else "reached"
    return f"{LPT.show(tally.quorum)}, {missing}"


def _execution_text(tally: Tally) -> str:
    if tally.earliest_round is None:
        return "done" if tally.state is State.EXECUTED else "never"
    eta = f", from Unix time {tally.eta}" if tally.eta else ""
    return f"from round {tally.earliest_round}{eta}"


def _ending_text(tally: Tally) -> str:
    if tally.if_ended_now is None:
        return "voting has not begun"
    if tally.if_ended_now is State.SUCCEEDED:
        return "passes"
    needed = tally.for_needed
    return "fails, whoever votes for" if needed is None else f"fails by {LPT.show(needed)} for"
