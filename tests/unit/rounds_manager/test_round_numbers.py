"""Round numbers, their starts, and what a change of the length does to them."""

from __future__ import annotations

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.calls import DIVISION_BY_ZERO, OVERFLOW, logs, panics, reverts_bare
from tests.unit.rounds_manager.conftest import LENGTH, Clock, mine_to

UNSET_VIEWS = (
    "currentRound",
    "currentRoundStartBlock",
    "currentRoundInitialized",
    "currentRoundLocked",
)


def test_init__deployed__all_zero(clock: Clock) -> None:
    assert clock.rounds.controller() == clock.controller.address
    assert clock.rounds.roundLength() == 0
    assert clock.rounds.roundLockAmount() == 0
    assert clock.rounds.lastInitializedRound() == 0
    assert clock.rounds.lastRoundLengthUpdateRound() == 0
    assert clock.rounds.lastRoundLengthUpdateStartBlock() == 0
    assert clock.rounds.targetContractId() == bytes(32)


@pytest.mark.parametrize("view", UNSET_VIEWS)
def test_views__length_not_set__panic_with_division_by_zero(clock: Clock, view: str) -> None:
    with panics(DIVISION_BY_ZERO):
        getattr(clock.rounds, view)()


def test_initialize_round__length_not_set__panics_with_division_by_zero(clock: Clock) -> None:
    with panics(DIVISION_BY_ZERO):
        clock.rounds.initializeRound()


@pytest.mark.parametrize("view", UNSET_VIEWS)
def test_views__block_before_the_last_length_change__panic_with_overflow(
    adjustable: Clock, view: str
) -> None:
    adjustable.rounds.setBlockNum(20 * LENGTH - 1)
    with panics(OVERFLOW):
        getattr(adjustable.rounds, view)()


# setRoundLength


def test_set_round_length__first__counts_from_block_zero(clock: Clock) -> None:
    mine_to(20 * LENGTH + 7)
    clock.set_length(LENGTH)

    assert logs(clock.rounds) == [("ParameterUpdate", "roundLength")]
    assert clock.rounds.roundLength() == LENGTH
    assert clock.rounds.lastRoundLengthUpdateRound() == clock.rounds.currentRound() == 20
    assert clock.rounds.lastRoundLengthUpdateStartBlock() == 20 * LENGTH
    assert clock.rounds.currentRoundStartBlock() == 20 * LENGTH


@pytest.mark.parametrize("length", [LENGTH + 25, LENGTH - 25])
def test_set_round_length__longer_or_shorter__keeps_the_running_round(
    running: Clock, length: int
) -> None:
    mine_to(21 * LENGTH + 10)
    running.rounds.initializeRound()
    running.set_length(length)

    assert running.rounds.currentRound() == 21
    assert running.rounds.currentRoundStartBlock() == 21 * LENGTH
    assert running.rounds.currentRoundInitialized()
    assert running.rounds.lastRoundLengthUpdateRound() == 21
    assert running.rounds.lastRoundLengthUpdateStartBlock() == 21 * LENGTH

    mine_to(21 * LENGTH + length - 1)
    assert running.rounds.currentRound() == 21
    mine_to(21 * LENGTH + length)
    assert running.rounds.currentRound() == 22
    assert running.rounds.currentRoundStartBlock() == 21 * LENGTH + length
    assert not running.rounds.currentRoundInitialized()


def test_set_round_length__shorter_than_what_has_passed__skips_rounds(running: Clock) -> None:
    mine_to(20 * LENGTH + 45)
    running.set_length(10)
    assert running.rounds.currentRound() == 24
    assert running.rounds.currentRoundStartBlock() == 20 * LENGTH + 40


def test_set_round_length__zero__reverts(clock: Clock) -> None:
    with boa.reverts("round length cannot be 0"):
        clock.set_length(0)


def test_set_round_length__over_64_bits__reverts(clock: Clock) -> None:
    clock.set_length(2**64 - 1)
    assert clock.rounds.roundLength() == 2**64 - 1
    assert clock.rounds.currentRound() == 0
    with boa.reverts("round length too large"):
        clock.set_length(2**64)


def test_set_round_length__block_over_64_bits__reverts_bare(adjustable: Clock) -> None:
    adjustable.rounds.setBlockNum(2**64 + LENGTH)
    with reverts_bare():
        adjustable.set_length(LENGTH)


