"""What gas may cost: by urgency, in replacements and cancels, and by the limits of a budget.

On the chain in memory, with a clock of its own. R3, R6, R20.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from keepers.core.budget import Limits
from keepers.core.fees import FeePolicy
from keepers.core.model import MILLION, IntentState
from tests.chaos.report import Check, at_most, exactly
from tests.keepers.core.engine_world import QUICK, World
from tests.keepers.core.fake_chain import ACCOUNT, OPERATION_GAS, Tx

FINAL_BLOCKS = QUICK.confirmations + 1

SOFT, HARD = 1_000, 2_000
ROUND_TICKS = 100


def _round(world: World, name: str, base_fee: Callable[[int], int]) -> int | None:
    """A round with one operation due; the tick in which it was sent, if it was."""
    sent = None
    for tick in range(ROUND_TICKS):
        world.chain.base_fee = base_fee(tick)
        if not world.succeeded(name):
            world.want(name, urgency=tick * MILLION // ROUND_TICKS)
        before = world.signer.signed
        world.run(1)
        if sent is None and world.signer.signed > before:
            sent = tick
    world.wanted.clear()
    return sent


def _falls(at: int, tick: int) -> int:
    return SOFT + 500 if tick < at else SOFT - 300


def _stays(fee: int, _tick: int) -> int:
    return fee


def check_urgency(tenths: int, _folder: Path) -> list[Check]:
    waited = late = dear = after = 0
    rounds = 4 * tenths
    highest = 0
    for seed in range(rounds):
        dice = random.Random(seed)
        world = World(fees=FeePolicy(SOFT, HARD))
        cheap_at = dice.randrange(20, 61)
        _round(world, "cheap later", partial(_falls, cheap_at))
        waited += (
            world.succeeded("cheap later") == 1 and world.chain.spent() <= OPERATION_GAS * SOFT
        )
        between = dice.randrange(SOFT + 1, HARD - 100)
        sent = _round(world, "between", partial(_stays, between))
        late += world.succeeded("between") == 1 and sent is not None and sent < 90
        sent = _round(world, "too dear", partial(_stays, HARD + 1))
        dear += sent is None
        sent = _round(world, "next", partial(_stays, SOFT - 300))
        after += world.succeeded("next") == 1 and sent is not None and sent < 3
        fees = [one.max_fee for key in ("cheap later", "between", "next")
                for one in world.journal.attempts_of(f"reward/{key}")]  # fmt: skip
        highest = max(highest, *fees)
    return [
        exactly("R3", "rounds cheap after 20 to 60 %: done at the soft cap", waited, rounds),
        exactly("R3", "rounds between the caps: sent before 90 % of the round", late, rounds),
        exactly("R3", "rounds above the hard cap: nothing sent", dear, rounds),
        exactly("R3", "rounds after such a one: sent at once", after, rounds),
        at_most("R3", "highest fee offered", highest, HARD, "wei"),
    ]


def check_replacement(tenths: int, _folder: Path) -> list[Check]:
    """Mining is off while the base fee jumps; then any of the attempts is mined."""
    cases = 20 * tenths
    rejected = right = false_failures = slow = 0
    cap = 10**12
    for seed in range(cases):
        dice = random.Random(seed)
        world = World(fees=FeePolicy(cap, cap))
        world.chain.tip = dice.choice((0, 1, 10**9))
        world.want("a")
        seen: dict[int, Tx] = {}
        for _ in range(dice.randrange(3, 14)):
            world.tick()
            seen |= {tx.max_fee: tx for tx in world.chain.pool.values()}
            world.chain.base_fee = min(10**9, world.chain.base_fee * dice.randrange(1, 9))
        chosen = seen[dice.choice(sorted(seen))]
        world.chain.base_fee = min(world.chain.base_fee, chosen.max_fee)
        world.chain.pool[(ACCOUNT, 0)] = chosen
        world.chain.mine()
        world.tick()
        slow += world.state("a") is not IntentState.INCLUDED
        world.run(FINAL_BLOCKS)
        rejected += world.chain.rejected
        right += world.chain.outcomes("a") == [True] and world.state("a") is IntentState.FINAL
        false_failures += any("reverted" in text for _, text in world.told)
    return [
        exactly("R6", "replacements that a node rejected", rejected, 0),
        exactly("R6", f"of {cases} cases from tip 0, 1 and 10^9, right outcome", right, cases),
        exactly("R6", "outcomes seen later than one block", slow, 0),
        exactly("R6", "successes taken for failures", false_failures, 0),
        *_check_cancel(tenths),
    ]


def _check_cancel(tenths: int) -> list[Check]:
    slowest = done = 0
    for seed in range(2 * tenths):
        world = World()
        world.want("a")
        world.run(1 + seed % 4, mine=False)
        world.wanted.clear()
        blocks = 0
        while world.chain.nonce(ACCOUNT, "latest") == 0 and blocks < 10:
            world.run(1)
            blocks += 1
        slowest = max(slowest, blocks)
        done += len(world.chain.outcomes("a"))
    return [
        at_most("R6", "nonce free after the round has ended", slowest, 2, "blocks"),
        exactly("R6", "operations that happened although cancelled", done, 0),
    ]


def check_budgets(tenths: int, _folder: Path) -> list[Check]:
    """Fees that wander for hundreds of rounds: no limit is passed by a wei."""
    rounds = 50 * tenths
    passed = stopped = 0
    per_day, per_round = 300 * OPERATION_GAS * 4, 300 * OPERATION_GAS
    for seed in range(max(1, rounds // 50)):
        dice = random.Random(seed)
        world = World(
            fees=FeePolicy(600, 1_000), limits=Limits(per_day=per_day, per_round=per_round)
        )
        base = 200
        for number in range(50):
            names = [f"r{number}-{at}" for at in range(3)]
            for name in names:
                world.want(name, round=number + 1, urgency=dice.randrange(MILLION))
            before = world.chain.spent()
            for _ in range(6):
                base = world.chain.base_fee = max(50, min(1_200, base + dice.randrange(-90, 91)))
                world.run(1)
            world.wanted.clear()
            world.run(4)
            passed += world.chain.spent() - before > per_round
            stopped += any(not world.succeeded(name) for name in names)
        passed += world.chain.spent() > per_day
    return [
        exactly("R20", f"limits passed in {rounds} rounds of wandering fees", passed, 0),
        Check(
            "R20", "rounds in which a limit held something back", str(stopped), "> 0", stopped > 0
        ),
    ]
