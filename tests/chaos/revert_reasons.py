"""R14: every reason for which our contracts revert, met in a block and met in a simulation.

What is done or never possible is no wish of a keeper any more that looks at the chain after it. All
else stays a wish, and is done as soon as it is possible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from keepers.core.model import IntentState
from keepers.core.reverts import CLASS_OF, PANIC, Class
from tests.chaos.report import Check, exactly
from tests.keepers.core.engine_world import QUICK, World
from tests.keepers.core.fake_chain import OPERATION_GAS, error

UNKNOWN = {
    "reverted without a reason": b"",
    "panic 0x11, an overflow": PANIC + (0x11).to_bytes(32),
    "custom error 0x01020304": bytes.fromhex("01020304"),
    "a reason of no contract of ours": error("a reason of no contract of ours"),
}
OVER = (Class.DONE, Class.NEVER)
WAITS = 4  # ticks in which what is not possible yet stays so
FINAL_BLOCKS = QUICK.confirmations + 1


@dataclass(frozen=True)
class Case:
    """`name` is that of an operation which is refused for this reason."""

    name: str
    reason: str
    data: bytes
    found: Class

    @property
    def is_over(self) -> bool:
        return self.found in OVER


def cases() -> list[Case]:
    reasons = [(reason, error(reason), found) for reason, found in CLASS_OF.items()]
    reasons += [(reason, data, Class.UNKNOWN) for reason, data in UNKNOWN.items()]
    return [Case(f"operation {at}", *one) for at, one in enumerate(reasons)]


class Story:
    """All cases at once, each with an operation of its own that is refused for a while."""

    def __init__(self) -> None:
        self.cases = cases()
        self.world = World(settings=replace(QUICK, max_in_flight=len(self.cases)))
        self.world.want(*(one.name for one in self.cases))

    def in_a_block(self) -> int:
        """The simulation allows it, and before its block things change. How many are told."""
        self.world.tick()
        self._refuse()
        self.world.chain.mine()
        self._give_up()
        self.world.tick()
        told = {key: text for key, text in self.world.told if text.startswith("reverted, ")}
        return sum(
            told.get(f"reward/{one.name}", "").startswith(f"reverted, {one.reason}: 0x")
            for one in self.cases
        )

    def in_a_simulation(self) -> int:
        """How many have the right line in the plan."""
        self._refuse()
        plan = {line.subject: (line.verdict, line.reason) for line in self.world.tick()}
        self._give_up()
        return sum(
            plan.get(one.name)
            == ("skip" if one.found is Class.NEVER else "wait", f"would revert: {one.reason}")
            for one in self.cases
        )

    def end(self) -> None:
        """Refused for some time more, then not any more."""
        self.world.run(WAITS)
        self.signed = self.world.signer.signed
        self.world.chain.refused.clear()
        self.world.run(1 + FINAL_BLOCKS)

    def right_ends(self, never: IntentState) -> int:
        """`never`: how an operation ends that is not possible any more."""
        ends = {Class.DONE: IntentState.BY_OTHER, Class.NEVER: never}
        return sum(
            self.world.state(one.name) is ends.get(one.found, IntentState.FINAL)
            for one in self.cases
        )

    def lost(self) -> int:
        return sum(self.world.succeeded(one.name) != 1 for one in self.cases if not one.is_over)

    def _refuse(self) -> None:
        self.world.chain.refused.update({one.name: one.data for one in self.cases})

    def _give_up(self) -> None:
        for one in self.cases:
            if one.is_over:
                del self.world.wanted[one.name]


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
    mined, simulated = Story(), Story()
    told, planned = mined.in_a_block(), simulated.in_a_simulation()
    mined.end()
    simulated.end()
    every, greedy = len(mined.cases), 2 * tenths
    ended = mined.right_ends(never=IntentState.REFUSED)
    skipped = simulated.right_ends(never=IntentState.WITHDRAWN)
    return [
        exactly("R14", "reasons met in a block: told by name", told, every),
        exactly("R14", "reasons met in a block: right end", ended, every),
        exactly("R14", "reasons met in a simulation: right line in the plan", planned, every),
        exactly("R14", "reasons met in a simulation: right end", skipped, every),
        exactly("R14", "transactions until they were possible, one for each that a block refused",
                mined.signed + simulated.signed, every),
        exactly("R14", "operations that used up their gas: done with more", _out_of_gas(greedy),
                greedy),
        exactly("R14", "operations lost that were possible later", mined.lost() + simulated.lost(),
                0),
    ]  # fmt: skip
