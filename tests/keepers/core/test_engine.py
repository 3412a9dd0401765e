"""The transaction core on a chain in memory: keepers spec (e1), R2, R3, R6, R9, R10, R14, R19."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from keepers.core.budget import Limits
from keepers.core.fees import FeePolicy
from keepers.core.model import MILLION, AttemptState, IntentState
from tests.keepers.core.engine_world import World
from tests.keepers.core.fake_chain import ACCOUNT, OPERATION_GAS, FakeChain, Tx, error

POINTS = (
    *("intent written", "signed", "journaled", "broadcast", "sent marked", "included seen"),
    *("final marked", "replacement journaled", "cancel journaled"),
)


@pytest.fixture
def world() -> World:
    return World()


# -- the plain way


def test_pursue__one_wish__is_sent_mined_and_final_once(world: World) -> None:
    world.want("a")
    world.run(8)
    assert world.chain.outcomes("a") == [True]
    assert world.state("a") is IntentState.FINAL
    assert world.signer.signed == 1


def test_pursue__many_wishes__go_out_in_one_tick_at_consecutive_nonces(world: World) -> None:
    world.want(*"abcdefgh")
    world.tick()
    assert sorted(tx.nonce for tx in world.chain.pool.values()) == list(range(8))
    world.run(6)
    assert world.all_done()
    assert world.reverted() == 0


def test_pursue__more_than_may_be_in_flight__most_urgent_first() -> None:
    world = World()
    world.engine.context.settings = replace(world.settings, max_in_flight=2)
    world.want("a", "b")
    world.want("c", urgency=MILLION)
    lines = world.tick()
    assert [line.subject for line in lines if line.verdict == "send"] == ["c", "a"]
    assert [line.reason for line in lines if line.subject == "b"] == ["others are first"]


def test_pursue__without_a_signer__plans_the_same_and_signs_nothing() -> None:
    dry, live = World(live=False), World()
    for world in (dry, live):
        world.want("a", "b")
    planned, sent = dry.tick(), live.tick()
    assert [(one.kind, one.subject, one.gas, one.max_fee) for one in planned] == [
        (one.kind, one.subject, one.gas, one.max_fee) for one in sent
    ]
    assert {(one.estimate, one.gas) for one in planned} == {(OPERATION_GAS, 120_000)}
    assert [one.verdict for one in planned] == ["send", "send"]
    assert not dry.chain.pool
    assert dry.signer.signed == 0
    assert dry.journal.open_intents(ACCOUNT) == []


def test_pursue__node_foretells_the_gas__is_in_the_plan_and_changes_no_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.want("a", "b")
    monkeypatch.setattr(world.chain, "foretell", lambda _calls, _block: [90_000, None])
    lines = world.tick()
    assert [(one.estimate, one.gas) for one in lines] == [(90_000, 120_000), (100_000, 120_000)]


# -- what does not go out


def test_pursue__would_revert__waits_until_it_would_not(world: World) -> None:
    world.want("a")
    world.chain.blocked.add("a")
    lines = world.run(3)
    assert {line.verdict for line in lines} == {"wait"}
    assert "current round is not initialized" in lines[0].reason
    world.chain.blocked.clear()
    world.run(3)
    assert world.chain.outcomes("a") == [True]


def test_pursue__somebody_else_did_it__is_closed_without_a_transaction(world: World) -> None:
    world.want("a")
    world.chain.blocked.add("a")
    world.tick()
    world.chain.elsewhere.add("a")
    world.tick()
    assert world.state("a") is IntentState.WITHDRAWN
    assert world.signer.signed == 0


def test_pursue__gas_above_the_soft_cap__waits_then_pays_no_more_than_it(world: World) -> None:
    world.want("a")
    world.chain.base_fee = 1_500
    assert "is tolerated now" in world.tick()[0].reason
    world.chain.base_fee = 900
    world.tick()
    assert [tx.max_fee for tx in world.chain.pool.values()] == [1_000]


def test_pursue__urgent__pays_up_to_the_hard_cap_and_no_more(world: World) -> None:
    world.want("a", urgency=900_000)
    world.chain.base_fee = 2_001
    world.run(2)
    assert not world.chain.pool
    world.chain.base_fee = 1_999
    world.run(2)
    assert world.chain.outcomes("a") == [True]


def test_pursue__limit_of_the_day_reached__waits_and_says_which_limit() -> None:
    limit = 35_000_000  # one costs 24,000,000 at most and 10,000,000 in the end
    world = World(limits=Limits(per_day=limit))
    world.want("a", "b", "c", "d")
    lines = world.run(10)
    done = [one for one in "abcd" if world.succeeded(one)]
    assert done == ["a", "b"]
    assert world.chain.spent() <= limit
    assert any("per_day" in line.reason for line in lines)


def test_pursue__account_without_ether__says_how_much_is_missing(world: World) -> None:
    world.want("a")
    world.chain.funds = 1_000
    line = world.tick()[0]
    assert "lacks" in line.reason
    assert ACCOUNT in line.reason


# -- replacement


def test_under_way__waits_too_long__is_replaced_from_tip_0(world: World) -> None:
    world.want("a")
    world.run(6, mine=False)
    assert world.chain.rejected == 0
    assert next(iter(world.chain.pool.values())).tip > 0
    world.run(5)
    assert world.chain.outcomes("a") == [True]
    assert world.state("a") is IntentState.FINAL


def test_under_way__an_older_attempt_is_mined__is_a_success(world: World) -> None:
    world.want("a")
    world.tick()
    first = next(iter(world.chain.pool.values()))
    world.run(4, mine=False)
    world.chain.pool[(ACCOUNT, 0)] = first  # the miner never saw the replacements
    world.run(6)
    assert world.chain.outcomes("a") == [True]
    assert world.state("a") is IntentState.FINAL
    states = {one.hash: one.state for one in world.journal.attempts_of("reward/a")}
    assert states.pop(first.hash) is AttemptState.FINAL
    assert set(states.values()) == {AttemptState.LOST}


@pytest.mark.parametrize("seed", range(40))
def test_under_way__base_fee_jumps__ends_right_and_no_replacement_is_refused(seed: int) -> None:
    dice = random.Random(seed)
    world = World(fees=FeePolicy(soft_cap=10**7, hard_cap=10**7))
    world.chain.tip = dice.choice((0, 1, 10**3))
    world.want("a", "b", "c")
    for _ in range(dice.randrange(3, 12)):
        world.tick()
        world.chain.base_fee = min(10**6, world.chain.base_fee * dice.randrange(1, 9))
    world.until(world.all_done)
    world.run(5)
    assert world.chain.rejected == 0
    assert world.reverted() == 0
    assert {world.state(one) for one in "abc"} == {IntentState.FINAL}


def test_under_way__not_wanted_any_more__is_cancelled_and_the_nonce_is_free(world: World) -> None:
    world.want("a")
    world.tick()
    world.wanted.clear()
    assert [line.verdict for line in world.tick()] == ["cancel"]
    world.chain.mine(2)
    world.run(4)
    assert world.chain.outcomes("a") == []
    assert world.chain.nonce(ACCOUNT, "latest") == 1
    assert world.state("a") is IntentState.WITHDRAWN


def test_under_way__takes_more_gas_by_now__is_replaced_with_a_higher_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.want("a")
    world.tick()
    monkeypatch.setattr(world.chain, "estimate_many", lambda calls, _: [150_000 for _ in calls])
    world.run(3, mine=False)
    first, *later = [one.gas for one in world.journal.attempts_of("reward/a")]
    assert (first, set(later)) == (120_000, {180_000})


def test_under_way__would_revert_by_now__is_cancelled_and_done_when_it_can_be(
    world: World,
) -> None:
    world.want("a")
    world.tick()
    world.chain.refused["a"] = error("system is paused")
    lines = world.run(4, mine=False)
    assert [line.reason.split(",")[0] for line in lines if line.verdict == "cancel"][0] == (
        "would revert: system is paused"
    )
    world.run(4)
    assert (world.reverted(), world.chain.nonce(ACCOUNT, "latest")) == (0, 1)
    del world.chain.refused["a"]
    world.until(world.all_done)
    assert world.reverted() == 0


# -- nonces


def test_nonces__key_used_elsewhere__ours_is_tried_at_the_next(world: World) -> None:
    world.want("a")
    world.chain.swallow = 1
    world.tick()
    world.chain.use_key_elsewhere(0)
    world.until(world.all_done, 6)
    assert world.reverted() == 0


def test_nonces__dropped_by_the_node__is_sent_again_as_it_was(world: World) -> None:
    world.want("a", "b")
    world.tick()
    world.chain.drop(0)
    world.until(world.all_done, 4)
    assert world.signer.signed == 2


def test_nonces__answer_lost__is_not_signed_twice(world: World) -> None:
    world.want("a", "b")
    world.chain.lose_answer = 2
    world.until(world.all_done, 3)
    assert world.signer.signed == 2


def test_nonces__gap_left_by_what_is_not_wanted__is_filled(world: World) -> None:
    world.want("a", "b", "c")
    world.chain.swallow = 1
    world.tick()
    del world.wanted["a"]
    world.until(world.all_done, 6)
    assert world.chain.outcomes("a") == []


def test_nonces__unknown_pending_transaction__is_waited_for_then_outbid(world: World) -> None:
    world.chain.pool[(ACCOUNT, 0)] = Tx("0xff", ACCOUNT, 0, ACCOUNT, "", 21_000, 300, 5)
    world.want("a")
    lines = world.run(3, mine=False)
    assert all("not in the journal" in line.reason for line in lines)
    world.run(12, mine=False)
    assert world.chain.pool[(ACCOUNT, 0)].operation == "a"
    world.until(world.all_done, 3)


def test_nonces__block_after_the_head_has_ours__they_are_no_strangers(world: World) -> None:
    world.want("a", "b")
    world.tick()
    head = world.chain.head()
    world.chain.mine()
    world.want("c")
    answers = world.chain.nonce
    world.chain.nonce = lambda account, block: (  # type: ignore[method-assign]
        0 if block == head.number else answers(account, block)
    )
    world.engine.settle(head)
    (line,) = world.engine.pursue([world.wanted["c"]], ("reward",), head)
    assert (line.verdict, line.reason) == ("send", "nonce 2: accepted")


def test_nonces__journal_lost_while_all_is_pending__nothing_is_done_twice(world: World) -> None:
    world.want("a", "b")
    world.tick()
    world.lose_journal()
    world.run(2, mine=False)
    world.run(8)
    assert world.all_done()
    assert world.reverted() == 0


# -- reverts


def test_reverts__out_of_gas__is_tried_with_more(world: World) -> None:
    world.want("a")
    world.chain.greedy.add("a")
    world.until(world.all_done, 12)
    assert world.chain.outcomes("a") == [False, False, True]


def test_reverts__simulation_and_chain_disagree__ends_after_three(world: World) -> None:
    world.want("a")
    world.settings = replace(world.settings, gas_margin=(1, 9))
    world.start()
    world.run(30)
    assert world.chain.outcomes("a") == [False] * 3
    assert world.state("a") is IntentState.REFUSED


def test_reverts__done_by_another_in_the_same_block__is_closed(world: World) -> None:
    world.want("a")
    world.tick()
    world.chain.elsewhere.add("a")
    world.chain.mine()
    world.run(2)
    assert world.chain.outcomes("a") == [False]
    assert world.state("a") is IntentState.BY_OTHER


# -- reorganisations


@pytest.mark.parametrize("seed", range(30))
def test_reorg__of_any_depth__each_operation_is_in_the_chain_once(seed: int) -> None:
    dice = random.Random(seed)
    world = World()
    names = [f"op{n}" for n in range(12)]
    for name in names:
        world.want(name)
        world.run(dice.randrange(1, 3))
        if dice.random() < 0.4:
            world.chain.reorganise(dice.randrange(1, 11), keep=dice.random() < 0.5)
    world.until(world.all_done)
    world.run(8)
    assert world.all_done()
    assert {world.state(name) for name in names} == {IntentState.FINAL}


# -- crashes


def test_crash__before_the_cancellation_left__it_leaves_in_the_next_tick(world: World) -> None:
    world.want("a")
    world.tick()
    world.wanted.clear()
    world.crash_at = "cancel journaled"
    world.tick()
    assert [tx.operation for tx in world.chain.pool.values()] == ["a"]
    world.tick()
    assert [tx.operation for tx in world.chain.pool.values()] == [""]


@pytest.mark.parametrize("point", POINTS)
def test_crash__anywhere__nothing_is_lost_or_done_twice(point: str) -> None:
    for seed in range(6):
        dice = random.Random(seed)
        world = World()
        world.crash_at = point
        for name in "abcdef":
            world.want(name)
            for _ in range(dice.randrange(1, 4)):
                world.run(1, mine=dice.random() < 0.6)
            if world.crash_at == "" and dice.random() < 0.5:
                world.crash_at = point
        world.until(world.all_done)
        world.crash_at = ""
        world.run(6)
        assert world.all_done()
        assert world.reverted() == 0
        assert world.journal.open_intents(ACCOUNT) == []


def test_spent__journal_and_chain__agree_to_the_wei(world: World) -> None:
    world.want(*"abcdef")
    world.run(3, mine=False)
    world.chain.base_fee = 137
    world.run(12)
    assert isinstance(world.chain, FakeChain)
    assert world.journal.spent(account=ACCOUNT) == world.chain.spent()
