"""R14: every reason for which our contracts revert, met in a block and met in a simulation.

What is done or never possible is no wish of a keeper any more that looks at the chain after it. All
else stays a wish, and is done as soon as it is possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from keepers.core.model import IntentState
from keepers.core.plan import PlanLine
from keepers.core.reverts import CLASS_OF, PANIC, Class
from tests.chaos.report import Check, exactly
from tests.keepers.core.engine_world import QUICK, World
from tests.keepers.core.fake_chain import OPERATION_GAS, error

NAME, KEY = "a", "reward/a"
UNKNOWN = {
    "reverted without a reason": b"",
    "panic 0x11, an overflow": PANIC + (0x11).to_bytes(32),
    "custom error 0x01020304": bytes.fromhex("01020304"),
    "a reason of no contract of ours": error("a reason of no contract of ours"),
}
OVER = (Class.DONE, Class.NEVER)
WAITS = 4  # ticks in which what is not possible yet stays so
FINAL_BLOCKS = QUICK.confirmations + 1


def cases() -> Iterator[tuple[str, bytes, Class]]:
    """Reason, revert data, and its class."""
    for reason, found in CLASS_OF.items():
        yield reason, error(reason), found
    for reason, data in UNKNOWN.items():
        yield reason, data, Class.UNKNOWN


def in_a_block(data: bytes, found: Class) -> World:
    """The simulation allows it, and before its block things have changed."""
    world = World()
    world.want(NAME)
    world.tick()
    world.chain.refused[NAME] = data
    world.chain.mine()
    if found in OVER:
        world.wanted.clear()
    world.tick()
    return world


def in_a_simulation(data: bytes, found: Class) -> tuple[World, PlanLine]:
    """And what the plan says of it."""
    world = World()
    world.want(NAME)
    world.chain.refused[NAME] = data
    (line,) = world.tick()
    if found in OVER:
        world.wanted.clear()
    return world, line


def _is_told(world: World, reason: str) -> bool:
    return any(key == KEY and f"reverted, {reason}: 0x" in text for key, text in world.told)


def _is_over(world: World, state: IntentState) -> bool:
    """Nothing more is signed for it."""
    signed = world.signer.signed
    world.run(WAITS)
    return world.state(NAME) is state and world.signer.signed == signed


def _is_done_later(world: World) -> bool:
    """Nothing is signed while it is refused; then it is done, once."""
    signed = world.signer.signed
    world.run(WAITS)
    quiet = world.signer.signed == signed
    world.chain.refused.clear()
    world.run(1 + FINAL_BLOCKS)
    return quiet and world.succeeded(NAME) == 1 and world.state(NAME) is IntentState.FINAL


def _ends_right(world: World, found: Class, never: IntentState) -> bool:
    if found is Class.DONE:
        return _is_over(world, IntentState.BY_OTHER)
    if found is Class.NEVER:
        return _is_over(world, never)
    return _is_done_later(world)


def _out_of_gas(operations: int) -> int:
    """How many of them were done, with more gas at each try."""
    world = World()
    names = [f"greedy{at}" for at in range(operations)]
    world.chain.greedy.update(names)
    world.want(*names)
    world.run(6 + FINAL_BLOCKS)
    done = 0
    for name in names:
        gas = [one.gas for one in world.journal.attempts_of(f"reward/{name}")]
        more = gas == sorted(set(gas)) and gas[0] < 2 * OPERATION_GAS <= gas[-1]
        done += more and world.state(name) is IntentState.FINAL
    return done


def check_reverts(tenths: int, _folder: Path) -> list[Check]:
    every = list(cases())
    told = ended = planned = skipped = lost = 0
    for reason, data, found in every:
        mined = in_a_block(data, found)
        simulated, line = in_a_simulation(data, found)
        told += _is_told(mined, reason)
        ended += _ends_right(mined, found, never=IntentState.REFUSED)
        verdict = "skip" if found is Class.NEVER else "wait"
        planned += (line.verdict, line.reason) == (verdict, f"would revert: {reason}")
        skipped += _ends_right(simulated, found, never=IntentState.WITHDRAWN)
        if found not in OVER:
            lost += sum(world.succeeded(NAME) != 1 for world in (mined, simulated))
    greedy = 2 * tenths
    return [
        exactly("R14", "reasons met in a block: told by name", told, len(every)),
        exactly("R14", "reasons met in a block: right end", ended, len(every)),
        exactly("R14", "reasons met in a simulation: right line in the plan", planned, len(every)),
        exactly("R14", "reasons met in a simulation: right end", skipped, len(every)),
        exactly("R14", "operations that used up their gas: done with more", _out_of_gas(greedy),
                greedy),
        exactly("R14", "operations lost that were possible later", lost, 0),
    ]  # fmt: skip
