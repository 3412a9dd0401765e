"""Logs of many blocks through nodes that allow few: keepers spec (e1), R7 and R21."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import pytest

from keepers.core.log_ranges import LONGEST, LogReader
from keepers.core.model import Log, Unavailable
from keepers.core.rpc import EndpointError, Fault, NodeError
from tests.keepers.core.fake_nodes import Blocks, FakeClock, Node, endpoints_of, some_nodes

ADDRESS = "0x00000000000000000000000000000000000000A1"
TOPIC = b"\x07" * 32


def log_at(blocks: Blocks, number: int, index: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "address": ADDRESS.lower(),
        "topics": ["0x" + TOPIC.hex()],
        "data": f"0x{number:064x}",
        "blockNumber": hex(number),
        "blockHash": blocks.hash(number),
        "transactionHash": f"0x{number:064x}",
        "logIndex": hex(index),
        **changes,
    }


class QuickBlocks(Blocks):
    """For many blocks: a hash is the number, so it knows of no branches."""

    def hash(self, number: int) -> str:
        return f"0x{number:064x}"


@dataclass
class Source:
    """Logs as a node gives them, if `fits` likes their blocks; else it fails with `error`."""

    node: Node
    numbers: list[int]
    fits: Callable[[int, int], bool] = lambda _first, _last: True
    error: NodeError | EndpointError = field(
        default_factory=lambda: NodeError(-32000, "query returned more than 10000 results")
    )
    asked: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.node.answers["eth_getLogs"] = self.answer

    def answer(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        self.asked.append((first, last))
        if not self.fits(first, last):
            raise self.error
        return [log_at(self.node.blocks, n) for n in self.numbers if first <= n <= last]


def at_most(blocks: int) -> Callable[[int, int], bool]:
    return lambda first, last: last - first < blocks


def some_sources(
    count: int, numbers: list[int], *, height: int = 1_000
) -> tuple[LogReader, FakeClock, list[Source]]:
    clock, _, nodes = some_nodes(count, height=height)
    endpoints = endpoints_of(nodes, clock)
    endpoints.head()
    return LogReader(endpoints), clock, [Source(node, numbers) for node in nodes]


def read(reader: LogReader, first: int, last: int) -> list[Log]:
    return [log for part in reader.read(ADDRESS, [TOPIC], first, last) for log in part]


# -- one node


def test_read__no_limit__is_one_question_with_all_that_was_wanted() -> None:
    reader, _, (source,) = some_sources(1, [5, 900])
    wanted: dict[str, Any] = {}
    answer = source.answer

    def spy(fields: dict[str, Any]) -> Any:
        wanted.update(fields)
        return answer(fields)

    source.node.answers["eth_getLogs"] = spy
    (part,) = reader.read([ADDRESS], [TOPIC, None, [TOPIC, TOPIC]], 0, 1_000)
    assert [log.block_number for log in part] == [5, 900]
    word = "0x" + TOPIC.hex()
    assert wanted == {
        "address": [ADDRESS],
        "topics": [word, None, [word, word]],
        "fromBlock": "0x0",
        "toBlock": hex(1_000),
    }
    log = part[0]
    assert (log.address, log.topics, log.data) == (ADDRESS, (TOPIC,), (5).to_bytes(32))
    assert (log.block_hash, log.tx) == (source.node.blocks.hash(5), f"0x{5:064x}")


def test_read__no_blocks_or_no_logs__gives_nothing() -> None:
    reader, _, (source,) = some_sources(1, [])
    assert read(reader, 8, 7) == []
    assert source.asked == []
    assert list(reader.read(ADDRESS, [], 0, 1_000)) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100, 999])
def test_read__blocks_are_limited__all_logs_once_and_in_order(limit: int) -> None:
    numbers = list(range(0, 400, 3))
    reader, _, (source,) = some_sources(1, numbers)
    source.fits = at_most(limit)
    assert [log.block_number for log in read(reader, 0, 400)] == numbers
    refused = sum(not at_most(limit)(*one) for one in source.asked)
    assert len(source.asked) <= 2 * (401 // limit + 1) + 10
    assert refused <= len(source.asked) // 2 + 10


def test_read__results_are_limited__all_logs_once_and_in_order() -> None:
    """Crowded blocks need short parts, the empty ones around them do not."""
    numbers = [n for n in range(10_000) if 4_000 <= n < 4_200]
    reader, _, (source,) = some_sources(1, numbers, height=10_000)
    source.fits = lambda first, last: sum(first <= n <= last for n in numbers) <= 20
    assert [log.block_number for log in read(reader, 0, 9_999)] == numbers
    assert len(source.asked) < 150


def test_read__limit_is_lifted__parts_grow_back() -> None:
    reader, _, (source,) = some_sources(1, [])
    source.fits = at_most(10)
    read(reader, 0, 200)
    source.fits = at_most(LONGEST)
    source.asked.clear()
    read(reader, 0, 1_000)
    lengths = [last - first + 1 for first, last in source.asked[:-1]]
    assert lengths == sorted(lengths)
    assert lengths[-1] > 5 * lengths[0]


def test_read__one_block_is_too_much__raises_after_trying_it_alone() -> None:
    reader, _, (source,) = some_sources(1, [])
    source.fits = lambda first, last: not first <= 77 <= last
    with pytest.raises(Unavailable, match="logs from block 77: .*more than 10000 results"):
        read(reader, 0, 200)
    assert source.asked[-1] == (77, 77)


@pytest.mark.parametrize(
    "message",
    [
        "query returned more than 10000 results",
        "block range is too wide",
        "exceed maximum block range: 2048",
        "eth_getLogs is limited to a 10,000 range",
        "You can make eth_getLogs requests with up to a 500 block range",
        "query timeout exceeded",
        "invalid block range params",
        "Block range limit exceeded",
    ],
)
def test_read__whatever_a_node_calls_its_limit__is_asked_for_less(message: str) -> None:
    reader, _, (source,) = some_sources(1, [3, 190])
    source.fits, source.error = at_most(50), NodeError(-32000, message)
    assert [log.block_number for log in read(reader, 0, 200)] == [3, 190]


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.SERVER, Fault.INVALID, Fault.LOST])
def test_read__long_parts_break_the_connection__is_asked_for_less(fault: Fault) -> None:
    """A gateway's 504, an answer larger than is read, a node that hangs up."""
    reader, _, (source,) = some_sources(1, [3, 900])
    source.fits, source.error = at_most(300), EndpointError(fault)
    assert [log.block_number for log in read(reader, 0, 1_000)] == [3, 900]


