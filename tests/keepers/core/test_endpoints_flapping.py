"""Endpoints that come and go: nothing is lost, and the next one answers within 3 s."""

from __future__ import annotations

import random

import pytest

from keepers.core.endpoint import Rules
from tests.keepers.core.fake_nodes import endpoints_of, read, some_nodes


def ups(rng: random.Random, slots: int) -> list[set[int]]:
    """Which of three endpoints is up in each slot: each in 40 % of them, one at least."""
    found: list[set[int]] = []
    share = 0.177  # drawn until one is up, this makes 40 % of the slots for each
    while len(found) < slots:
        up = {place for place in range(3) if rng.random() < share}
        if up:
            found.append(up)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_read__endpoints_up_40_percent_of_the_time__loses_none_of_2000_reads(seed):
    rng = random.Random(seed)
    clock, blocks, nodes = some_nodes(3)
    endpoints = endpoints_of(nodes, clock, jitter=0.5)
    slot_seconds, slots = 5.0, ups(rng, 1_000)
    share = [sum(place in up for up in slots) / len(slots) for place in range(3)]
    assert share == pytest.approx([0.4] * 3, abs=0.05)
    start = clock.now

    def mode_of(place: int):
        def mode() -> str | int:
            slot = int((clock.now - start) / slot_seconds)
            return "up" if place in slots[slot] else rng.choice(["refuse", "hang", "lost", 502])

        return mode

    for place, node in enumerate(nodes):
        node.mode = mode_of(place)
    took, last = [], 0
    for _ in range(2_000):
        began = clock.now
        head = endpoints.head()
        assert head.number >= last
        last = head.number
        middle = clock.now
        assert read(endpoints, head.number) == hex(head.number)
        took += [middle - began, clock.now - middle]
        blocks.mine()
        clock.now += 0.5
    took.sort()
    assert took[int(0.99 * len(took))] <= 3
    assert took[-1] <= Rules().patience
