"""transcoder, transcoderWithHint: commission, and coming back into the pool."""

from __future__ import annotations

from typing import Any

import boa

from tests.support.contracts import ZERO
from tests.unit.bonding_manager.conftest import PERC, Staking, own_events


def test_transcoder__registered__stores_and_logs(staking: Staking) -> None:
    transcoder = staking.transcoder(1_000)
    staking.manager.transcoder(PERC, 7, sender=transcoder)
    assert own_events(staking.manager) == [("TranscoderUpdate", transcoder, PERC, 7)]
    assert staking.manager.getTranscoder(transcoder)[1:3] == (PERC, 7)


def test_transcoder__round_locked__reverts_first(staking: Staking, stranger: str) -> None:
    boa.env.time_travel(blocks=45)
    with boa.reverts("can't update transcoder params, current round is locked"):
        staking.manager.transcoder(PERC + 1, PERC + 1, sender=stranger)


def test_transcoder__reward_cut_over_100_percent__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("invalid rewardCut percentage"):
        manager.transcoder(PERC + 1, PERC + 1, sender=stranger)


def test_transcoder__fee_share_over_100_percent__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("invalid feeShare percentage"):
        manager.transcoder(PERC, PERC + 1, sender=stranger)


def test_transcoder__not_registered__reverts(manager: Any, stranger: str) -> None:
    with boa.reverts("transcoder must be registered"):
        manager.transcoder(0, 0, sender=stranger)


def test_transcoder__active_before_its_reward__reverts(staking: Staking) -> None:
    transcoder = staking.transcoder(1_000)
    staking.next_round()
    text = "caller can't be active or must have already called reward for the current round"
    with boa.reverts(text):
        staking.manager.transcoder(0, 0, sender=transcoder)
    staking.manager.reward(sender=transcoder)
    staking.manager.transcoder(1, 2, sender=transcoder)


def test_transcoder_with_hint__room_in_the_pool__joins_it(
    staking: Staking, orchestrator: str
) -> None:
    members = staking.fill_pool()
    staking.manager.bond(900, orchestrator, sender=orchestrator)
    staking.manager.setNumActiveTranscoders(6, sender=staking.protocol.owner)
    staking.manager.transcoderWithHint(0, 0, members[-1], ZERO, sender=orchestrator)
    assert [event[0] for event in own_events(staking.manager)] == [
        "TranscoderActivated",
        "TranscoderUpdate",
    ]
    assert staking.pool() == [*members, orchestrator]


def test_transcoder__would_evict_a_protected_member__stays_out(
    staking: Staking, orchestrator: str
) -> None:
    members = staking.fill_pool()
    staking.manager.bond(900, orchestrator, sender=orchestrator)
    staking.next_round()
    staking.manager.unbond(500, sender=members[-1])
    staking.manager.transcoder(0, 0, sender=orchestrator)
    assert staking.pool() == members
