"""What to do about a transaction that is under way. A pure function; keepers/core/engine.py acts.

                     known to a node    unknown
    wanted           wait, or replace   send again
    not wanted       cancel             forget, unless later nonces wait for it

Replaced is what has waited too long at the front of the queue, or whose fee is below the base fee.
Source: keepers spec (e1), R6 and R9.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from keepers.core.fees import Fee, FeePolicy
from keepers.core.model import AttemptState
from keepers.core.nonces import Group


class Do(StrEnum):
    WAIT = "wait"
    SEND_AGAIN = "send again"
    REPLACE = "replace"
    CANCEL = "cancel"
    FORGET = "forget"


@dataclass(frozen=True)
class Step:
    do: Do
    why: str
    fee: Fee | None = None


@dataclass(frozen=True)
class Market:
    """What gas costs now: base fee of the head, and the tip that nodes suggest."""

    base: int
    tip: int


@dataclass(frozen=True)
class Waiting:
    """A group that is in no block.

    `front`: it has the next nonce that can be mined, so it waits for nobody. `blocks_others`: later
    nonces wait for it. `age`: seconds since its newest attempt. `known`: a node has one of its
    attempts; None if not asked. `outbid`: a node refused its newest attempt as too cheap.
    """

    group: Group
    wanted: bool
    urgency: int
    front: bool
    blocks_others: bool
    age: float
    known: bool | None
    outbid: bool = False


def next_step(waiting: Waiting, market: Market, fees: FeePolicy, *, replace_after: float) -> Step:
    newest = waiting.group.newest
    old = Fee(newest.max_fee, newest.tip)
    if not waiting.wanted and not newest.cancels:
        if waiting.known is False and not waiting.blocks_others:
            return Step(Do.FORGET, "not wanted any more, and no node has it")
        if fee := fees.cancel(old, market.base, market.tip):
            return Step(Do.CANCEL, "not wanted any more", fee)
        return _again(waiting, "not wanted any more, but a replacement would pass the hard cap")
    dear = newest.max_fee < market.base
    late = waiting.front and waiting.age >= replace_after
    if not (dear or late or waiting.outbid):
        return _again(waiting, "under way")
    if newest.cancels:
        fee = fees.cancel(old, market.base, market.tip)
    else:
        fee = fees.replacement(old, market.base, market.tip, waiting.urgency)
    if fee is None:
        return _again(waiting, f"gas costs {market.base} wei, and the caps leave no room to raise")
    why = "the base fee passed it" if dear else "outbid" if waiting.outbid else "waits too long"
    return Step(Do.CANCEL if newest.cancels else Do.REPLACE, why, fee)


def _again(waiting: Waiting, why: str) -> Step:
    # The nodes may know an older attempt, and have never heard of one that a crash held back.
    unsent = waiting.known is False or waiting.group.newest.state is AttemptState.SIGNED
    return Step(Do.SEND_AGAIN if unsent else Do.WAIT, why)
