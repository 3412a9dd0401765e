"""Grief of the last transcoder's reward (2024-25).

Evict the last of a full pool before it calls reward, then bond enough to it that it joins again at
once: its activation moves to the next round, so it cannot call reward in this one.
"""

from __future__ import annotations

from collections.abc import Callable

import boa
import pytest

from tests.support.contracts import ZERO
from tests.support.protocol import LPT
from tests.unit.attacks.conftest import Victim

REFUSED = "cannot evict an active transcoder before it calls reward"


def pool_with_a_small_last(system: Victim) -> str:
    for _ in range(system.manager.getTranscoderPoolMaxSize() - 1):
        system.transcoder(100 * LPT)
    last = system.transcoder(50 * LPT)
    system.next_round()
    return last


def test_grief_last_transcoder_reward__unfixed_build__takes_its_reward(
    open_to: Callable[[str], Victim],
) -> None:
    system = open_to("last transcoder grief")
    last = pool_with_a_small_last(system)
    attacker = system.account("attacker")
    system.manager.bond(60 * LPT, attacker, sender=attacker)
    system.bonded("accomplice", 20 * LPT, last)
    assert not system.manager.isActiveTranscoder(last)
    with boa.reverts("caller must be an active transcoder"):
        system.reward(last)


def test_grief_last_transcoder_reward__shipped_build__eviction_waits_for_the_reward(
    victim: Victim,
) -> None:
    last = pool_with_a_small_last(victim)
    attacker = victim.account("attacker")
    with boa.reverts(REFUSED):
        victim.manager.bond(60 * LPT, attacker, sender=attacker)
    victim.reward(last)
    assert victim.manager.getTranscoder(last)[0] == victim.protocol.current_round()
    victim.manager.bond(60 * LPT, attacker, sender=attacker)
    assert victim.manager.getTranscoder(last)[5] == victim.protocol.current_round() + 1


def bond(system: Victim, big: str, outsider: str) -> Callable[[], None]:
    delegator = system.bonded("delegator", 40 * LPT, big)
    return lambda: system.manager.bond(0, outsider, sender=delegator)


def rebond(system: Victim, big: str, outsider: str) -> Callable[[], None]:  # noqa: ARG001
    delegator = system.bonded("delegator", 29 * LPT, outsider)
    system.next_round()
    system.manager.unbond(28 * LPT, sender=delegator)
    system.bonded("another", 28 * LPT, outsider)
    return lambda: system.manager.rebond(0, sender=delegator)


def rebond_from_unbonded(system: Victim, big: str, outsider: str) -> Callable[[], None]:
    delegator = system.bonded("delegator", 40 * LPT, big)
    system.next_round()
    system.manager.unbond(40 * LPT, sender=delegator)
    return lambda: system.manager.rebondFromUnbonded(outsider, 0, sender=delegator)


def transfer_bond(system: Victim, big: str, outsider: str) -> Callable[[], None]:
    delegator = system.bonded("delegator", 40 * LPT, big)
    system.next_round()
    none = (ZERO, ZERO, ZERO, ZERO)
    return lambda: system.manager.transferBond(outsider, 40 * LPT, *none, sender=delegator)


@pytest.mark.parametrize("prepare", [bond, rebond, rebond_from_unbonded, transfer_bond])
def test_grief_last_transcoder_reward__stake_that_would_evict__refused(
    victim: Victim, prepare: Callable[[Victim, str, str], Callable[[], None]]
) -> None:
    """An outsider with 20 LPT, a last member with 50: every way to put the outsider above it."""
    last = pool_with_a_small_last(victim)
    call = prepare(victim, victim.pool()[0], victim.transcoder(20 * LPT))
    with boa.reverts(REFUSED):
        call()
    victim.reward(last)
    call()
    assert last not in victim.pool()


def test_grief_last_transcoder_reward__transcoder_call__stays_out(victim: Victim) -> None:
    last = pool_with_a_small_last(victim)
    outsider = victim.transcoder(20 * LPT)
    victim.manager.unbond(40 * LPT, sender=last)
    victim.manager.transcoder(0, 0, sender=outsider)
    assert outsider not in victim.pool()
    victim.reward(last)
    victim.manager.transcoder(0, 0, sender=outsider)
    assert outsider in victim.pool()


def test_grief_last_transcoder_reward__reward_of_an_outsider__stays_out(victim: Victim) -> None:
    """It left the pool but is active until the round ends; its reward would bring it back in."""
    last = pool_with_a_small_last(victim)
    outsider = victim.pool()[0]
    victim.manager.unbond(49 * LPT, sender=last)
    victim.manager.unbond(100 * LPT, sender=outsider)
    victim.transcoder(100 * LPT)
    victim.manager.bond(LPT // 2, outsider, sender=outsider)
    victim.reward(outsider)
    assert victim.manager.transcoderTotalStake(outsider) > LPT
    assert outsider not in victim.pool()
    assert last in victim.pool()
