"""The reward caller against a node: its estimates are enough, for single calls and for batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from keepers.core.chain import Chain
from keepers.core.config import RewardCallerConfig
from keepers.core.contracts import Book
from keepers.core.keeper import Decision
from keepers.core.model import Call, Wish
from keepers.reward_caller import RewardCaller
from tests.keepers.reward_town import RewardTown, reward_town
from tests.support.anvil import find_anvil
from tests.support.contracts import ZERO

CONFIG = RewardCallerConfig(True, "any", (), (), None, "enforce", 10**15, 20)
MARGIN = (6, 5)  # as the engine


@pytest.fixture(scope="module")
def built() -> Iterator[RewardTown]:
    if find_anvil() is None:
        pytest.skip("no anvil: run `make install`")
    with reward_town(range(8_000, 2_000, -1_000)) as town:
        yield town


@pytest.fixture
def town(built: RewardTown) -> Iterator[RewardTown]:
    with built.undone():
        yield built


def looked(town: RewardTown, batcher: str | None = None) -> tuple[Chain, Decision]:
    chain = Chain.open([town.anvil.url])
    keeper = RewardCaller(
        Book(chain, town.controller),
        town.caller,
        town.members,
        delegated=True,
        config=replace(CONFIG, batcher=batcher),
    )
    return chain, keeper.decide(keeper.read(chain, chain.head()))


def act(town: RewardTown, chain: Chain, wish: Wish) -> tuple[int, int]:
    """Sent with a node's estimate and a margin. Gas limit, gas used."""
    call = Call(wish.to, wish.data, town.caller)
    (estimate,) = chain.estimate_many([call], "pending")
    assert isinstance(estimate, int)
    limit = estimate * MARGIN[0] // MARGIN[1]
    return limit, town.send(wish.to, wish.data, limit)


def rewarded(town: RewardTown) -> list[bool]:
    number = town.contracts["RoundsManager"].functions.currentRound().call()
    manager = town.contracts["BondingManager"].functions
    return [manager.getTranscoder(one).call()[0] == number for one in town.members]


def test_tick__single_calls__all_rewarded_and_then_done(town: RewardTown) -> None:
    chain, decision = looked(town)
    assert [wish.subject for wish in decision.wishes] == list(town.members)
    for wish in decision.wishes:
        act(town, chain, wish)
    assert all(rewarded(town))
    _, again = looked(town)
    assert again.wishes == ()
    assert {note.verdict for note in again.notes} == {"done"}


def test_tick__batch__estimate_is_enough_for_all(town: RewardTown) -> None:
    town.name_caller(town.batcher)
    chain, decision = looked(town, town.batcher)
    (wish,) = decision.wishes
    limit, used = act(town, chain, wish)
    assert used < limit
    assert all(rewarded(town))


def test_tick__batch_with_one_that_fails__the_others_are_rewarded(town: RewardTown) -> None:
    town.name_caller(town.batcher)
    chain, decision = looked(town, town.batcher)
    town.do("BondingManager", "setRewardCaller", ZERO, sender=town.members[2])
    (wish,) = decision.wishes
    act(town, chain, wish)
    assert rewarded(town) == [True, True, False, True, True, True]
    _, again = looked(town, town.batcher)
    assert again.wishes == ()
    assert [note.subject for note in again.notes if note.verdict == "skip"] == [town.members[2]]
