"""The transaction core through thousands of faults, on a chain in memory with a clock of its own.

What the core meets is in tests/keepers/core/fake_chain.py; the journal is a file where it matters.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keepers.core.budget import Limits
from keepers.core.fees import FeePolicy
from keepers.core.model import MILLION, Broadcast, IntentState
from tests.chaos.report import Check, at_most, exactly
from tests.keepers.core.engine_world import QUICK, World
from tests.keepers.core.fake_chain import ACCOUNT, OPERATION_GAS

POINTS = (
    *("intent written", "signed", "journaled", "broadcast", "sent marked", "included seen"),
    *("final marked", "replacement journaled", "cancel journaled"),
)
FINAL_BLOCKS = QUICK.confirmations + 1


def check_crashes(tenths: int, folder: Path) -> list[Check]:
    """R2: the process ends at one of nine places; the journal is a file."""
    runs = 50 * tenths
    lost = twice = gaps = left = reached = 0
    for seed in range(runs):
        dice = random.Random(seed)
        world = World(url=f"sqlite:///{folder / f'crash-{seed}.sqlite'}")
        world.crash_at = POINTS[seed % len(POINTS)]
        for name in "abcd":
            world.want(name)
            for _ in range(dice.randrange(1, 5)):
                world.run(1, mine=dice.random() < 0.5)
            if dice.random() < 0.3 and len(world.wanted) > 1:  # not wanted any more: a cancel
                world.wanted.pop(next(iter(world.wanted)))
        reached += world.crash_at == ""
        world.crash_at = ""
        world.until(world.all_done)
        world.run(FINAL_BLOCKS)
        lost += sum(world.succeeded(name) == 0 for name in world.wanted)
        twice += sum(max(0, len(world.chain.outcomes(name)) - 1) for name in "abcd")
        gaps += bool(world.chain.pool)
        left += len(world.journal.open_intents(ACCOUNT))
        world.journal.close()
    return [
        Check("R2", f"of {runs} runs, crashed at a named place", str(reached), f">= {runs // 2}",
              reached >= runs // 2),
        exactly("R2", "operations lost", lost, 0),
        exactly("R2", "operations done twice, or reverted", twice, 0),
        exactly("R2", "nonce gaps", gaps, 0),
        exactly("R2", f"open intents after {FINAL_BLOCKS} blocks", left, 0),
    ]  # fmt: skip


# -- R3: what gas may cost rises with urgency

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


def check_urgency(tenths: int, _folder: Path) -> list[Check]:
    waited = late = dear = after = 0
    rounds = 4 * tenths
    highest = 0
    for seed in range(rounds):
        dice = random.Random(seed)
        world = World(fees=FeePolicy(SOFT, HARD))
        cheap_at = dice.randrange(20, 61)
        _round(world, "cheap later", lambda t, at=cheap_at: SOFT + 500 if t < at else SOFT - 300)
        waited += (
            world.succeeded("cheap later") == 1 and world.chain.spent() <= OPERATION_GAS * SOFT
        )
        between = dice.randrange(SOFT + 1, HARD - 100)
        sent = _round(world, "between", lambda _t, fee=between: fee)
        late += world.succeeded("between") == 1 and sent is not None and sent < 90
        sent = _round(world, "too dear", lambda _t: HARD + 1)
        dear += sent is None
        sent = _round(world, "next", lambda _t: SOFT - 300)
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


# -- R6: replacement


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
        seen = {}
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


# -- R9: nonces


def _external(world: World) -> None:
    world.chain.use_key_elsewhere(world.chain.nonce(ACCOUNT, "latest"))


def _dropped(world: World) -> None:
    world.chain.drop(min((nonce for _, nonce in world.chain.pool), default=0))


def _gap(world: World) -> None:
    world.chain.swallow += 1


def _lost(world: World) -> None:
    world.chain.lose_answer += 3


def _answered(answer: Broadcast) -> Callable[[World], None]:
    def fault(world: World) -> None:
        world.chain.answers.append(answer)

    return fault


FAULTS = {
    "key used elsewhere": _external,
    "dropped by the node": _dropped,
    "gap": _gap,
    "too low": _answered(Broadcast.NONCE_TOO_LOW),
    "too high": _answered(Broadcast.NONCE_TOO_HIGH),
    "already known": _answered(Broadcast.KNOWN),
    "underpriced": _answered(Broadcast.UNDERPRICED),
    "lost acknowledgement": _lost,
}


def check_nonces(tenths: int, _folder: Path) -> list[Check]:
    """Each fault under 20 intents at once."""
    runs = drained = stall = gaps = reverted = 0
    for name, fault in FAULTS.items():
        for seed in range(5 * tenths):
            dice = random.Random(f"{name}{seed}")
            world = World(settings=replace(QUICK, foreign_patience=2))
            world.want(*(f"op{at}" for at in range(20)))
            when = dice.randrange(0, 3)
            still = 0
            for tick in range(60):
                if tick == when:
                    fault(world)
                before = len(world.told)
                world.tick()
                # A block takes some of them only.
                front = world.chain.nonce(ACCOUNT, "latest")
                world.chain.mine(only=set(range(front, front + dice.randrange(3, 9))))
                moved = world.chain.nonce(ACCOUNT, "latest") > front or len(world.told) > before
                still = 0 if moved else still + 1
                if world.all_done():
                    break
                if tick > when:
                    stall = max(stall, still)
            world.run(FINAL_BLOCKS)
            runs += 1
            drained += world.all_done() and not world.journal.open_intents(ACCOUNT)
            gaps += bool(world.chain.pool)
            reverted += world.reverted()
    return [
        exactly(
            "R9", f"of {runs} runs with {len(FAULTS)} kinds of faults, all 20 done", drained, runs
        ),
        at_most("R9", "longest stall after a fault", stall, 3, "blocks"),
        exactly("R9", "nonce gaps at the end", gaps, 0),
        exactly("R9", "transactions that reverted", reverted, 0),
    ]


# -- R10: reorganisations


def check_reorganisations(tenths: int, _folder: Path) -> list[Check]:
    runs = 10 * tenths
    consistent = twice = lost = early = 0
    for seed in range(runs):
        dice = random.Random(seed)
        world = World(settings=replace(QUICK, confirmations=11))
        names = [f"op{at}" for at in range(12)]
        for name in names:
            world.want(name)
            world.run(dice.randrange(1, 4))
            if dice.random() < 0.5:
                depth = dice.randrange(1, 11)
                final = {one for one in names if world.state(one) is IntentState.FINAL}
                world.chain.reorganise(depth, keep=dice.random() < 0.5)
                early += sum(not world.succeeded(one) for one in final)
        world.until(world.all_done)
        world.run(13)
        twice += sum(len(world.chain.outcomes(name)) > 1 for name in names)
        lost += sum(world.succeeded(name) != 1 for name in names)
        consistent += {world.state(name) for name in names} == {IntentState.FINAL}
    return [
        exactly("R10", f"of {runs} runs with reorganisations of 1 to 10 blocks, right in the end",
                consistent, runs),
        exactly("R10", "operations in the chain twice", twice, 0),
        exactly("R10", "operations lost", lost, 0),
        exactly("R10", "called final, and reorganised away", early, 0),
    ]  # fmt: skip


# -- R20: budgets


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
