"""Everything that moves stake or money stops while the system is paused (July 2019)."""

from __future__ import annotations

import boa
import pytest
from vyper.compiler.output import build_abi_output

from tests.support.contracts import deployer_of
from tests.unit.attacks.conftest import Victim

#: Still allowed: governance, the Controller, RoundsManager's hook (itself paused), checkpoints, and
#: what the Verifier asks for: opening a case is paused there, giving stake free again is not.
ALLOWED = {
    "checkpointBondingState",
    "holdStake",
    "releaseStake",
    "setController",
    "setCurrentRoundTotalActiveStake",
    "setNumActiveTranscoders",
    "setTreasuryBalanceCeiling",
    "setTreasuryRewardCutRate",
    "setUnbondingPeriod",
}
SAMPLES = {"uint256": 1, "address": "0x" + "11" * 20, "bool": True}


def mutating() -> dict[str, list[str]]:
    """Argument types of every function that may write, by name."""
    return {
        entry["name"]: [argument["type"] for argument in entry["inputs"]]
        for entry in build_abi_output(deployer_of("BondingManager").compiler_data)
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
    }


def test_pause__every_mutating_function__is_stopped_or_known_to_run(victim: Victim) -> None:
    functions = mutating()
    assert set(functions) > ALLOWED
    victim.protocol.controller.pause(sender=victim.protocol.owner)
    for name in sorted(set(functions) - ALLOWED):
        arguments = [SAMPLES[kind] for kind in functions[name]]
        with boa.reverts("system is paused"):
            getattr(victim.manager, name)(*arguments)


@pytest.mark.parametrize("name", ["setUnbondingPeriod", "setTreasuryBalanceCeiling"])
def test_pause__governance__still_sets_parameters(victim: Victim, name: str) -> None:
    victim.protocol.controller.pause(sender=victim.protocol.owner)
    getattr(victim.manager, name)(9, sender=victim.protocol.owner)