def test_set_round_length__by_stranger__reverts(clock: Clock, stranger: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        clock.rounds.setRoundLength(LENGTH, sender=stranger)


@given(steps=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 120)), min_size=1, max_size=8))
def test_set_round_length__any_changes__numbers_never_go_back(
    adjustable: Clock, steps: list[tuple[int, int]]
) -> None:
    """Against the equations of the module's header, kept here as plain integers."""
    block, length, round_, start = 20 * LENGTH, LENGTH, 20, 20 * LENGTH
    for blocks, new_length in steps:
        before = adjustable.rounds.currentRound()
        adjustable.rounds.mineBlocks(blocks)
        adjustable.set_length(new_length)

        block += blocks
        elapsed = (block - start) // length
        round_, start, length = round_ + elapsed, start + elapsed * length, new_length
        now = round_ + (block - start) // length
        assert adjustable.rounds.currentRound() == now >= before
        assert adjustable.rounds.lastRoundLengthUpdateRound() == round_
        assert adjustable.rounds.lastRoundLengthUpdateStartBlock() == start
        first = start + (block - start) // length * length
        assert adjustable.rounds.currentRoundStartBlock() == first <= block < first + length


# setRoundLockAmount, currentRoundLocked


@pytest.mark.parametrize(
    ("lock", "first_locked"),
    [(0, None), (100_000, 45), (500_000, 25), (990_000, 1), (1_000_000, 0)],
)
def test_current_round_locked__each_block_of_a_round__from_the_lock_on(
    adjustable: Clock, lock: int, first_locked: int | None
) -> None:
    adjustable.set_lock(lock)
    locked = []
    for offset in range(LENGTH):
        adjustable.rounds.setBlockNum(21 * LENGTH + offset)
        if adjustable.rounds.currentRoundLocked():
            locked.append(offset)
    assert locked == ([] if first_locked is None else list(range(first_locked, LENGTH)))


def test_set_round_lock_amount__whole__is_kept_and_logged(clock: Clock) -> None:
    clock.set_lock(1_000_000)
    assert logs(clock.rounds) == [("ParameterUpdate", "roundLockAmount")]
    assert clock.rounds.roundLockAmount() == 1_000_000


def test_set_round_lock_amount__over_the_whole__reverts(clock: Clock) -> None:
    with boa.reverts("round lock amount must be a valid percentage"):
        clock.set_lock(1_000_001)


def test_set_round_lock_amount__by_stranger__reverts(clock: Clock, stranger: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        clock.rounds.setRoundLockAmount(1, sender=stranger)


# setLIPUpgradeRound


def test_set_lip_upgrade_round__once__is_kept_without_an_event(clock: Clock) -> None:
    clock.rounds.setLIPUpgradeRound(36, 5, sender=clock.owner)
    assert logs(clock.rounds) == []
    assert clock.rounds.lipUpgradeRound(36) == 5
    assert clock.rounds.lipUpgradeRound(37) == 0


def test_set_lip_upgrade_round__again__reverts(clock: Clock) -> None:
    clock.rounds.setLIPUpgradeRound(36, 5, sender=clock.owner)
    with boa.reverts("LIP upgrade round already set"):
        clock.rounds.setLIPUpgradeRound(36, 6, sender=clock.owner)


def test_set_lip_upgrade_round__zero__leaves_it_unset(clock: Clock) -> None:
    clock.rounds.setLIPUpgradeRound(36, 0, sender=clock.owner)
    clock.rounds.setLIPUpgradeRound(36, 6, sender=clock.owner)
    assert clock.rounds.lipUpgradeRound(36) == 6


def test_set_lip_upgrade_round__by_stranger__reverts(clock: Clock, stranger: str) -> None:
    with boa.reverts("caller must be Controller owner"):
        clock.rounds.setLIPUpgradeRound(36, 5, sender=stranger)


# setController


def test_set_controller__through_the_controller__moves(clock: Clock, stranger: str) -> None:
    with boa.reverts("caller must be Controller"):
        clock.rounds.setController(stranger, sender=stranger)
    clock.rounds.setController(stranger, sender=clock.controller.address)
    assert clock.rounds.controller() == stranger
