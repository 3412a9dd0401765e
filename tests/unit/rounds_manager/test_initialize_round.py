"""initializeRound() and block hashes, on a chain that jumps and may have no hashes."""

from __future__ import annotations

import boa
import pytest

from tests.support.calls import OVERFLOW, logs, panics, reverts_bare
from tests.support.contracts import GIT_COMMIT, contract_id, deploy
from tests.unit.rounds_manager.conftest import LENGTH, Clock, hash_of, mine_to

HASH = bytes(range(32))
ALREADY = "round already initialized"


# initializeRound


def test_initialize_round__first_block__stores_the_hash_of_the_block_before(
    running: Clock,
) -> None:
    mine_to(21 * LENGTH)
    before = hash_of(21 * LENGTH - 1)
    running.rounds.initializeRound()

    assert logs(running.rounds) == [
        ("Called", "setCurrentRoundTotalActiveStake"),
        ("Called", "setCurrentRewardTokens"),
        ("NewRound", 21, before),
    ]
    assert running.rounds.currentRoundInitialized()
    assert running.rounds.lastInitializedRound() == 21
    assert running.rounds.blockHashForRound(21) == before


def test_initialize_round__by_anyone_late_in_the_round__works(
    running: Clock, stranger: str
) -> None:
    mine_to(22 * LENGTH - 1)
    running.rounds.initializeRound(sender=stranger)
    assert running.rounds.lastInitializedRound() == 21


def test_initialize_round__chain_jumps_over_rounds__skips_them(running: Clock) -> None:
    running.rounds.initializeRound()
    mine_to(20 * LENGTH + 3 * LENGTH + 2)
    assert not running.rounds.currentRoundInitialized()

    running.rounds.initializeRound()

    assert running.rounds.lastInitializedRound() == 23
    assert running.rounds.blockHashForRound(21) == running.rounds.blockHashForRound(22) == bytes(32)


def test_initialize_round__twice__reverts(running: Clock) -> None:
    running.rounds.initializeRound()
    with boa.reverts(ALREADY):
        running.rounds.initializeRound()


def test_initialize_round__before_the_boundary__reverts(running: Clock) -> None:
    running.rounds.initializeRound()
    mine_to(21 * LENGTH - 1)
    with boa.reverts(ALREADY):
        running.rounds.initializeRound()
    mine_to(21 * LENGTH)
    running.rounds.initializeRound()


def test_initialize_round__round_zero__reverts(clock: Clock) -> None:
    clock.set_length(10**6)
    assert clock.rounds.currentRound() == 0
    with boa.reverts(ALREADY):
        clock.rounds.initializeRound()


def test_initialize_round__paused__reverts_and_works_after(running: Clock) -> None:
    running.controller.pause(sender=running.owner)
    mine_to(25 * LENGTH)
    with boa.reverts("system is paused"):
        running.rounds.initializeRound()
    running.controller.unpause(sender=running.owner)
    running.rounds.initializeRound()
    assert running.rounds.lastInitializedRound() == 25


def test_initialize_round__length_changed_in_it__stays_initialised(running: Clock) -> None:
    running.rounds.initializeRound()
    running.set_length(2 * LENGTH)
    assert running.rounds.currentRoundInitialized()
    assert running.rounds.lastInitializedRound() == 20
    with boa.reverts(ALREADY):
        running.rounds.initializeRound()


@pytest.mark.parametrize("peer", ["BondingManager", "Minter"])
def test_initialize_round__peer_refuses__reverts_as_it_does(running: Clock, peer: str) -> None:
    refusing = deploy("ReceiverMock")
    refusing.setRefusal("peer refuses")
    running.controller.setContractInfo(
        contract_id(peer), refusing.address, GIT_COMMIT, sender=running.owner
    )
    with boa.reverts("peer refuses"):
        running.rounds.initializeRound()
    assert running.rounds.lastInitializedRound() == 0


def test_initialize_round__chain_without_hashes__stores_zero(running: Clock) -> None:
    boa.env.evm.patch.prev_hashes = [bytes(32)] * 256
    running.rounds.initializeRound()
    assert logs(running.rounds)[-1] == ("NewRound", 20, bytes(32))
    assert running.rounds.currentRoundInitialized()
    assert running.rounds.blockHashForRound(20) == bytes(32)


# blockNum, blockHash


def test_block_num__any_block__is_the_chains(clock: Clock) -> None:
    mine_to(12_345)
    assert clock.rounds.blockNum() == 12_345


def test_block_hash__last_256_blocks__are_known(clock: Clock) -> None:
    mine_to(2_000)
    for block in (1_744, 1_745, 1_999):
        assert clock.rounds.blockHash(block) == hash_of(block)


@pytest.mark.parametrize("block", [2_000, 2_001, 2**256 - 1])
def test_block_hash__present_or_future__reverts(clock: Clock, block: int) -> None:
    mine_to(2_000)
    with boa.reverts("can only retrieve past block hashes"):
        clock.rounds.blockHash(block)


@pytest.mark.parametrize("block", [0, 1_743])
def test_block_hash__older_than_256_blocks__reverts(clock: Clock, block: int) -> None:
    mine_to(2_000)
    with boa.reverts("can only retrieve hashes for last 256 blocks"):
        clock.rounds.blockHash(block)


def test_block_hash__young_chain__knows_all_blocks(clock: Clock) -> None:
    boa.env.evm.patch.block_number = 0
    mine_to(200)
    assert clock.rounds.blockHash(0) == hash_of(0)
    assert clock.rounds.blockHash(199) == hash_of(199)
    with boa.reverts("can only retrieve past block hashes"):
        clock.rounds.blockHash(200)


# AdjustableRoundsManager


def test_set_block_num__by_anyone__moves_the_clock(adjustable: Clock, stranger: str) -> None:
    adjustable.rounds.setBlockNum(30 * LENGTH, sender=stranger)
    assert adjustable.rounds.num() == adjustable.rounds.blockNum() == 30 * LENGTH
    assert adjustable.rounds.currentRound() == 30

    adjustable.rounds.mineBlocks(LENGTH, sender=stranger)
    assert adjustable.rounds.blockNum() == 31 * LENGTH
    assert adjustable.rounds.currentRound() == 31
    assert adjustable.rounds.currentRoundStartBlock() == 31 * LENGTH


def test_set_block_hash__by_anyone__is_every_blocks_hash(adjustable: Clock, stranger: str) -> None:
    adjustable.rounds.setBlockHash(HASH, sender=stranger)
    assert adjustable.rounds.hash() == HASH
    for block in (744, 999, 1_000, 1_001):
        assert adjustable.rounds.blockHash(block) == HASH

    adjustable.rounds.initializeRound()
    assert logs(adjustable.rounds)[-1] == ("NewRound", 20, HASH)
    assert adjustable.rounds.blockHashForRound(20) == HASH
    with boa.reverts(ALREADY):
        adjustable.rounds.initializeRound()


def test_adjustable_block_hash__older_than_256_blocks__reverts_bare(adjustable: Clock) -> None:
    with reverts_bare():
        adjustable.rounds.blockHash(743)


def test_adjustable_block_hash__below_block_256__panics_with_overflow(adjustable: Clock) -> None:
    adjustable.rounds.setBlockNum(255)
    with panics(OVERFLOW):
        adjustable.rounds.blockHash(254)


def test_adjustable_initialize_round__paused__reverts(adjustable: Clock) -> None:
    adjustable.controller.pause(sender=adjustable.owner)
    with boa.reverts("system is paused"):
        adjustable.rounds.initializeRound()
