"""docs/keepers-score.md: what a whole run measured, to publish with a release.

Source: keepers spec (e3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.chaos.report import Check

FILE = Path(__file__).parents[2] / "docs" / "keepers-score.md"
HEAD = """# Keepers in trouble

What `make keeper-chaos` measured, with fixed seeds; a tenth of it runs with the other tests. R1 and
so on are the requirements that the [checks](../tests/chaos) are for. "Anvil" marks a real chain
behind endpoints that can fail, and keepers that are processes wherever one is killed or frozen; the
others have a chain in memory, or need none. Written by `python -m tests.chaos --record`.

"""
TABLE = "| | where | what | measured | limit |\n|---|---|---|---|---|\n"
BESIDE = """
## Beside others

Three rounds with one reward each, three times: our keeper, the published rules of go-livepeer, and
a loop that offers a fixed fee. Written here from those rules; theirs is not their program.

| trouble | ours | go-livepeer's rules | fixed fee |
|---|---|---|---|
"""


def record(
    on_anvil: Sequence[Check], others: Sequence[Check], beside: Sequence[str], seconds: float
) -> None:
    """`beside` as tests.chaos.baselines.side_by_side gives it."""
    found = [("anvil", one) for one in on_anvil] + [("", one) for one in others]
    found.sort(key=lambda one: int(one[1].requirement[1:]))
    rows = [
        f"| {one.requirement} | {where} | {one.name} | {one.measured} | {one.limit} |"
        for where, one in found
    ]
    cells = [line.split("\t")[1:] for line in beside]
    scores = [
        "| " + " | ".join([name, *(text.partition(": ")[2] for text in some)]) + " |"
        for name, *some in cells
    ]
    verdict = f"{len(found)} checks, all within their limits, in {seconds:.0f} s on two cores.\n\n"
    FILE.write_text(HEAD + verdict + TABLE + "\n".join([*rows, BESIDE + "\n".join(scores), ""]))
