"""Crashes, nonces in disorder, and reorganisations, by the hundred.

On the chain in memory, with a clock of its own. R2, R9, R10.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keepers.core.model import Broadcast, IntentState
from tests.chaos.report import Check, at_most, exactly
from tests.keepers.core.engine_world import QUICK, World
from tests.keepers.core.fake_chain import ACCOUNT

FINAL_BLOCKS = QUICK.confirmations + 1
POINTS = (
    *("intent written", "signed", "journaled", "broadcast", "sent marked", "included seen"),
    *("final marked", "replacement journaled", "cancel journaled"),
)


def check_crashes(tenths: int, folder: Path) -> list[Check]:
    """R2: the engine ends at one of nine places; as a process it does so in kills.py."""
    runs = 20 * tenths
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
