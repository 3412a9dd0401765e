"""LivepeerGovernor, Treasury and BondingVotes against the model of their rules.

The number and length of lives follow the hypothesis profile: `make fuzz` runs the long one.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stateful.voting_machine import STATES, VotingMachine

PROFILE = settings()
ENOUGH = 1_000  # steps, of a run that is to show anything (requirement 10 of governance)

#: What lives must have met, each at least once, for a run to show anything.
TO_MEET = (
    *(f"state {name}" for name in STATES.values()),
    "delegator after its transcoder",
    "transcoder after a delegator",
    "delegator of no transcoder",
    "vote without weight",
    "vote refused: InvalidVoteType(3)",
    "vote refused: VoteAlreadyCast()",
    "vote refused: Governor: vote not currently active",
    "setting changed",
    "quorum changed",
    "executed too early",
    "action failed",
    "cancelled in the timelock",
    "executed past the governor",
    "kept from changing settings past the governor",
)


def test_voting__random_lives__contracts_and_model_agree() -> None:
    """And a full run meets all that lives can meet: both orders of votes, each state, refusals."""
    met: Counter[str] = Counter()
    budget = settings(
        max_examples=3 * PROFILE.max_examples // 2,
        stateful_step_count=2 * PROFILE.stateful_step_count,
    )
    run_state_machine_as_test(lambda: VotingMachine(met), settings=budget)
    if budget.max_examples * budget.stateful_step_count > ENOUGH:
        assert met["steps"] >= ENOUGH
        assert [what for what in TO_MEET if not met[what]] == []
