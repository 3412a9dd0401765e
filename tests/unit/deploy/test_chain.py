"""Reading events from nodes that allow only so many blocks at once."""

from __future__ import annotations

import pytest

from scripts._lib.chain import MIN_RANGE, Log, in_halves


def test_in_halves__node_with_a_limit__reads_each_block_once_and_in_order():
    def node(first: int, last: int) -> list[Log]:
        if last - first >= 1_000:
            raise ValueError("more than 1000 blocks")
        return [Log((), number.to_bytes(4, "big"), "") for number in range(first, last + 1)]

    logs = in_halves(node, 7, 9_000)
    assert [int.from_bytes(log.data, "big") for log in logs] == list(range(7, 9_001))


def test_in_halves__node_that_refuses_everything__gives_its_error_up():
    asked = []

    def node(first: int, last: int) -> list[Log]:
        asked.append(last - first)
        raise ValueError("no such method")

    with pytest.raises(ValueError, match="no such method"):
        in_halves(node, 0, 10**9)
    assert asked[-1] < MIN_RANGE
    assert len(asked) < 30
