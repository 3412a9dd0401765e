"""LivepeerGovernor, Treasury and BondingVotes against the model of their rules.

The number and length of lives follow the hypothesis profile: `make fuzz` runs the long one.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.models.governor import CANCELED
from tests.stateful.system import ACTORS, LPT
from tests.stateful.voting_machine import STATES, VotingMachine
from tests.stateful.voting_system import Settings

PROFILE = settings()
ENOUGH = 1_000  # steps, of a run that is to show anything (requirement 10 of governance)

#: What random lives meet again and again; a full run that does not shows nothing.
OFTEN_MET = (
    *(f"state {name}" for state, name in STATES.items() if state != CANCELED),
    "delegator after its transcoder",
    "transcoder after a delegator",
    "delegator of no transcoder",
    "vote without weight",
    "vote refused: InvalidVoteType(3)",
    "vote refused: VoteAlreadyCast()",
    "vote refused: Governor: vote not currently active",
)
#: What they may miss, so that one life is told in full. Kind and variant of a proposal that is
#: carried, what then happens to it, what that has to show.
TOLD = (
    ("setting", 3, "execute", "quorum changed"),
    ("setting", 4, "execute", "executed too early"),
    ("setting", 5, "execute", "setting changed"),
    ("setting", 6, "past", "kept from changing settings past the governor"),
    ("two", 5, "execute", "setting changed"),
    ("relay", 1, "execute", ""),
    ("lpt", 1, "past", "executed past the governor"),
    ("failing", 0, "execute", "action failed"),
    ("failing", 1, "execute", "action failed"),
    ("failing", 2, "execute", "action failed"),
    ("failing", 3, "execute", "action failed"),
    ("ether", 1, "cancel", "cancelled in the timelock"),
    ("delay", 0, "execute", ""),
)


def test_voting__random_lives__contracts_and_model_agree() -> None:
    """And a full run meets votes in both orders, each state, and each refusal of a vote."""
    met: Counter[str] = Counter()
    budget = settings(
        max_examples=3 * PROFILE.max_examples // 2,
        stateful_step_count=2 * PROFILE.stateful_step_count,
    )
    run_state_machine_as_test(lambda: VotingMachine(met), settings=budget)
    if budget.max_examples * budget.stateful_step_count > ENOUGH:
        assert met["steps"] >= ENOUGH
        assert [what for what in OFTEN_MET if not met[what]] == []


def test_voting__one_life_with_all_turns__contracts_and_model_agree() -> None:
    met: Counter[str] = Counter()
    life = VotingMachine(met)
    life.start(
        Settings(
            voting_delay=1, voting_period=2, threshold=LPT, quorum=1, quota=500_000, min_delay=60
        ),
        [45, 50, 20, 10, 30],
    )
    life.carry_a_proposal("", 0, list(ACTORS), "execute")  # the one that every life starts with
    for kind, pick, then, shows in TOLD:
        before = met[shows]
        life.carry_a_proposal(kind, pick, list(ACTORS[::-1]), then)
        life.compare()
        assert not shows or met[shows] > before, (kind, pick, then, shows)
    life.teardown()
    assert met[f"state {STATES[CANCELED]}"]
