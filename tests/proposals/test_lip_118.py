"""LIP-118: an upgrade of BondingManager's code, and reward called by somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boa
import pytest

from scripts._governance.builds import patched_artifacts, patched_root
from scripts._governance.calldata import Interfaces
from scripts._governance.layouts import Layouts, compile_layout
from scripts._governance.wire import Entry
from scripts._governance.worlds import BEFORE_LIP_118
from scripts._lib.artifacts import Artifact
from tests.support.contracts import GIT_COMMIT
from tests.support.governed import COMMIT, Governed, commit_word, deploy_artifact, effects
from tests.support.protocol import LPT


@pytest.fixture(scope="module")
def former_code() -> Artifact:
    """BondingManager before LIP-118."""
    return patched_artifacts(["BondingManager"], BEFORE_LIP_118)["BondingManager"]


@pytest.fixture
def reward_caller() -> str:
    return str(boa.env.generate_address("reward caller"))


@pytest.fixture
def before(governed: Governed, former_code: Artifact, orchestrator: str) -> Governed:
    """The former code behind the proxy, and one active orchestrator."""
    protocol = governed.protocol
    governed.offer("BondingManagerTarget", protocol.targets["BondingManager"].address)
    former = deploy_artifact(former_code, protocol.controller.address)
    protocol.register("BondingManagerTarget", former)
    protocol.bonding_manager.bond(100 * LPT, orchestrator, sender=orchestrator)
    protocol.bonding_manager.transcoder(100_000, 500_000, sender=orchestrator)
    protocol.next_round()
    governed.hand_over()
    return governed


def test_lip_118__whole_life__changes_the_target_and_nothing_else(before: Governed) -> None:
    system = before.system
    old = int(system.address("BondingManagerTarget"), 16)
    candidate = system.candidate("BondingManagerTarget")
    events, changed = effects(before.enact(118))
    id_ = bytes.fromhex("fc6f6f33d2bb065ac61cbdd4dbe4b7adf6f3e7e6c6a3d1fe297cbf9a187092e4")
    assert events == [("Controller", "SetContractInfo", (id_, candidate.address, COMMIT))]
    entry = "Controller._registry[BondingManagerTarget]"
    assert changed == {
        f"{entry}.contract_address": (old, int(candidate.address, 16)),
        f"{entry}.git_commit_hash": (commit_word(GIT_COMMIT), commit_word(COMMIT)),
    }


def test_lip_118__reward_by_the_named_caller__fails_before_and_works_after(
    before: Governed, orchestrator: str, reward_caller: str
) -> None:
    bonding = before.protocol.bonding_manager
    with boa.reverts():
        bonding.setRewardCaller(reward_caller, sender=orchestrator)
    with boa.reverts():
        bonding.rewardForTranscoder(orchestrator, sender=reward_caller)

    before.enact(118)
    bonding.setRewardCaller(reward_caller, sender=orchestrator)
    stake = bonding.transcoderTotalStake(orchestrator)
    done = before.system.call(
        bonding.address,
        before.interfaces.encode("BondingManager", "rewardForTranscoder", (orchestrator,)),
        sender=reward_caller,
    )
    assert done.succeeded, before.reason(done)
    minted = before.protocol.minter.currentMintableTokens()
    rewards = [values for _, event, values in done.events if event == "Reward"]
    assert rewards == [(orchestrator, minted)]  # keyed by transcoder, never by caller
    assert bonding.transcoderTotalStake(orchestrator) == stake + minted
    assert bonding.transcoderTotalStake(reward_caller) == 0
    assert reward_caller not in repr(done.events)


@pytest.mark.parametrize("function", ["rewardForTranscoder", "rewardForTranscoderWithHint"])
def test_lip_118__anyone_but_the_named_caller__is_refused(
    before: Governed, orchestrator: str, reward_caller: str, function: str
) -> None:
    bonding = before.protocol.bonding_manager
    before.enact(118)
    hints = ["0x" + "00" * 20] * 2 if function.endswith("Hint") else []
    call = getattr(bonding, function)
    for caller in (orchestrator, reward_caller):
        with boa.reverts("caller must be transcoder's reward caller"):
            call(orchestrator, *hints, sender=caller)
    bonding.setRewardCaller(reward_caller, sender=orchestrator)
    with boa.reverts("caller must be transcoder's reward caller"):
        call(orchestrator, *hints, sender=orchestrator)


def test_lip_118__orchestrator_itself__goes_on_with_reward(
    before: Governed, orchestrator: str, reward_caller: str
) -> None:
    bonding = before.protocol.bonding_manager
    before.enact(118)
    bonding.setRewardCaller(reward_caller, sender=orchestrator)
    bonding.reward(sender=orchestrator)
    with boa.reverts("caller has already called reward for the current round"):
        bonding.rewardForTranscoder(orchestrator, sender=reward_caller)


def test_lip_118__state_from_before__reads_the_same_after(
    before: Governed, orchestrator: str
) -> None:
    bonding = before.protocol.bonding_manager

    def state() -> tuple[Any, ...]:
        return (
            bonding.getTranscoder(orchestrator),
            bonding.getDelegator(orchestrator),
            bonding.transcoderTotalStake(orchestrator),
            bonding.getTotalBonded(),
            bonding.unbondingPeriod(),
        )

    found = state()
    before.enact(118)
    assert state() == found


def test_lip_118__former_code__has_the_same_storage_and_only_four_functions_less(
    former_code: Artifact,
) -> None:
    former_source = patched_root(BEFORE_LIP_118) / former_code.source
    assert compile_layout(former_source) == Layouts()["BondingManager"]

    def functions(abi: Iterable[Entry]) -> set[str]:
        return {entry["name"] for entry in abi if entry["type"] == "function"}

    present = Interfaces.load().abi("BondingManagerTarget")
    assert functions(present) - functions(former_code.abi) == {
        "setRewardCaller",
        "rewardForTranscoder",
        "rewardForTranscoderWithHint",
        "transcoderToRewardCaller",
    }
    assert functions(former_code.abi) < functions(present)
