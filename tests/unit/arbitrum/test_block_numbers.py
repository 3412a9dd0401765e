"""Block numbers as Arbitrum gives them: of L1, in jumps, and never from ArbSys."""

from __future__ import annotations

from typing import Any

import boa
import pytest
from eth.exceptions import Revert

from tests.support.contracts import at, deploy, deployer_of
from tests.support.protocol import LPT, Protocol
from tests.unit.governor.conftest import NO_CODE, update_of
from tests.unit.rounds_manager.conftest import Clock, clock_of, mine_to

ARB_SYS = "0x0000000000000000000000000000000000000064"
L2_BLOCK = 400_000_000
OLD, NEW = 5_760, 6_377  # LIP-83
ALREADY = "round already initialized"


@pytest.fixture
def arb_sys() -> Any:
    """At its address on Arbitrum, with an L2 block far from any L1 block."""
    assert boa.env.get_code(ARB_SYS) == b""
    boa.env.set_code(ARB_SYS, deployer_of("ArbSysMock").compiler_data.bytecode_runtime)
    mock = at("ArbSysMock", ARB_SYS)
    mock.setBlockNumber(L2_BLOCK)
    return mock


def block() -> int:
    return int(boa.env.evm.patch.block_number)


# ArbSys


def test_arb_sys_mock__told_to_refuse__stops_every_call(arb_sys: Any) -> None:
    assert arb_sys.arbBlockNumber() == L2_BLOCK
    arb_sys.refuse()
    with boa.reverts("ArbSys was called"):
        arb_sys.arbBlockNumber()
    with pytest.raises(Revert, match="ArbSys was called"):
        boa.env.raw_call(ARB_SYS, data=b"\1\2\3\4")


@pytest.mark.usefixtures("arb_sys")
def test_round__arb_sys_has_another_number__is_of_the_l1_block(protocol: Protocol) -> None:
    rounds = protocol.rounds_manager
    assert rounds.blockNum() == block() != L2_BLOCK
    start, length = rounds.currentRoundStartBlock(), rounds.roundLength()
    assert start <= block() < start + length
    assert rounds.currentRound() == block() // length


def test_protocol__arb_sys_refuses__everything_works_without_it(
    protocol: Protocol, arb_sys: Any, orchestrator: str, delegator: str, gateway: str
) -> None:
    arb_sys.refuse()
    bonding, broker = protocol.bonding_manager, protocol.ticket_broker
    bonding.bond(10 * LPT, orchestrator, sender=orchestrator)
    bonding.bond(LPT, orchestrator, sender=delegator)
    protocol.next_round()
    bonding.reward(sender=orchestrator)
    bonding.unbond(LPT, sender=delegator)
    broker.fundDeposit(value=10, sender=gateway)
    broker.unlock(sender=gateway)
    protocol.next_round()
    assert protocol.bonding_votes.getPastVotes(orchestrator, protocol.current_round() - 1) > 0
    assert broker.getSenderInfo(gateway)[0][1] > protocol.current_round()

    poll = deploy("Poll", block() + 1)
    poll.vote(0, sender=delegator)
    governor = deploy("Governor", sender=protocol.owner)
    update = update_of((NO_CODE, 0, b""))
    governor.stage(update, 10, sender=protocol.owner)
    boa.env.time_travel(blocks=10)
    governor.execute(update)


# Jumps


@pytest.mark.parametrize("jump", [0, 1, 10])
@pytest.mark.parametrize("before_the_end", [1, 5, 10, 11])
def test_initialize_round__l1_block_jumps__once_for_the_round_it_lands_in(
    jump: int, before_the_end: int
) -> None:
    clock = clock_of("RoundsManager")
    clock.set_length(50)
    mine_to(50 * 100 - before_the_end)
    clock.rounds.initializeRound()
    mine_to(block() + jump)

    assert clock.rounds.blockNum() == 50 * 100 - before_the_end + jump
    if jump < before_the_end:
        assert clock.rounds.currentRound() == 99
        with boa.reverts(ALREADY):
            clock.rounds.initializeRound()
    else:
        assert clock.rounds.currentRound() == 100
        assert not clock.rounds.currentRoundInitialized()
        assert clock.rounds.currentRoundStartBlock() == 50 * 100
        clock.rounds.initializeRound()
        with boa.reverts(ALREADY):
            clock.rounds.initializeRound()


