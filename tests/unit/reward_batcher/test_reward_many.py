"""rewardMany: one transcoder's trouble, of whatever kind, is nobody else's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import boa
import pytest
from eth_utils.address import to_checksum_address

from tests.support.calls import error_data, logs, reverted, reverts_bare, reverts_with_data
from tests.support.contracts import GIT_COMMIT, ZERO, contract_id, deploy
from tests.support.protocol import LPT, Parameters, Protocol

GAS = 400_000
BURNS, BARE, LONG, WORDS, AGAIN = 1, 2, 3, 4, 5
CALLED = "caller has already called reward for the current round"
OTHER_CALLER = "caller must be transcoder's reward caller"
TOO_LITTLE = "not enough gas for the next reward"


def good(number: int) -> str:
    return to_checksum_address(f"0x{number * 256:040x}")


def bad(kind: int, number: int = 9) -> str:
    return to_checksum_address(f"0x{number * 256 + kind:040x}")


def calls(transcoders: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(one, ZERO, ZERO) for one in transcoders]


def failed(batcher: Any) -> list[tuple[str, bytes]]:
    return [(event[1], event[2]) for event in logs(batcher) if event[0] == "RewardFailed"]


# -- with a BondingManager that misbehaves


@pytest.fixture(scope="module")
def controller() -> Any:
    return deploy("Controller")


@pytest.fixture(scope="module")
def rewards(controller: Any) -> Any:
    mock = deploy("RewardsMock")
    controller.setContractInfo(contract_id("BondingManager"), mock.address, GIT_COMMIT)
    return mock


@pytest.fixture(scope="module")
def batcher(controller: Any, rewards: Any) -> Any:
    assert rewards
    return deploy("RewardBatcher", controller.address)


def test_reward_many__several__each_once_with_its_hints(batcher: Any, rewards: Any) -> None:
    wanted = [(good(i), good(i + 50), good(i + 100)) for i in range(1, 4)]
    assert batcher.rewardMany(wanted, GAS) == 3
    assert failed(batcher) == []
    for one, prev, next_ in wanted:
        assert rewards.rewarded(one) == 1
        assert tuple(rewards.hints(one)) == (prev, next_)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BURNS, b""),
        (BARE, b""),
        (LONG, bytes(260)),
        (WORDS, error_data("Error(string)", "not today")),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_reward_many__one_fails__the_others_do_not(
    batcher: Any, rewards: Any, kind: int, reason: bytes, place: int
) -> None:
    transcoders = [good(1), good(2)]
    transcoders.insert(place, bad(kind))
    assert batcher.rewardMany(calls(transcoders), GAS) == 2
    assert failed(batcher) == [(bad(kind), reason)]
    assert [rewards.rewarded(one) for one in (good(1), good(2), bad(kind))] == [1, 1, 0]


def test_reward_many__half_of_a_full_batch_burns_its_gas__the_other_half_is_rewarded(
    batcher: Any, rewards: Any
) -> None:
    transcoders = [good(i) if i % 2 else bad(BURNS, i) for i in range(1, 101)]
    assert batcher.rewardMany(calls(transcoders), GAS, gas=25_000_000) == 50
    assert len(failed(batcher)) == 50
    assert all(rewards.rewarded(good(i)) for i in range(1, 101, 2))


def test_reward_many__same_one_twice__is_called_twice(batcher: Any, rewards: Any) -> None:
    assert batcher.rewardMany(calls([good(1), good(1)]), GAS) == 2
    assert rewards.rewarded(good(1)) == 2


def test_reward_many__none_succeeds__reverts_as_the_last_one(batcher: Any) -> None:
    with reverts_with_data(error_data("Error(string)", "not today")):
        batcher.rewardMany(calls([bad(BARE), bad(WORDS)]), GAS)
    with reverts_bare():
        batcher.rewardMany(calls([bad(WORDS), bad(BURNS)]), GAS)


def test_reward_many__nobody__reverts(batcher: Any) -> None:
    with reverts_bare():
        batcher.rewardMany([], GAS)


def test_reward_many__calls_itself__both_batches_count(batcher: Any, rewards: Any) -> None:
    assert batcher.rewardMany(calls([bad(AGAIN)]), 2 * GAS) == 1
    assert rewards.rewarded(good(1)) == rewards.rewarded(bad(AGAIN)) == 1


# -- gas


@pytest.mark.parametrize("gas_each", [30_000, 100_000, GAS])
def test_reward_many__gas_each__is_what_a_reward_gets(
    batcher: Any, rewards: Any, gas_each: int
) -> None:
    batcher.rewardMany(calls([good(1), bad(BURNS)]), max(gas_each, 200_000))
    batcher.rewardMany(calls([good(1)]), max(gas_each, 200_000))
    assert max(gas_each, 200_000) - 1_000 < rewards.gas_given() <= max(gas_each, 200_000)


def test_reward_many__any_gas_limit__all_or_nothing(batcher: Any, rewards: Any) -> None:
    """What a node's estimate needs: no limit at which a call goes through with less done."""
    wanted = calls([good(1), good(2), good(3)])
    data = batcher.rewardMany.prepare_calldata(wanted, GAS)
    outcomes = []
    for gas in range(20_000, 1_000_000, 7_001):
        with boa.env.anchor():
            done = boa.env.execute_code(to_address=batcher.address, data=data, gas=gas)
            rewarded = [rewards.rewarded(one) for one, *_ in wanted]
            assert rewarded == ([0, 0, 0] if done.is_error else [1, 1, 1])
            outcomes.append(done.is_error)
    assert outcomes == sorted(outcomes, reverse=True)
    assert len(set(outcomes)) == 2


