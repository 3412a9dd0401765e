"""A round is initialised as soon as it may be, once, whoever of the keepers is alive."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import boa
import pytest

from keepers.core.config import RoundInitializerConfig, TurnConfig
from keepers.core.keeper import Decision
from keepers.core.model import KeeperError
from keepers.round_initializer import KIND, RoundInitializer, RoundState
from keepers.rounds import Round
from tests.keepers.boa_chain import Town
from tests.support.protocol import Parameters

POLL, SLOT, SEEN = 1.0, 3.0, 1.0  # seconds; SEEN: until others see a transaction
ACCOUNTS = tuple(f"0x{i:040x}" for i in range(1, 21))
ALONE = TurnConfig(0, 1)


def initializer(
    account: str = ACCOUNTS[0],
    peers: tuple[str, ...] = (),
    turn: TurnConfig = ALONE,
    **more: Any,
) -> RoundInitializer:
    config = RoundInitializerConfig(True, "any", SLOT, peers)
    return RoundInitializer(more.pop("book", None), account, config, turn, **more)


def due(number: int, waited: float) -> RoundState:
    return RoundState(Round(number, number - 1, 503, 500, 50), ACCOUNTS[0], b"data", waited)


# -- one keeper, on the contracts


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(Parameters(round_length=50))


def looked(town: Town, keeper: RoundInitializer) -> Decision:
    return keeper.decide(keeper.read(town.chain, town.chain.head()))


def test_decide__every_block_of_three_rounds__wishes_once_and_at_the_boundary(town: Town) -> None:
    keeper = initializer(town.caller, book=town.book)
    rounds = town.protocol.rounds_manager
    with boa.env.anchor():
        town.protocol.next_round()
        sent = []
        for _ in range(150):
            before = rounds.currentRound()
            boa.env.time_travel(blocks=1)
            decision = looked(town, keeper)
            assert bool(decision.wishes) == (rounds.currentRound() > before)
            for wish in decision.wishes:
                assert not town.chain.send(wish.to, wish.data, town.caller).is_error
                sent.append(wish.round)
            assert rounds.lastInitializedRound() == rounds.currentRound()
        assert sent == list(range(sent[0], sent[0] + 3))


def test_read__one_round__is_one_request(town: Town) -> None:
    keeper = initializer(book=town.book)
    looked(town, keeper)
    before = town.chain.requests
    looked(town, keeper)
    assert town.chain.requests == before + 1


@pytest.mark.parametrize("jump", [1, 3, 49, 120])
def test_decide__block_numbers_jump__round_of_now_is_initialised(town: Town, jump: int) -> None:
    """As on Arbitrum, where contracts see L1 numbers in steps."""
    with boa.env.anchor():
        town.protocol.next_round()
        town.protocol.mine_to_next_round()
        boa.env.time_travel(blocks=jump)
        (wish,) = looked(town, initializer(book=town.book)).wishes
        assert wish.round == town.protocol.current_round()
        assert wish.urgency == jump % 50 * 20_000


def test_decide__block_numbers_stand_still__does_not_wish_again(town: Town) -> None:
    with boa.env.anchor():
        town.protocol.next_round()
        keeper = initializer(book=town.book)
        for _ in range(3):
            (note,) = looked(town, keeper).notes
            assert note.verdict == "done"


def test_read__rounds_have_no_length_yet__says_what_reverts(town: Town) -> None:
    with boa.env.anchor():
        fresh = town.protocol.deploy_proxied("RoundsManager")
        town.book.refresh()
        assert town.book.address("RoundsManager") == fresh.address
        with pytest.raises(KeeperError, match="RoundsManager.currentRound"):
            looked(town, initializer(book=town.book))
    town.book.refresh()


# -- taking turns


def test_decide__turn_of_another__waits_for_its_slot() -> None:
    last = max(ACCOUNTS, key=lambda one: initializer(one, ACCOUNTS).slot(9))
    keeper = initializer(last, ACCOUNTS)
    assert keeper.slot(9) == 19
    (note,) = keeper.decide(due(9, waited=50)).notes
    assert (note.kind, note.verdict) == (KIND, "wait")
    assert note.reason == "another keeper has its turn; ours is in 7.0 s"
    assert keeper.decide(due(9, waited=57)).wishes


def test_slot__two_hosts_of_each_account__all_differ_and_go_around() -> None:
    for number in range(30):
        slots = {
            (account, host): initializer(account, ACCOUNTS[:3], TurnConfig(host, 2)).slot(number)
            for account in ACCOUNTS[:3]
            for host in (0, 1)
        }
        assert sorted(slots.values()) == list(range(6))
        assert {slots[account, number % 2] for account in ACCOUNTS[:3]} == {0, 1, 2}


@dataclass
class Race:
    """Keepers that poll at moments of their own, from a boundary on."""

    alive: tuple[str, ...]
    number: int
    luck: random.Random

    def run(self) -> list[float]:
        """Seconds after the boundary at which transactions were sent, each keeper's first."""
        sent: dict[str, float] = {}
        firsts = {one: self.luck.uniform(0, POLL) for one in self.alive}
        looks = sorted(
            (first + POLL * k, one, POLL * k) for one, first in firsts.items() for k in range(80)
        )
        for now, one, waited in looks:
            if sent and now >= min(sent.values()) + SEEN:
                break
            if initializer(one, ACCOUNTS).decide(due(self.number, waited)).wishes:
                sent.setdefault(one, now)
        return list(sent.values())


def test_race__20_keepers_50_rounds__one_transaction_each_in_time() -> None:
    luck = random.Random(11)
    races = [Race(ACCOUNTS, number, luck).run() for number in range(50)]
    assert sum(len(sent) - 1 for sent in races) <= 0.05 * len(races)
    assert max(sent[0] for sent in races) <= 4


def test_race__first_keeper_dead__next_one_a_slot_later() -> None:
    luck = random.Random(12)
    for number in range(50):
        order = sorted(ACCOUNTS, key=lambda one: initializer(one, ACCOUNTS).slot(number))
        sent = Race(tuple(order[1:]), number, luck).run()
        assert len(sent) == 1
        assert sent[0] <= SLOT + 2 * POLL


def test_race__one_keeper_left__round_is_initialised() -> None:
    luck = random.Random(13)
    for number in range(20):
        (sent,) = Race((ACCOUNTS[7],), number, luck).run()
        assert sent <= 20 * SLOT + 2 * POLL
