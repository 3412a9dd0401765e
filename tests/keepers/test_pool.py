"""Hints say where the contract will put an orchestrator, so that it need not search."""

from __future__ import annotations

import random

import boa
import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from keepers.core.model import KeeperError
from keepers.pool import NONE, Hints, Member, Pool, PoolReader
from tests.keepers.boa_chain import Town
from tests.models.pool import Pool as Model
from tests.support.protocol import LPT, Parameters

ADDRESSES = [to_checksum_address(f"0x{i + 1:040x}") for i in range(12)]
stakes = st.integers(1, 6)  # few, so that many are equal


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    found: list[int] = draw(st.lists(stakes, max_size=8))
    size = draw(st.integers(max(1, len(found)), 9))
    names: list[str] = draw(st.permutations(ADDRESSES))
    members = zip(names, sorted(found, reverse=True), strict=False)
    return Pool(tuple(Member(*one) for one in members), size)


def model_of(pool: Pool) -> Model:
    return Model(
        pool.max_size,
        [one.address for one in pool.members],
        {one.address: one.stake for one in pool.members},
    )


def joined(model: Model, address: str, stake: int, hints: Hints) -> None:
    """As BondingManager does with one from outside."""
    if model.is_full:
        if stake <= model.keys[model.last]:
            return
        model.remove(model.last)
    model.insert(address, stake, *hints)


@given(pool=pools(), address=st.sampled_from(ADDRESSES), stake=stakes)
def test_after__any_pool__same_place_with_hints_and_without(
    pool: Pool, address: str, stake: int
) -> None:
    hints, after = pool.after(address, stake)
    places = []
    for given_hints in (hints, NONE):
        model = model_of(pool)
        if address in model:
            model.update_key(address, stake, *given_hints)
        else:
            joined(model, address, stake, given_hints)
        places.append(model.order)
    assert places[0] == places[1] == [one.address for one in after.members]
    assert dict(after.members) == model.keys


@given(pool=pools(), address=st.sampled_from(ADDRESSES), stake=stakes)
def test_after__any_pool__hints_need_no_search(pool: Pool, address: str, stake: int) -> None:
    hints, after = pool.after(address, stake)
    order = [one.address for one in after.members]
    if address in order:
        around = [NONE.prev, *order, NONE.next]
        at = around.index(address)
        assert hints == (around[at - 1], around[at + 1])
    else:
        assert hints == NONE


# -- on the contract


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(Parameters(pool_size=12))


def test_after__random_pools_of_the_contract__same_place_with_hints_and_without(
    town: Town,
) -> None:
    """200 pools: each time one more stake for somebody, with the hints for it and without."""
    luck = random.Random(3)
    protocol, reader = town.protocol, PoolReader(town.book)
    with boa.env.anchor():
        protocol.next_round()
        members = town.orchestrators(*(luck.randint(1, 5) for _ in range(8)))
        pool = reader.read(town.chain, 0)
        for turn in range(200):
            patron = protocol.account("patron", lpt=10 * LPT)
            one = luck.choice(members)
            more = luck.choice([1, 1, 2, 5]) * LPT
            hints, after = pool.after(one, dict(pool.members)[one] + more)
            hinted = hints if turn % 2 else NONE
            protocol.bonding_manager.bondForWithHint(
                more, patron, one, *NONE, *hinted, sender=patron
            )
            pool = reader.read(town.chain, 0)
            assert pool == after
        assert [member.address for member in pool.members] == town.order()
        assert all(town.stake(member.address) == member.stake for member in pool.members)


def test_read__known_pool__takes_two_requests(town: Town) -> None:
    with boa.env.anchor():
        town.protocol.next_round()
        members = town.orchestrators(*range(1, 13))
        reader = PoolReader(town.book)
        for most in (2 + len(members), 2, 2):
            before = town.chain.requests
            assert len(reader.read(town.chain, 0).members) == len(members)
            assert town.chain.requests - before <= most
        before = town.chain.requests
        PoolReader(town.book).read(town.chain, 0, members)
        assert town.chain.requests - before == 2


def test_read__empty_pool__is_empty(town: Town) -> None:
    with boa.env.anchor():
        pool = PoolReader(town.book).read(town.chain, 0, [town.caller])
        assert pool == Pool((), 12)
        assert pool.after(town.caller, 5) == (NONE, Pool((Member(town.caller, 5),), 12))


ENDLESS = """
@external
@view
def getFirstTranscoderInPool() -> address:
    return convert(1, address)

@external
@view
def getTranscoderPoolMaxSize() -> uint256:
    return 5

@external
@view
def getNextTranscoderInPool(_one: address) -> address:
    return {}

@external
@view
def transcoderTotalStake(_one: address) -> uint256:
    return 1
"""
NEXT = "convert(convert(_one, uint160) + 1, address)"


@pytest.mark.parametrize("following", ["_one", NEXT])
def test_read__contract_that_never_ends__says_so(town: Town, following: str) -> None:
    with boa.env.anchor():
        endless = boa.loads(ENDLESS.format(following))
        town.protocol.register("BondingManager", endless.address)
        town.book.address("BondingManager")
        town.book.refresh()
        with pytest.raises(KeeperError, match="does not end"):
            PoolReader(town.book).read(town.chain, 0)
    town.book.refresh()
