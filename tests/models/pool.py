"""The transcoder pool: addresses by stake, largest first. Bonding spec, section 7.

The contract keeps a linked list; here it is a Python list, and what the hints decide, the place
among equal keys, is an index into it. "Gap i" lies before the i-th member.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.models.arithmetic import require
from tests.models.records import ZERO


@dataclass
class Pool:
    """Sorted by key, descending. `keys` holds exactly the members."""

    max_size: int = 0
    order: list[str] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)

    # -- views

    def __contains__(self, member: str) -> bool:
        return member in self.keys

    @property
    def is_full(self) -> bool:
        return len(self.order) == self.max_size

    @property
    def first(self) -> str:
        return self.order[0] if self.order else ZERO

    @property
    def last(self) -> str:
        return self.order[-1] if self.order else ZERO

    def following(self, member: str) -> str:
        """The next smaller member; zero for the last one and for strangers."""
        if member not in self.keys or member == self.order[-1]:
            return ZERO
        return self.order[self.order.index(member) + 1]

    # -- changes

    def set_max_size(self, size: int) -> None:
        require(size > self.max_size, "new max size must be greater than old max size")
        self.max_size = size

    def insert(self, member: str, key: int, prev_hint: str, next_hint: str) -> None:
        require(not self.is_full, "list is full")
        require(member not in self, "node already in list")
        require(member != ZERO, "node id is null")
        require(key > 0, "key is zero")

        gap = self._gap(key, prev_hint, next_hint)
        self.order.insert(gap, member)
        self.keys[member] = key

    def remove(self, member: str) -> None:
        require(member in self, "node not in list")
        self.order.remove(member)
        del self.keys[member]

    def update_key(self, member: str, key: int, prev_hint: str, next_hint: str) -> None:
        """Remove and insert again; a key of 0 only removes."""
        self.remove(member)
        if key > 0:
            self.insert(member, key, prev_hint, next_hint)

    # -- where a key goes

    def _key_at(self, index: int) -> int:
        return self.keys[self.order[index]]

    def _fits(self, key: int, gap: int) -> bool:
        """Whether the list stays sorted with `key` in this gap."""
        above_is_larger = gap == 0 or self._key_at(gap - 1) >= key
        below_is_smaller = gap == len(self.order) or key >= self._key_at(gap)
        return above_is_larger and below_is_smaller

    def _hinted_gap(self, prev_hint: str, next_hint: str) -> int | None:
        """The gap between two hints, if they are neighbours. A null hint is an end of the list."""
        if prev_hint == ZERO:
            return 0 if next_hint == self.first else None
        if prev_hint not in self or self.following(prev_hint) != next_hint:
            return None
        return self.order.index(prev_hint) + 1

    def _gap(self, key: int, prev_hint: str, next_hint: str) -> int:
        """The hinted gap if it fits, else one searched from a usable hint, else from the top."""
        hinted = self._hinted_gap(prev_hint, next_hint)
        if hinted is not None and self._fits(key, hinted):
            return hinted
        if prev_hint in self and key <= self.keys[prev_hint]:
            return self._descend(key, self.order.index(prev_hint))
        if next_hint in self and key >= self.keys[next_hint]:
            return self._ascend(key, self.order.index(next_hint))
        return self._descend(key, 0) if self.order else 0

    def _descend(self, key: int, start: int) -> int:
        """First fitting gap below the start; from the head, the gap before it counts too."""
        if start == 0 and key >= self._key_at(0):
            return 0
        return next(gap for gap in range(start + 1, len(self.order) + 1) if self._fits(key, gap))

    def _ascend(self, key: int, start: int) -> int:
        """First fitting gap above the start; from the tail, the gap behind it counts too."""
        if start == len(self.order) - 1 and key <= self._key_at(start):
            return len(self.order)
        return next(gap for gap in range(start, -1, -1) if self._fits(key, gap))
