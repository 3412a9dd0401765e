"""Nonces of one account: what is under way at each, and which is free. Pure.

A nonce that was given to a transaction once may be given again only to a transaction that excludes
it, which is what one nonce does. So nothing here can make a keeper act twice; it can only stall.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from keepers.core.model import Attempt, AttemptState


@dataclass(frozen=True)
class Group:
    """All attempts at one nonce, oldest first. At most one of them is ever in a chain."""

    nonce: int
    attempts: tuple[Attempt, ...]

    @property
    def newest(self) -> Attempt:
        return self.attempts[-1]

    @property
    def intent(self) -> str:
        """Key of the wish it serves; a cancellation serves the one that it cancels."""
        return self.newest.intent

    @property
    def included(self) -> Attempt | None:
        """The one that is in a block, by the journal."""
        return next((one for one in self.attempts if one.state is AttemptState.INCLUDED), None)

    @property
    def most(self) -> int:
        """Most wei that any of them can cost."""
        return max(one.most for one in self.attempts)

    def find(self, tx: str) -> Attempt | None:
        return next((one for one in self.attempts if one.hash == tx), None)


def group_by_nonce(attempts: Sequence[Attempt]) -> list[Group]:
    """Groups in order of their nonces; within one, a later attempt pays more."""
    order = sorted(attempts, key=lambda one: (one.nonce, one.max_fee, one.signed_at))
    return [
        Group(nonce, tuple(found)) for nonce, found in groupby(order, key=lambda one: one.nonce)
    ]


def foreign(mined: int, pending: int, own: Collection[int]) -> list[int]:
    """Nonces with a pending transaction that the journal does not know.

    `mined` is how many transactions of the account are in blocks, `pending` how many a node counts
    with those that wait. The key was used elsewhere, or the journal was lost.
    """
    return [nonce for nonce in range(mined, pending) if nonce not in own]


def free(mined: int, taken: Collection[int]) -> int:
    """The lowest nonce at or above `mined` that nothing holds: gaps are filled first."""
    nonce = mined
    while nonce in taken:
        nonce += 1
    return nonce
