"""LIP-100, abandoned: a swap of the Minter in one update, and the bounds the new one keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boa
import pytest

from scripts._governance.loader import load
from scripts._governance.routes import build_update
from scripts._governance.worlds import world
from scripts._lib.artifacts import Artifact
from tests.support.contracts import GIT_COMMIT, at
from tests.support.governed import COMMIT, Governed, commit_word, deploy_artifact, effects
from tests.support.protocol import BURNER_ROLE, LPT, MINTER_ROLE

TARGET = 500_000_000
LOW_TARGET = 0  # below any bonding rate: inflation falls


@pytest.fixture(scope="module")
def bounded() -> Artifact:
    """The Minter of the proposal."""
    return world(100).candidates["Minter"].artifact()


@pytest.fixture
def before(governed: Governed, orchestrator: str, gateway: str) -> Governed:
    """A Minter that holds LPT and ETH; no candidate yet."""
    protocol = governed.protocol
    protocol.bonding_manager.bond(100 * LPT, orchestrator, sender=orchestrator)
    protocol.ticket_broker.fundDeposit(value=10**18, sender=gateway)
    protocol.next_round()
    governed.hand_over()
    return governed


def offer(governed: Governed, bounded: Artifact, *, inflation: int, target: int = TARGET) -> Any:
    controller = governed.protocol.controller.address
    new = deploy_artifact(bounded, controller, inflation, 1_000, target)
    governed.offer("Minter", new)
    return at("Minter", new)


def test_lip_100__whole_life__moves_money_entry_and_roles_and_nothing_else(
    before: Governed, bounded: Artifact
) -> None:
    token, old = before.protocol.token, before.protocol.minter
    lpt, eth = token.balanceOf(old.address), boa.env.get_balance(old.address)
    assert lpt == 100 * LPT
    assert eth == 10**18
    new = offer(before, bounded, inflation=old.inflation())
    events, changed = effects(before.enact(100))

    assert (token.balanceOf(old.address), boa.env.get_balance(old.address)) == (0, 0)
    assert (token.balanceOf(new.address), boa.env.get_balance(new.address)) == (lpt, eth)
    governor = before.governor.address
    id_ = bytes.fromhex("6e58ad548d72b425ea94c15f453bf26caddb061d82b2551db7fdd3cefe0e9940")
    assert events == [
        ("LivepeerToken", "Transfer", (old.address, new.address, lpt)),
        ("Controller", "SetContractInfo", (id_, new.address, COMMIT)),
        ("LivepeerToken", "RoleGranted", (MINTER_ROLE, new.address, governor)),
        ("LivepeerToken", "RoleGranted", (BURNER_ROLE, new.address, governor)),
        ("LivepeerToken", "RoleRevoked", (MINTER_ROLE, old.address, governor)),
        ("LivepeerToken", "RoleRevoked", (BURNER_ROLE, old.address, governor)),
    ]
    entry = "Controller._registry[Minter]"
    roles = "LivepeerToken.access_control.hasRole"
    assert changed == {
        "LivepeerToken.balanceOf[Minter]": (lpt, 0),
        "LivepeerToken.balanceOf[Minter (candidate)]": (0, lpt),
        f"{entry}.contract_address": (int(old.address, 16), int(new.address, 16)),
        f"{entry}.git_commit_hash": (commit_word(GIT_COMMIT), commit_word(COMMIT)),
        f"{roles}[MINTER_ROLE][Minter (candidate)]": (0, 1),
        f"{roles}[BURNER_ROLE][Minter (candidate)]": (0, 1),
        f"{roles}[MINTER_ROLE][Minter]": (1, 0),
        f"{roles}[BURNER_ROLE][Minter]": (1, 0),
    }


def test_lip_100__rest_of_the_round_and_the_next__rewards_nothing_then_as_ever(
    before: Governed, bounded: Artifact, orchestrator: str
) -> None:
    protocol = before.protocol
    new = offer(before, bounded, inflation=protocol.minter.inflation())
    before.enact(100)
    bonding = protocol.bonding_manager
    stake = bonding.transcoderTotalStake(orchestrator)
    bonding.reward(sender=orchestrator)
    assert bonding.transcoderTotalStake(orchestrator) == stake
    protocol.next_round()
    bonding.reward(sender=orchestrator)
    assert bonding.transcoderTotalStake(orchestrator) == stake + new.currentMintableTokens() > stake


@pytest.mark.parametrize(
    ("inflation", "target", "rounds"),
    [
        (748_500, TARGET, [749_500, 750_000, 750_000]),
        (51_500, LOW_TARGET, [50_500, 50_000, 50_000]),
        (900_000, TARGET, [750_000]),
        (10, TARGET, [50_000]),
        (200_000, TARGET, [201_000, 202_000]),
    ],
)
def test_lip_100__inflation_near_a_bound__stays_within(
    before: Governed, bounded: Artifact, inflation: int, target: int, rounds: list[int]
) -> None:
    protocol = before.protocol
    new = offer(before, bounded, inflation=inflation, target=target)
    protocol.token.mint(before.anyone, 1_000 * LPT, sender=protocol.owner)  # a tenth is bonded
    before.enact(100)
    for expected in rounds:
        protocol.next_round()
        assert new.inflation() == expected


def test_lip_100__registered_before_the_money_moves__reverts_as_a_whole(
    before: Governed, bounded: Artifact
) -> None:
    new = offer(before, bounded, inflation=200_000)
    proposal = load(100, interfaces=before.interfaces)
    first, second, *others = proposal.calls(before.system)
    swapped = replace(proposal, calls=lambda _: [second, first, *others])
    update = build_update(swapped, before.system, before.interfaces, nonce=0)
    assert before.stage(update, 0).succeeded
    done = before.execute(update)
    assert before.reason(done) == "new Minter must be registered"
    assert done.changed == {}
    assert before.system.address("Minter") != new.address
