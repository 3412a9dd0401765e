"""BondingManager and BondingVotes against the model of their rules, through random lives.

The number and length of lives follow the hypothesis profile: `make fuzz` runs the long one. A
failure prints the shortest life found that shows it, as a sequence of rules, and how to repeat it.
"""

from __future__ import annotations

from hypothesis import settings

from tests.stateful.bonding_machine import BondingMachine

PROFILE = settings()
TestBonding = BondingMachine.TestCase
TestBonding.settings = settings(
    max_examples=2 * PROFILE.max_examples,
    stateful_step_count=4 * PROFILE.stateful_step_count,
)
