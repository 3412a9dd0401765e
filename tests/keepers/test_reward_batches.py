"""Many rewards in one transaction: every one is called, and a bad one costs nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import boa
import pytest

from keepers.core.config import RewardCallerConfig
from keepers.core.keeper import Decision
from keepers.core.model import Call, Reverted, Wish
from keepers.core.reverts import Class, classify
from keepers.reward_batches import BATCH, SIZE
from keepers.reward_caller import RewardCaller
from tests.keepers.boa_chain import Town
from tests.support.contracts import ZERO, deploy
from tests.support.protocol import Parameters

COUNT = SIZE + 6


@pytest.fixture(scope="module")
def built() -> Town:
    """Two batches of orchestrators, whose rewards are due."""
    town = Town(Parameters(pool_size=COUNT))
    town.caller = deploy("RewardBatcher", town.protocol.controller.address).address
    town.protocol.next_round()
    town.members = town.orchestrators(*range(COUNT, 0, -1), caller=town.caller)
    town.protocol.next_round()
    return town


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    with boa.env.anchor():
        built.chain.base_fee = 10**8
        yield built


@pytest.fixture
def keeper(town: Town) -> RewardCaller:
    return keeper_of(town)


def keeper_of(town: Town, **changed: object) -> RewardCaller:
    config = RewardCallerConfig(True, "any", town.members, (), town.caller, "off", None, 20)
    config = replace(config, **changed)
    account = town.protocol.account("hot key")
    return RewardCaller(town.book, account, town.members, delegated=True, config=config)


def looked(town: Town, keeper: RewardCaller) -> Decision:
    return keeper.decide(keeper.read(town.chain, town.chain.head()))


def send(town: Town, wish: Wish) -> None:
    assert not town.chain.send(wish.to, wish.data, town.protocol.account("anyone")).is_error


def rewarded(town: Town) -> set[str]:
    manager, number = town.protocol.bonding_manager, town.protocol.current_round()
    return {one for one in town.members if manager.getTranscoder(one).lastRewardRound == number}


def test_tick__all_due__two_transactions_do_it(town: Town, keeper: RewardCaller) -> None:
    decision = looked(town, keeper)
    assert [wish.kind for wish in decision.wishes] == [BATCH, BATCH]
    assert [wish.subject for wish in decision.wishes] == [town.members[0], town.members[SIZE]]
    assert decision.wishes[0].why.endswith(f"for {SIZE} orchestrators")
    for wish in decision.wishes:
        send(town, wish)
    assert rewarded(town) == set(town.members)
    again = looked(town, keeper)
    assert again.wishes == ()
    assert {note.verdict for note in again.notes} == {"done"}


def test_tick__first_batch_done_in_part__second_keeps_its_key(
    town: Town, keeper: RewardCaller
) -> None:
    first, second = looked(town, keeper).wishes
    manager = town.protocol.bonding_manager
    manager.setRewardCaller(ZERO, sender=town.members[3])  # after the look, before the block
    send(town, first)
    assert rewarded(town) == set(town.members[:SIZE]) - {town.members[3]}
    manager.setRewardCaller(town.caller, sender=town.members[3])
    rest, same = looked(town, keeper).wishes
    assert same.key == second.key
    assert rest.key != first.key
    assert rest.subject == town.members[3]
    send(town, rest)
    assert rewarded(town) == set(town.members[:SIZE])


def test_tick__caller_is_the_hot_key__says_that_it_has_to_be_the_batcher(
    town: Town, keeper: RewardCaller
) -> None:
    one = town.members[0]
    town.protocol.bonding_manager.setRewardCaller(town.book.controller, sender=one)
    (note,) = looked(town, keeper).notes
    assert note.subject == one
    assert note.reason.endswith(f"let it call setRewardCaller({town.caller})")


def test_wish__all_done_by_another__is_refused_with_the_contracts_reason(
    town: Town, keeper: RewardCaller
) -> None:
    wishes = looked(town, keeper).wishes
    for wish in wishes:
        send(town, wish)
    for answer in town.chain.estimate_many([Call(one.to, one.data) for one in wishes], "latest"):
        assert isinstance(answer, Reverted)
        assert classify(answer.data)[0] is Class.DONE


def test_profit__too_dear__leaves_out_the_small_ones_alone(town: Town) -> None:
    keeper = keeper_of(town, profitability="enforce", lpt_price=10**15)
    town.chain.base_fee = 1
    free = looked(town, keeper)
    assert all(wish.worth for wish in free.wishes)
    town.chain.base_fee = 10**7
    small = looked(town, keeper)
    assert 0 < len(small.notes) < COUNT
    assert {note.verdict for note in small.notes} == {"skip"}
    assert [note.subject for note in small.notes] == list(town.members[-len(small.notes) :])
    assert sum(wish.worth or 0 for wish in small.wishes) < sum(w.worth or 0 for w in free.wishes)


def test_profit__warn__says_how_many_earn_too_little(town: Town) -> None:
    town.chain.base_fee = 10**10
    first, second = looked(town, keeper_of(town, profitability="warn", lpt_price=10**15)).wishes
    assert second.why.endswith("; 6 of 6 earn too little")
    assert first.worth
    assert second.worth
