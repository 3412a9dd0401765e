"""Every reward that is due is wished for, once, with hints that fit; every other one has a note."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boa
import pytest

from keepers.core.config import RewardCallerConfig, TurnConfig
from keepers.core.keeper import Decision
from keepers.core.model import GWEI, MILLION, Reverted
from keepers.pool import NONE
from keepers.reward_caller import KIND, RewardCaller, RewardState
from keepers.reward_view import Orchestrator, Prospect, reward_of
from keepers.rounds import Round
from tests.keepers.boa_chain import Town
from tests.support.contracts import ZERO
from tests.support.protocol import LPT, Parameters

OFF = RewardCallerConfig(True, "any", (), (), None, "off", None, 20)
PRICED = replace(OFF, lpt_price=10**15)
STAKES = (500, 400, 300, 200, 100)


@pytest.fixture(scope="module")
def built() -> Town:
    """Five orchestrators, active from now on; their rewards are due."""
    town = Town(Parameters(treasury_cut=10**26))
    town.protocol.next_round()
    town.members = town.orchestrators(*STAKES, caller=town.caller)
    town.protocol.next_round()
    return town


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    with boa.env.anchor():
        yield built


def caller_of(
    town: Town, *orchestrators: str, config: RewardCallerConfig = OFF, **more: Any
) -> RewardCaller:
    delegated = more.pop("delegated", True)
    whom = orchestrators or town.members
    return RewardCaller(town.book, town.caller, whom, delegated=delegated, config=config, **more)


def looked(town: Town, keeper: RewardCaller) -> Decision:
    return keeper.decide(keeper.read(town.chain, town.chain.head()))


def act(town: Town, decision: Decision, sender: str | None = None) -> None:
    for wish in decision.wishes:
        assert not town.chain.send(wish.to, wish.data, sender or town.caller).is_error


def reasons(decision: Decision) -> dict[str, str]:
    return {note.subject: f"{note.verdict}: {note.reason}" for note in decision.notes}


def last_reward(town: Town, orchestrator: str) -> int:
    return int(town.protocol.bonding_manager.getTranscoder(orchestrator).lastRewardRound)


# -- delegated


def test_tick__several_rounds__every_reward_once_a_round(town: Town) -> None:
    keeper = caller_of(town)
    for _ in range(3):
        decision = looked(town, keeper)
        assert [wish.subject for wish in decision.wishes] == list(town.members)
        act(town, decision)
        number = town.protocol.current_round()
        assert {last_reward(town, one) for one in town.members} == {number}
        again = looked(town, keeper)
        assert again.wishes == ()
        assert set(reasons(again).values()) == {f"done: reward of round {number} was called"}
        town.protocol.next_round()


def test_tick__new_process_in_mid_round__first_look_has_the_wishes(town: Town) -> None:
    boa.env.time_travel(blocks=25)
    (wish, *_) = looked(town, caller_of(town)).wishes
    assert wish.urgency == 500_000
    assert wish.round == town.protocol.current_round()


def test_tick__two_ticks_of_one_round__same_keys_and_no_others_next_round(town: Town) -> None:
    keeper = caller_of(town)
    keys = [wish.key for wish in looked(town, keeper).wishes]
    boa.env.time_travel(blocks=1)
    assert [wish.key for wish in looked(town, keeper).wishes] == keys
    town.protocol.next_round()
    assert not set(keys) & {wish.key for wish in looked(town, keeper).wishes}


def test_wish__reward__is_what_the_contract_pays(town: Town) -> None:
    state = caller_of(town).read(town.chain, town.chain.head())
    for prospect in state.prospects:
        before = town.stake(prospect.orchestrator)
        assert not town.chain.send(prospect.call.to, prospect.call.data, town.caller).is_error
        assert town.stake(prospect.orchestrator) - before == prospect.reward > 0


def test_wish__close_stakes__hints_follow_the_rewards_before_it(town: Town) -> None:
    """The last becomes the first one when its reward comes first: then the others move too."""
    town.protocol.next_round()
    small, big = town.members[4], town.members[0]
    lpt = town.stake(big) - town.stake(small) - 1
    patron = town.protocol.account("patron", lpt=lpt)
    town.protocol.bonding_manager.bond(lpt, small, sender=patron)
    keeper = caller_of(town, *reversed(town.members))
    state = keeper.read(town.chain, town.chain.head())
    assert state.prospects[0].hints == (ZERO, big)
    for prospect in state.prospects:
        assert not town.chain.send(prospect.call.to, prospect.call.data, town.caller).is_error
        order = [NONE.prev, *town.order(), NONE.next]
        at = order.index(prospect.orchestrator)
        assert prospect.hints == (order[at - 1], order[at + 1])


def test_read__idle_and_due__few_requests(town: Town) -> None:
    keeper = caller_of(town)
    looked(town, keeper)
    before = town.chain.requests
    act(town, looked(town, keeper))
    assert town.chain.requests - before == 4
    before = town.chain.requests
    looked(town, keeper)
    assert town.chain.requests - before == 1


# -- own key


def test_tick__own_key__calls_reward_of_its_account(town: Town) -> None:
    own = town.members[2]
    keeper = RewardCaller(town.book, own, (own,), delegated=False, config=OFF)
    decision = looked(town, keeper)
    assert [wish.subject for wish in decision.wishes] == [own]
    act(town, decision, own)
    assert last_reward(town, own) == town.protocol.current_round()


def test_tick__own_key_of_another_account__says_so(town: Town) -> None:
    decision = looked(town, caller_of(town, town.members[0], delegated=False))
    assert decision.wishes == ()
    (reason,) = reasons(decision).values()
    assert reason == f"skip: {town.caller} is another account, and reward() is for its caller"


# -- what cannot be served


def test_note__reward_caller_revoked_in_mid_round__next_look_says_what_to_do(town: Town) -> None:
    keeper, revoked, moved = caller_of(town), *town.members[:2]
    other = town.protocol.account("other")
    assert len(looked(town, keeper).wishes) == 5
    manager = town.protocol.bonding_manager
    manager.setRewardCaller(ZERO, sender=revoked)
    manager.setRewardCaller(other, sender=moved)
    decision = looked(town, keeper)
    assert [wish.subject for wish in decision.wishes] == list(town.members[2:])
    todo = f"let it call setRewardCaller({town.caller})"
    assert reasons(decision) == {
        revoked: f"skip: its reward caller is none: {todo}",
        moved: f"skip: its reward caller is {other}: {todo}",
    }


def test_note__reward_was_called_and_caller_revoked__still_says_so(town: Town) -> None:
    keeper, one = caller_of(town), town.members[0]
    act(town, looked(town, keeper))
    town.protocol.bonding_manager.setRewardCaller(ZERO, sender=one)
    assert reasons(looked(town, keeper))[one].startswith("skip: its reward caller is none")


def test_note__not_in_the_active_set__says_why(town: Town) -> None:
    manager, stranger = town.protocol.bonding_manager, town.protocol.account("stranger")
    manager.setRewardCaller(town.caller, sender=stranger)
    leaver = town.members[0]
    act(town, looked(town, caller_of(town)))
    manager.unbond(town.stake(leaver), sender=leaver)
    (joiner,) = town.orchestrators(50, caller=town.caller)
    number = town.protocol.current_round()
    keeper = caller_of(town, stranger, joiner, leaver)
    assert reasons(looked(town, keeper)) == {
        stranger: "skip: is not in the pool: not registered, or its stake is too small",
        joiner: f"wait: becomes active in round {number + 1}",
        leaver: f"done: reward of round {number} was called",
    }
    town.protocol.next_round()
    decision = looked(town, keeper)
    assert [wish.subject for wish in decision.wishes] == [joiner]
    assert reasons(decision)[leaver] == f"skip: is not active since round {number + 1}"


def test_tick__left_the_pool_in_this_round__is_still_rewarded(town: Town) -> None:
    leaver = town.members[4]
    town.protocol.bonding_manager.unbond(town.stake(leaver), sender=leaver)
    assert leaver not in town.order()
    act(town, looked(town, caller_of(town)))
    assert {last_reward(town, one) for one in town.members} == {town.protocol.current_round()}


def test_note__round_not_initialised__waits_and_sends_nothing(town: Town) -> None:
    keeper = caller_of(town)
    for _ in range(3):
        town.protocol.mine_to_next_round()
        decision = looked(town, keeper)
        number = town.protocol.current_round()
        assert decision.wishes == ()
        assert set(reasons(decision).values()) == {f"wait: round {number} is not initialized yet"}
    town.protocol.rounds_manager.initializeRound(sender=town.caller)
    assert len(looked(town, keeper).wishes) == 5


# -- what it earns


def priced(mode: Any, base_fee: int, town: Town) -> Decision:
    keeper = caller_of(town, config=replace(PRICED, profitability=mode))
    town.chain.base_fee = base_fee
    return looked(town, keeper)


def test_profit__cheap_gas__all_modes_wish_for_everything(town: Town) -> None:
    for mode in ("off", "warn", "enforce"):
        decision = priced(mode, GWEI // 100, town)
        assert len(decision.wishes) == 5
        assert all(wish.worth and "earns" not in wish.why for wish in decision.wishes)


def test_profit__dear_gas__off_and_warn_go_on_and_enforce_skips_the_small(town: Town) -> None:
    prospects = caller_of(town).read(town.chain, town.chain.head()).prospects
    worth = [one.reward * 10**15 // LPT for one in prospects]
    assert worth == sorted(worth, reverse=True)
    fee = worth[2] * 10 // (12 * 400_000)  # about what the third one can bear
    assert len(priced("off", fee, town).wishes) == 5
    warned = priced("warn", fee, town)
    assert len(warned.wishes) == 5
    assert 'profitability = "warn"' in warned.wishes[4].why
    enforced = priced("enforce", fee, town)
    assert 0 < len(enforced.wishes) < 5
    assert len(enforced.wishes) + len(enforced.notes) == 5
    for note in enforced.notes:
        assert (note.kind, note.verdict) == (KIND, "skip")
        assert "less than its cost" in note.reason
    town.chain.base_fee = GWEI // 10


def state_of(gas: int | Reverted | None, town: Town) -> RewardState:
    one = Orchestrator(town.members[0], 6, 7, 3, 2**256 - 1, town.caller)
    (prospect, *_) = caller_of(town).read(town.chain, town.chain.head()).prospects
    prospect = Prospect(one.address, NONE, prospect.call, 10 * LPT, gas)
    return RewardState(Round(7, 7, 10, 0, 50), (one,), (prospect,), price=10**9)


def test_profit__margin__counts_to_the_wei(town: Town) -> None:
    """10 LPT at 0.001 ETH pay for 0.01 ETH / 1.2 of gas at 1 gwei."""
    keeper = caller_of(town, config=replace(PRICED, profitability="enforce"))
    assert keeper.decide(state_of(8_333_333, town)).wishes
    assert not keeper.decide(state_of(8_333_334, town)).wishes


def test_profit__would_revert__is_left_to_the_engine(town: Town) -> None:
    keeper = caller_of(town, config=replace(PRICED, profitability="enforce"))
    assert keeper.decide(state_of(Reverted(b""), town)).wishes


class Learned:
    """Costs that have seen rewards use so much."""

    def l1_gas(self, calls: Any, _block: int) -> list[int]:
        return [7] * len(calls)

    def expected_gas(self, kind: str, estimate: int, l1_gas: int) -> int:
        assert kind == KIND
        assert estimate > 100_000
        return 1_000 + l1_gas


def test_profit__learned_gas__is_what_counts(town: Town) -> None:
    config = replace(PRICED, profitability="enforce")
    costs: Any = Learned()
    state = caller_of(town, config=config, costs=costs).read(town.chain, town.chain.head())
    assert {one.gas for one in state.prospects} == {1_007}


# -- several hosts


def test_turn__two_hosts__the_second_waits_a_share_of_the_round(town: Town) -> None:
    number = town.protocol.current_round()
    first, second = (caller_of(town, turn=TurnConfig((host - number) % 2, 2)) for host in (0, 1))
    assert len(looked(town, first).wishes) == 5
    waiting = looked(town, second)
    assert set(reasons(waiting).values()) == {
        "wait: another host has its turn; ours is at 2 % of the round"
    }
    boa.env.time_travel(blocks=1)  # of 50
    assert len(looked(town, second).wishes) == 5


@pytest.mark.parametrize(("block", "share"), [(100, 0), (125, 500_000), (149, 980_000)])
def test_gone__block_of_the_round__is_its_share(block: int, share: int) -> None:
    assert Round(2, 2, block, 100, 50).gone == share
    assert Round(2, 2, block + 50, 100, 50).gone == MILLION


@pytest.mark.parametrize(
    ("mintable", "stake", "active", "cut", "reward"),
    [
        (10**18, 1, 2, 0, 5 * 10**17),
        (10**18, 1, 3, 0, 333_333_333 * 10**9),  # the share has nine digits
        (10**18, 1, 2, 10**26, 45 * 10**16),
        (1_000, 1, 1, 10**27 // 3, 667),  # the treasury's part is rounded down
        (10**18, 5, 0, 0, 0),  # nobody is active
    ],
)
def test_reward_of__floors_as_the_contracts(
    mintable: int, stake: int, active: int, cut: int, reward: int
) -> None:
    assert reward_of(mintable, stake, active, cut) == reward
