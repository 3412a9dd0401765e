"""What to do next about one proposal: a pure function of what keepers/proposal_view.py read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scripts._governance.tally import State, Tally


class Kind(StrEnum):
    QUEUE = "queue"
    EXECUTE = "execute"
    REMIND = "remind"
    WAIT = "wait"
    REFUSE = "refuse"
    DONE = "done"

    @property
    def sends(self) -> bool:
        return self in (Kind.QUEUE, Kind.EXECUTE)


@dataclass(frozen=True)
class Action:
    """What to do about one proposal, and why, for the operator."""

    kind: Kind
    why: str


@dataclass(frozen=True)
class Situation:
    """One proposal at one block. `tally` is that of a treasury proposal, None for an update.

    `executable_from` is a staged update's block, 0 once it was executed or cancelled; `block` is
    the number that contracts see (on Arbitrum: of L1). `now` is the chain's time in unix seconds.
    """

    now: int
    block: int
    tally: Tally | None = None
    executable_from: int = 0


def decide(situation: Situation, *, remind_rounds: int) -> Action:
    """Pure. `remind_rounds`: how many rounds before its end a vote is worth a reminder."""
    if situation.tally is None:
        return _decide_update(situation)
    tally = situation.tally
    if tally.state is State.SUCCEEDED:
        return Action(Kind.QUEUE, "the vote has passed")
    if tally.state is State.QUEUED:
        if tally.eta is not None and situation.now < tally.eta:
            return Action(Kind.WAIT, f"queued; executable in {tally.eta - situation.now} s")
        return Action(Kind.EXECUTE, "queued, and its delay is over")
    if tally.state is State.PENDING:
        return Action(Kind.WAIT, f"voting starts in round {tally.snapshot + 1}")
    if tally.state is State.ACTIVE:
        kind = Kind.REMIND if tally.rounds_left <= remind_rounds else Kind.WAIT
        return Action(kind, f"voting ends with round {tally.deadline}; {standing(tally)}")
    return Action(Kind.DONE, tally.state.name.lower())


def _decide_update(situation: Situation) -> Action:
    if situation.executable_from == 0:
        return Action(Kind.DONE, "executed or cancelled")
    if situation.block < situation.executable_from:
        left = situation.executable_from - situation.block
        return Action(Kind.WAIT, f"staged; executable in {left} blocks")
    return Action(Kind.EXECUTE, "staged, and its delay is over")


def standing(tally: Tally) -> str:
    """What a vote still lacks, in words."""
    rows = dict(tally.rows())
    return f"quorum {rows['quorum']}; if it ended now: {rows['if it ended now']}"