def test_read__too_many_requests__are_no_reason_to_ask_for_less() -> None:
    reader, clock, (source,) = some_sources(1, [3])
    source.fits, source.error = lambda *_: False, NodeError(429, "too many requests")
    with pytest.raises(Unavailable):
        read(reader, 0, 1_000)
    source.fits = at_most(1_001)
    source.asked.clear()
    clock.now += 60
    assert [log.block_number for log in read(reader, 0, 1_000)] == [3]
    assert source.asked == [(0, 1_000)]


# -- nodes that lag, lie or fail


def test_read__node_without_the_last_block__is_not_taken_for_one_without_logs() -> None:
    reader, _, (first, second) = some_sources(2, [995])
    first.node.lag = 30
    first.numbers = []
    assert [log.block_number for log in read(reader, 900, 1_000)] == [995]


def test_read__block_that_nobody_has__raises() -> None:
    reader, _, _ = some_sources(2, [])
    with pytest.raises(Unavailable, match="does not have block 1001"):
        read(reader, 0, 1_001)


@pytest.mark.parametrize(
    "lie",
    [
        lambda blocks: [log_at(blocks, 2_000)],
        lambda blocks: [log_at(blocks, 5, topics="0x")],
        lambda blocks: [log_at(blocks, 5, address="0x01")],
        lambda blocks: [log_at(blocks, 5, blockHash=None)],
        lambda _blocks: "0x",
        lambda _blocks: ["0x"],
    ],
)
def test_read__node_that_answers_nonsense__is_passed_over(lie: Callable[[Blocks], Any]) -> None:
    reader, _, (first, _) = some_sources(2, [7])
    first.node.answers["eth_getLogs"] = lambda _wanted: lie(first.node.blocks)
    assert [log.block_number for log in read(reader, 0, 1_000)] == [7]


def test_read__out_of_order_and_removed_ones__are_sorted_and_left_out() -> None:
    reader, _, (source,) = some_sources(1, [])
    given_ = [(9, 2), (9, 10), (4, 1), (9, 0)]
    blocks = source.node.blocks
    found = [log_at(blocks, *one) for one in given_] + [log_at(blocks, 8, removed=True)]
    source.node.answers["eth_getLogs"] = lambda _wanted: found
    got = [(log.block_number, log.index) for log in read(reader, 0, 1_000)]
    assert got == [(4, 1), (9, 0), (9, 2), (9, 10)]


def test_read__nodes_take_turns_in_failing__all_logs_once_and_in_order() -> None:
    numbers = list(range(0, 1_000, 7))
    reader, _, sources = some_sources(2, numbers)
    for source in sources:
        source.fits = at_most(40)
    modes: Iterator[str | int] = cycle(["up", "up", "refuse", 503, "hang", "up"])
    sources[0].node.mode = lambda: next(modes)
    assert [log.block_number for log in read(reader, 0, 1_000)] == numbers


def test_read__50_000_blocks_10_000_logs__in_order_within_few_requests() -> None:
    """R21, with a node that allows 2,000 blocks."""
    numbers = list(range(0, 50_000, 5))
    reader, _, (source,) = some_sources(1, numbers)
    source.node.blocks = QuickBlocks([0] * 50_000)
    source.fits = at_most(2_000)
    assert [log.block_number for log in read(reader, 0, 49_999)] == numbers
    assert len(source.asked) <= 50
