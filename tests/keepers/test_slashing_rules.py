"""What is due in each situation: the decision alone, without a chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keepers.slashing_rules import (
    COMMIT_MARGIN,
    NOT_COMMITTED,
    Case,
    Kind,
    Situation,
    State,
    decide,
)

FINDER, OTHER, ACCUSED = "0xF1", "0x07", "0xAC"
NOW, DUE, WINDOW = 1_000_000, 1_000_500, 3_000

#: Evidence that was committed and whose proof is accepted.
READY = Situation(now=NOW, finder=FINDER, deadline=NOW + 1_000, committed=True, proof=1)


def queued(**changes: object) -> Situation:
    case = Case(State.QUEUED, ACCUSED, FINDER, DUE)
    return replace(READY, case=case, execution_window=WINDOW, **changes)


def executed(**changes: object) -> Situation:
    return replace(READY, case=Case(State.EXECUTED, ACCUSED, FINDER, DUE), **changes)


@pytest.mark.parametrize(
    ("situation", "kind", "why"),
    [
        (READY, Kind.PROVE, "committed"),
        (replace(READY, committed=False), Kind.COMMIT, "accepts"),
        (replace(READY, prove=NOT_COMMITTED), Kind.WAIT, "next block"),
        (replace(READY, prove="case exists"), Kind.REFUSE, "case exists"),
        (replace(READY, check="receipts: same"), Kind.REFUSE, "receipts: same"),
        (replace(READY, check="receipts: same", committed=False), Kind.REFUSE, "receipts: same"),
        (replace(READY, armed=False, committed=False), Kind.WAIT, "not armed"),
        (replace(READY, system_paused=True), Kind.WAIT, "paused"),
        (
            replace(READY, slashing_paused=True),
            Kind.PROVE,
            "",
        ),  # a pause of slashing stops no proof
        (replace(READY, deadline=NOW), Kind.PROVE, ""),
        (replace(READY, deadline=NOW - 1), Kind.REFUSE, "too old"),
        (replace(READY, deadline=NOW - 1, committed=False), Kind.REFUSE, "too old"),
        (
            replace(READY, deadline=NOW + COMMIT_MARGIN - 1, committed=False),
            Kind.REFUSE,
            "too late",
        ),
        (replace(READY, deadline=NOW + COMMIT_MARGIN, committed=False), Kind.COMMIT, ""),
        (queued(now=DUE - 1), Kind.WAIT, "can be executed at 1970-01-12 13:55:00 UTC"),
        (queued(now=DUE, locks=()), Kind.EXECUTE, "delay is over"),
        (queued(now=DUE, locks=(3, 4)), Kind.EXECUTE, ""),
        (queued(now=DUE + WINDOW, locks=()), Kind.EXECUTE, ""),
        (queued(now=DUE + WINDOW + 1, locks=()), Kind.EXPIRE, ""),
        (queued(now=DUE, obstacle="orchestrator was slashed recently"), Kind.WAIT, "recently"),
        (queued(now=DUE, locks=(), slashing_paused=True), Kind.WAIT, "slashing is paused"),
        (queued(now=DUE, locks=(), system_paused=True), Kind.WAIT, "system is paused"),
        (executed(now=DUE, locks=(2,)), Kind.SLASH_LOCKS, "1 unbonding lock"),
        (executed(now=DUE), Kind.WAIT, "can be closed"),
        (executed(now=DUE, obstacle="slashing is paused"), Kind.WAIT, "slashing is paused"),
        (executed(now=DUE + 1), Kind.CLOSE, ""),
        (executed(now=DUE + 1, obstacle="slashing is paused"), Kind.CLOSE, ""),
        (executed(now=DUE + 1, locks=(2,)), Kind.SLASH_LOCKS, ""),
    ],
)
def test_decide__situation__names_what_is_due(situation: Situation, kind: Kind, why: str) -> None:
    action = decide(situation)
    assert action.kind is kind
    assert why in action.why


@pytest.mark.parametrize(
    ("state", "answered", "kind"),
    [
        (State.CONTESTED, False, Kind.WAIT),
        (State.CONTESTED, True, Kind.SETTLE),
        (State.DISMISSED, False, Kind.DONE),
        (State.CLOSED, False, Kind.DONE),
    ],
)
def test_decide__state_of_the_case__names_what_is_due(
    state: State, answered: bool, kind: Kind
) -> None:
    case = Case(state, ACCUSED, FINDER, DUE)
    assert decide(replace(READY, case=case, answered=answered)).kind is kind


@pytest.mark.parametrize("state", [State.QUEUED, State.CONTESTED, State.EXECUTED, State.CLOSED])
def test_decide__case_of_another_finder__is_left_to_it(state: State) -> None:
    case = Case(state, ACCUSED, OTHER, 0)
    action = decide(replace(READY, case=case, locks=(1,), answered=True))
    assert (action.kind, action.why) == (Kind.DONE, f"the case was opened by {OTHER}")


def test_decide__action_that_sends__carries_its_arguments() -> None:
    assert decide(READY).proof == 1
    assert decide(queued(now=DUE, locks=(3, 4))).locks == (3, 4)
    assert decide(executed(locks=(5,))).locks == (5,)
    sends = {kind for kind in Kind if kind.sends}
    assert sends == set(Kind) - {Kind.WAIT, Kind.REFUSE, Kind.DONE}