def test_round__many_l2_blocks_in_one_l1_block__is_one_round(protocol: Protocol) -> None:
    """Time goes on while the L1 block stands still: nothing that counts blocks moves."""
    at_first = block()
    now = protocol.current_round()
    for _ in range(3):
        boa.env.timestamp += 1
        assert (block(), protocol.current_round()) == (at_first, now)
        with boa.reverts(ALREADY):
            protocol.rounds_manager.initializeRound()


def test_reward__l1_block_jumps_over_a_round__of_the_round_it_lands_in(
    protocol: Protocol, orchestrator: str
) -> None:
    bonding, rounds = protocol.bonding_manager, protocol.rounds_manager
    bonding.bond(10 * LPT, orchestrator, sender=orchestrator)
    now = protocol.next_round()
    bonding.reward(sender=orchestrator)
    boa.env.time_travel(blocks=2 * rounds.roundLength() + 10)
    with boa.reverts("current round is not initialized"):
        bonding.reward(sender=orchestrator)
    rounds.initializeRound()
    bonding.reward(sender=orchestrator)
    assert bonding.getTranscoder(orchestrator)[0] == now + 2


@pytest.mark.parametrize(("jump", "open_still"), [(0, True), (1, True), (10, False)])
def test_poll__l1_block_jumps__takes_votes_up_to_its_last_block(
    jump: int, open_still: bool, stranger: str
) -> None:
    poll = deploy("Poll", block() + 1)
    boa.env.time_travel(blocks=jump)
    if open_still:
        poll.vote(0, sender=stranger)
        return
    with boa.reverts("poll is over"):
        poll.vote(0, sender=stranger)


# A change of the round length in the middle of a round (LIP-83)


@pytest.fixture
def long_rounds() -> Clock:
    """Block 3,000 of round 100 of 5,760 blocks each, initialised; the last tenth is locked."""
    clock = clock_of("RoundsManager")
    clock.set_length(OLD)
    clock.set_lock(100_000)
    mine_to(100 * OLD + 3_000)
    clock.rounds.initializeRound()
    return clock


def test_set_round_length__5760_to_6377_mid_round__this_round_is_the_first_long_one(
    long_rounds: Clock,
) -> None:
    rounds = long_rounds.rounds
    long_rounds.set_length(NEW)
    assert (rounds.currentRound(), rounds.currentRoundStartBlock()) == (100, 100 * OLD)
    assert rounds.currentRoundInitialized()
    with boa.reverts(ALREADY):
        rounds.initializeRound()

    mine_to(101 * OLD)  # where it would have ended
    assert rounds.currentRound() == 100
    mine_to(100 * OLD + NEW - 1)
    assert rounds.currentRound() == 100
    mine_to(100 * OLD + NEW)
    assert rounds.currentRound() == 101
    rounds.initializeRound()
    assert rounds.lastInitializedRound() == 101
    mine_to(100 * OLD + 11 * NEW)
    assert rounds.currentRound() == 111


def test_set_round_length__5760_to_6377_mid_round__lock_moves_with_the_end(
    long_rounds: Clock,
) -> None:
    rounds = long_rounds.rounds
    long_rounds.set_length(NEW)
    for offset, locked in ((OLD - 576, False), (NEW - 638, False), (NEW - 637, True)):
        mine_to(100 * OLD + offset)
        assert rounds.currentRoundLocked() == locked


def test_set_round_length__mid_round__no_second_reward_in_it(
    protocol: Protocol, orchestrator: str
) -> None:
    bonding, rounds = protocol.bonding_manager, protocol.rounds_manager
    bonding.bond(10 * LPT, orchestrator, sender=orchestrator)
    protocol.next_round()
    bonding.reward(sender=orchestrator)
    old_end = rounds.currentRoundStartBlock() + rounds.roundLength()
    rounds.setRoundLength(2 * rounds.roundLength(), sender=protocol.owner)
    boa.env.time_travel(blocks=old_end - block())
    with boa.reverts("caller has already called reward for the current round"):
        bonding.reward(sender=orchestrator)


# How long a vote of L1 blocks is


def test_poll_period__in_rounds_of_6377__is_nine_and_a_bit() -> None:
    """57,600 blocks are 10 old rounds: the period of a poll did not follow LIP-83."""
    period = deploy("PollCreator", deploy("StakeMock").address).POLL_PERIOD()
    assert period == 10 * OLD
    assert 9 * NEW < period < 10 * NEW
