"""Logs of many blocks over connections that break under them: keepers spec (e1), R7 and R21."""

from __future__ import annotations

from typing import Any

import pytest

from keepers.core.log_ranges import LogReader
from keepers.core.model import Unavailable
from keepers.core.rpc import EndpointError, Fault
from tests.keepers.core.fake_nodes import Node, endpoints_of, some_nodes

HEIGHT = 1_000


class Fragile:
    """A node without logs that fails when it is asked for more than `most` blocks."""

    def __init__(self, node: Node, most: int, fault: Fault) -> None:
        self.most, self.fault = most, fault
        self.spans: list[int] = []
        node.answers["eth_getLogs"] = self.answer

    def answer(self, wanted: dict[str, Any]) -> list[Any]:
        self.spans.append(int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1)
        if self.spans[-1] > self.most:
            raise EndpointError(self.fault)
        return []


def fragile(fault: Fault, most: int) -> tuple[LogReader, Fragile]:
    clock, _, (node,) = some_nodes(1, height=HEIGHT)
    return LogReader(endpoints_of([node], clock)), Fragile(node, most, fault)


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.SERVER, Fault.INVALID, Fault.LOST])
def test_read__long_parts_break_the_connection__is_asked_for_less(fault: Fault) -> None:
    """A gateway's 504, an answer larger than is read, a node that hangs up."""
    reader, node = fragile(fault, most=300)
    assert list(reader.read([], [], 0, HEIGHT)) == []
    assert node.spans[:3] == [1_001, 500, 250]
    assert max(node.spans[2:]) <= 1.25 * node.most


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.LIMITED])
def test_read__nobody_looked_at_the_question__is_asked_for_as_much_again(fault: Fault) -> None:
    reader, node = fragile(fault, most=0)
    with pytest.raises(Unavailable):
        list(reader.read([], [], 0, HEIGHT))
    assert set(node.spans) == {1_001}
