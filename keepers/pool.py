"""The pool of orchestrators, largest stake first, and where one stands after its stake has changed.

BondingManager keeps a linked list. A call that changes a stake may say between which neighbours the
orchestrator will stand; if that is right it costs no search, and if it is wrong only gas.
Source: bonding spec, section 7; keepers spec (b1) and (e4) 14: the place after the reward counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from keepers.core.chain import Chain
from keepers.core.contracts import ZERO, Book
from keepers.core.model import KeeperError
from keepers.core.questions import Question, ask

MANAGER = "BondingManager"
LARGEST = 1_000  # members; the deployed pools have room for 100


class Hints(NamedTuple):
    """Neighbours: `prev` has the larger stake, `next` the smaller. The zero address is the end."""

    prev: str
    next: str


NONE = Hints(ZERO, ZERO)


class Member(NamedTuple):
    address: str
    stake: int


@dataclass(frozen=True)
class Pool:
    members: tuple[Member, ...]
    max_size: int

    def after(self, address: str, stake: int) -> tuple[Hints, Pool]:
        """Neighbours of an orchestrator once it has this stake, and the pool with it there.

        It goes before those of the same stake, as the contract puts it without hints. One from
        outside joins, in place of the last if the pool is full, or stays out.
        """
        others = [one for one in self.members if one.address != address]
        joins = len(others) == len(self.members)
        if joins and len(others) >= self.max_size:
            if not others or stake <= others[-1].stake:
                return NONE, self
            others.pop()
        at = next((i for i, one in enumerate(others) if one.stake <= stake), len(others))
        hints = Hints(
            others[at - 1].address if at else ZERO,
            others[at].address if at < len(others) else ZERO,
        )
        others.insert(at, Member(address, stake))
        return hints, Pool(tuple(others), self.max_size)


class PoolReader:
    """Reads the pool at one block.

    The contract gives one successor at a time. So it is asked from every member at once that was
    there the last time, and as often as there are new ones in a row: once, as a rule.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: set[str] = set()

    def read(self, chain: Chain, block: int, also: Iterable[str] = ()) -> Pool:
        """`also` are addresses that may be members. Raises KeeperError."""
        first, max_size = ask(
            chain,
            self._book,
            [
                Question(MANAGER, "getFirstTranscoderInPool"),
                Question(MANAGER, "getTranscoderPoolMaxSize"),
            ],
            block,
        )
        following: dict[str, str] = {ZERO: ZERO}
        stakes: dict[str, int] = {}
        new = ({first, *also} | self._known) - {ZERO}
        while new:
            asked = sorted(new)
            answers = ask(chain, self._book, [q for one in asked for q in _about(one)], block)
            following |= zip(asked, answers[::2], strict=True)
            stakes |= zip(asked, answers[1::2], strict=True)
            new = set(following.values()) - following.keys()
            _check(len(stakes))
        members: list[Member] = []
        while first != ZERO:
            members.append(Member(first, stakes[first]))
            _check(len(members))
            first = following[first]
        self._known = {one.address for one in members}
        return Pool(tuple(members), max_size)


def _check(members: int) -> None:
    if members > LARGEST:
        raise KeeperError(f"the pool of {MANAGER} does not end: is this the right Controller?")


def _about(address: str) -> tuple[Question, Question]:
    return (
        Question(MANAGER, "getNextTranscoderInPool", (address,)),
        Question(MANAGER, "transcoderTotalStake", (address,)),
    )
