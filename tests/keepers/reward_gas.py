"""Gas of rewards called one by one and in batches: docs/keepers-gas.md.

python -m tests.keepers.reward_gas            measure, print
python -m tests.keepers.reward_gas --write    and write the page
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from keepers.core.contracts import interface
from keepers.reward_batches import GAS_EACH
from tests.keepers.reward_town import RewardTown, reward_town
from tests.support.contracts import ROOT

PAGE: Path = ROOT / "docs" / "keepers-gas.md"
STAKES = range(5_000, 0, -100)  # LPT of 50 orchestrators
SIZES = (1, 10, 25, 50)
TEXT = """# Gas of rewards

Gas of whole transactions, from receipts of an anvil: {members} orchestrators in the pool, each with
a reward in the round before, rewarded with the hints that the keeper gives. "One by one" is
`rewardForTranscoderWithHint` by a reward caller's key, the mean of the same rewards; "batched" is
one `rewardMany` of RewardBatcher. On Arbitrum the gas for calldata on L1 comes on top of both: 96
bytes for each reward in a batch, 100 bytes and a whole transaction alone.
Written by `python -m tests.keepers.reward_gas --write`.

```
rewards   batched   each   one by one, each   saved
{rows}
```
"""


def measured(town: RewardTown, size: int) -> tuple[int, int]:
    """Gas of the first `size` members' rewards: one by one, in all; and in one batch."""
    with town.undone():
        alone = sum(
            town.send(one.call.to, one.call.data) for one in town.prospects(town.caller, size)
        )
    with town.undone():
        town.name_caller(town.batcher)
        calls = [(one.orchestrator, *one.hints) for one in town.prospects(town.batcher, size)]
        data = interface("RewardBatcher").encode("rewardMany", calls, GAS_EACH)
        together = town.send(town.batcher, data)
    return alone, together


def page(sizes: Sequence[int] = SIZES) -> str:
    with reward_town(STAKES) as town:
        found = {size: measured(town, size) for size in sizes}
    rows = [
        f"{size:>7}   {together:>7}   {together // size:>6}   {alone // size:>14}"
        f"   {100 * (alone - together) / alone:>5.1f} %"
        for size, (alone, together) in found.items()
    ]
    return TEXT.format(members=len(STAKES), rows="\n".join(rows))


def main() -> int:
    text = page()
    sys.stdout.write(text)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