def test_reward_many__too_little_for_the_next__says_so(batcher: Any) -> None:
    with reverts_with_data(error_data("Error(string)", TOO_LITTLE)):
        batcher.rewardMany(calls([good(1), good(2)]), GAS, gas=GAS)


@pytest.mark.parametrize("gas_each", [2**256 - 1, 2**250])
def test_reward_many__gas_each_overflows__reverts_bare(batcher: Any, gas_each: int) -> None:
    with reverts_bare():
        batcher.rewardMany(calls([good(1)]), gas_each)


def test_reward_many__no_gas_each__none_succeeds(batcher: Any) -> None:
    with reverts_bare():
        batcher.rewardMany(calls([good(1)]), 0)


# -- hostile bytes and places


def test_reward_many__more_than_100__reverts_bare(batcher: Any) -> None:
    full = calls([good(i) for i in range(1, 101)])
    data = batcher.rewardMany.prepare_calldata(full, GAS)
    length = data.index((100).to_bytes(32, "big"))
    longer = data[:length] + (101).to_bytes(32, "big") + data[length + 32 :] + bytes(96)
    assert reverted(batcher.address, longer) == b""


def test_reward_many__calldata_cut_off__what_is_missing_is_zero(batcher: Any, rewards: Any) -> None:
    data = batcher.rewardMany.prepare_calldata([(good(1), *[good(2)] * 2)] * 2, GAS)
    boa.env.execute_code(to_address=batcher.address, data=data[:-96])
    assert (rewards.rewarded(good(1)), rewards.rewarded(ZERO)) == (1, 1)


def test_reward_many__dirty_address__reverts_bare(batcher: Any) -> None:
    data = bytearray(batcher.rewardMany.prepare_calldata(calls([good(1)]), GAS))
    data[-96] = 1
    assert reverted(batcher.address, bytes(data)) == b""


def test_reward_many__with_value__reverts_bare(batcher: Any) -> None:
    data = batcher.rewardMany.prepare_calldata(calls([good(1)]), GAS)
    boa.env.set_balance(boa.env.eoa, 1)
    assert reverted(batcher.address, data, value=1) == b""


def test_reward_many__no_bonding_manager__reverts(controller: Any, batcher: Any) -> None:
    for place in (ZERO, boa.env.generate_address("nobody")):
        controller.setContractInfo(contract_id("BondingManager"), place, GIT_COMMIT)
        with reverts_with_data(error_data("Error(string)", "BondingManager has no code")):
            batcher.rewardMany(calls([good(1)]), GAS)


def test_reward_many__bonding_manager_moved__calls_the_new_one(
    controller: Any, batcher: Any, rewards: Any
) -> None:
    other = deploy("RewardsMock")
    controller.setContractInfo(contract_id("BondingManager"), other.address, GIT_COMMIT)
    batcher.rewardMany(calls([good(1)]), GAS)
    assert (rewards.rewarded(good(1)), other.rewarded(good(1))) == (0, 1)


def test_controller__is_what_it_was_made_with(controller: Any, batcher: Any) -> None:
    assert batcher.controller() == controller.address


# -- with the real one


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return Protocol(Parameters(pool_size=4))


def test_reward_many__real_transcoders__rewarded_by_anyone_and_bad_ones_named(
    protocol: Protocol,
) -> None:
    manager = protocol.bonding_manager
    real = deploy("RewardBatcher", protocol.controller.address)
    protocol.next_round()
    members = [protocol.account("orchestrator", lpt=LPT) for _ in range(4)]
    for one in members:
        manager.bond(LPT, one, sender=one)
        manager.setRewardCaller(real.address, sender=one)
    number = protocol.next_round()
    manager.setRewardCaller(ZERO, sender=members[1])
    anyone = boa.env.generate_address("anyone")
    wanted = calls([members[0], members[1], members[0], members[2]])
    assert real.rewardMany(wanted, 10**6, sender=anyone) == 2
    assert failed(real) == [
        (members[1], error_data("Error(string)", OTHER_CALLER)),
        (members[0], error_data("Error(string)", CALLED)),
    ]
    done = [manager.getTranscoder(one).lastRewardRound == number for one in members]
    assert done == [True, False, True, False]
    with reverts_with_data(error_data("Error(string)", CALLED)):
        real.rewardMany(calls([members[0]]), 10**6, sender=anyone)
    protocol.controller.pause(sender=protocol.owner)
    with reverts_with_data(error_data("Error(string)", "system is paused")):
        real.rewardMany(calls([members[3]]), 10**6, sender=anyone)
