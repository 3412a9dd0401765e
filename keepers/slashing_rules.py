"""What to do next about one case of cheating: a pure function of what was read.

Nothing here reads, remembers or sends. `Situation` is all that matters about one piece of evidence
at one moment, read from the chain anew each time (keepers/slashing_view.py), so a decision is
right after any crash. An `Action` says which call is due, or what is waited for.
Source: verification spec, sections 8.3 to 8.5; contracts/interfaces/ISlashingVerifier.vyi.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

# A commitment is worth its gas only if the proof can still follow: a few L1 blocks.
COMMIT_MARGIN = 60
NOT_COMMITTED = "proof was not committed a block before"


class State(IntEnum):
    """States of a case on chain."""

    NONE = 0
    QUEUED = 1
    CONTESTED = 2
    EXECUTED = 3
    DISMISSED = 4
    CLOSED = 5


class Kind(StrEnum):
    COMMIT = "commit"
    PROVE = "prove"
    EXECUTE = "execute"
    SLASH_LOCKS = "slash locks"
    SETTLE = "settle contest"
    EXPIRE = "expire"
    CLOSE = "close"
    WAIT = "wait"
    REFUSE = "refuse"  # this evidence proves nothing now; looked at again next time
    DONE = "done"

    @property
    def sends(self) -> bool:
        return self not in (Kind.WAIT, Kind.REFUSE, Kind.DONE)


@dataclass(frozen=True)
class Case:
    """A case on chain. Times are unix seconds."""

    state: State
    accused: str
    finder: str
    due: int


@dataclass(frozen=True)
class Situation:
    """Everything a decision needs. What does not matter in the present state is left out.

    `check`, `prove`, `obstacle` are why a simulation was refused, None if it was accepted. `proof`
    is the place of the call to send among the calls of the evidence. `locks` are unbonding locks
    of the accused with which `execute` or `slashLocks` was accepted, None if it was not.
    """

    now: int  # time of the latest block
    finder: str
    deadline: int  # until when the contract takes the proof
    case: Case | None = None
    system_paused: bool = False
    slashing_paused: bool = False
    armed: bool = True
    check: str | None = None
    committed: bool = False
    prove: str | None = None
    proof: int = 0
    execution_window: int = 0
    locks: tuple[int, ...] | None = None
    obstacle: str | None = None
    answered: bool = False  # whether `settleContest` was accepted


@dataclass(frozen=True)
class Action:
    """`locks` go with EXECUTE and SLASH_LOCKS, `proof` with PROVE. `why` is one clause."""

    kind: Kind
    why: str
    proof: int = 0
    locks: tuple[int, ...] = ()


def decide(s: Situation) -> Action:
    """The one thing to do next."""
    if s.case is None:
        return _open(s)
    if s.case.finder != s.finder:
        return Action(Kind.DONE, f"the case was opened by {s.case.finder}")
    if s.case.state is State.QUEUED:
        return _execute(s, s.case)
    if s.case.state is State.CONTESTED:
        if s.answered:
            return Action(Kind.SETTLE, "the contest is answered, or overdue")
        return Action(Kind.WAIT, f"contested: an answer is due at {at(s.case.due)}")
    if s.case.state is State.EXECUTED:
        return _close(s, s.case)
    ended = "closed" if s.case.state is State.CLOSED else "dismissed"
    return Action(Kind.DONE, f"the case is {ended}")


def _open(s: Situation) -> Action:
    if s.now > s.deadline:
        return Action(Kind.REFUSE, f"too old: the contract took it until {at(s.deadline)}")
    if s.check is not None:
        return Action(Kind.REFUSE, s.check)
    if s.system_paused:
        return Action(Kind.WAIT, "the system is paused")
    if not s.armed:
        return Action(Kind.WAIT, "the fault is not armed")
    if not s.committed:
        if s.now + COMMIT_MARGIN > s.deadline:
            return Action(Kind.REFUSE, "too old: a proof would come after its commitment too late")
        return Action(Kind.COMMIT, "the contract accepts the proof")
    if s.prove == NOT_COMMITTED:
        return Action(Kind.WAIT, "committed: the proof counts from the next block on")
    if s.prove is not None:
        return Action(Kind.REFUSE, s.prove)
    return Action(Kind.PROVE, "committed a block before", proof=s.proof)


def _execute(s: Situation, case: Case) -> Action:
    if s.now > case.due + s.execution_window:
        return Action(Kind.EXPIRE, "nobody executed the case in time")
    if s.now < case.due:
        return Action(Kind.WAIT, f"can be executed at {at(case.due)}")
    if s.system_paused or s.slashing_paused:
        return Action(Kind.WAIT, "slashing is paused" if s.slashing_paused else "system is paused")
    if s.locks is None:
        return Action(Kind.WAIT, s.obstacle or "execution is refused")
    return Action(Kind.EXECUTE, "the delay is over", locks=s.locks)


def _close(s: Situation, case: Case) -> Action:
    if s.locks:
        return Action(Kind.SLASH_LOCKS, f"{len(s.locks)} unbonding locks left", locks=s.locks)
    if s.now > case.due:
        return Action(Kind.CLOSE, "the lock window is over")
    more = f"; {s.obstacle}" if s.obstacle else ""
    return Action(Kind.WAIT, f"can be closed after {at(case.due)}{more}")


def at(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
