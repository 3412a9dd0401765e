"""Rewards of many orchestrators in one transaction, through a RewardBatcher.

It calls each with a bound of gas, and one that fails undoes nothing of the others. When none
succeeds it reverts as the last one did. So a batch that is in a block has made some reward called,
what is still due is another batch with another key, and the last one that cannot be called is
refused by the simulation with its own reason. Source: keepers spec (e1), R23.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eth_utils.crypto import keccak

from keepers.core.amounts import ETHER, show_short
from keepers.core.contracts import interface
from keepers.core.model import Wish
from keepers.reward_view import Prospect

BATCH = "reward batch"
# Of one transaction. At the default hard cap it costs less than the default limits allow, and
# larger batches save little more (docs/keepers-gas.md).
BATCH_GAS = 6_000_000
USUAL_GAS = 500_000  # of one reward; the deployed contracts' mean (docs/gas.md)
SIZE = BATCH_GAS // USUAL_GAS
GAS_EACH = 1_500_000  # the most for one reward; without usable hints it may need 1,100,000


class Ready(NamedTuple):
    """A reward to call, the wish to call it alone, and what is to be said against it."""

    prospect: Prospect
    wish: Wish
    warning: str = ""


def batches(
    orchestrators: Sequence[str], ready: Sequence[Ready], account: str, batcher: str
) -> list[Wish]:
    """One wish for each part of the list, as far as it is ready. Its subject is the first of them.

    The parts are those of the whole list: what happens in one changes nothing in another.
    """
    parts = {one.prospect.orchestrator: one for one in ready}
    groups = [orchestrators[at : at + SIZE] for at in range(0, len(orchestrators), SIZE)]
    found = [[parts[one] for one in group if one in parts] for group in groups]
    return [_batch(some, account, batcher) for some in found if some]


def _batch(parts: Sequence[Ready], account: str, batcher: str) -> Wish:
    prospects = [one.prospect for one in parts]
    names = [one.orchestrator for one in prospects]
    first = parts[0].wish
    lpt = show_short(sum(one.reward for one in prospects), ETHER)
    warned = sum(bool(one.warning) for one in parts)
    worths = [one.wish.worth for one in parts]
    return Wish(
        key=f"{BATCH}/{first.round}/{keccak(text=''.join(names)).hex()[:16]}/{account}",
        kind=BATCH,
        subject=names[0],
        to=batcher,
        data=interface("RewardBatcher").encode(
            "rewardMany", [(one.orchestrator, *one.hints) for one in prospects], GAS_EACH
        ),
        why=f"{lpt} LPT of round {first.round} for {len(names)} orchestrators"
        + (f"; {warned} of {len(names)} earn too little" if warned else ""),
        urgency=first.urgency,
        worth=None if None in worths else sum(worth or 0 for worth in worths),
        round=first.round,
    )
