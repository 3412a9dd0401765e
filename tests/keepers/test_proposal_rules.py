"""What the proposal keeper decides from what it read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keepers.proposal_rules import Kind, Situation, decide
from scripts._governance.tally import State, Tally

LPT = 10**18
VOTE = Tally(
    proposal_id=1,
    state=State.ACTIVE,
    proposer="0x" + "11" * 20,
    against_votes=0,
    for_votes=10 * LPT,
    abstain_votes=0,
    quorum=30 * LPT,
    quota=500_000,
    threshold=100 * LPT,
    snapshot=7,
    deadline=17,
    clock=12,
    eta=None,
)


def decided(**changes: object) -> tuple[Kind, str]:
    tally = replace(VOTE, **changes)  # type: ignore[arg-type]
    action = decide(Situation(now=1_000, block=5, tally=tally), remind_rounds=2)
    return action.kind, action.why


@pytest.mark.parametrize(
    ("changes", "kind", "why"),
    [
        ({"state": State.PENDING}, Kind.WAIT, "voting starts in round 8"),
        ({}, Kind.WAIT, "voting ends with round 17; quorum 30 LPT, 20 LPT missing"),
        ({"clock": 15}, Kind.WAIT, "voting ends with round 17"),
        ({"clock": 16}, Kind.REMIND, "20 LPT missing"),
        ({"clock": 17}, Kind.REMIND, "if it ended now: fails by 20 LPT for"),
        ({"state": State.DEFEATED}, Kind.DONE, "defeated"),
        ({"state": State.CANCELED}, Kind.DONE, "canceled"),
        ({"state": State.EXECUTED}, Kind.DONE, "executed"),
        ({"state": State.SUCCEEDED}, Kind.QUEUE, "the vote has passed"),
        ({"state": State.QUEUED, "eta": 1_001}, Kind.WAIT, "queued; executable in 1 s"),
        ({"state": State.QUEUED, "eta": 1_000}, Kind.EXECUTE, "queued, and its delay is over"),
    ],
)
def test_decide__treasury_proposal__does_what_its_state_asks(changes, kind, why):
    found, reason = decided(**changes)
    assert found is kind
    assert why in reason


@pytest.mark.parametrize(
    ("executable_from", "kind", "why"),
    [
        (0, Kind.DONE, "executed or cancelled"),
        (6, Kind.WAIT, "staged; executable in 1 blocks"),
        (5, Kind.EXECUTE, "staged, and its delay is over"),
    ],
)
def test_decide__staged_update__waits_for_its_block(executable_from, kind, why):
    situation = Situation(now=0, block=5, executable_from=executable_from)
    action = decide(situation, remind_rounds=2)
    assert (action.kind, action.why) == (kind, why)


def test_kind__that_sends__queues_or_executes():
    assert [kind for kind in Kind if kind.sends] == [Kind.QUEUE, Kind.EXECUTE]
