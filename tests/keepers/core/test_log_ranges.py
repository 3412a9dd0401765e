"""Logs of many blocks through nodes with limits: keepers spec (e1), R7 and R21."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from keepers.core.chain import Chain
from keepers.core.log_ranges import LONGEST
from keepers.core.model import Log, Unavailable
from keepers.core.rpc import EndpointError, Fault, NodeError
from tests.keepers.core.fake_nodes import Node, endpoints_of, some_nodes

ADDRESS = str(to_checksum_address("0x" + "ab" * 20))
MANY = 10**9


@dataclass
class LogSource:
    """eth_getLogs of one node: at most `blocks` at once, and `results` logs."""

    events: Sequence[int]  # the block of each
    blocks: int = MANY
    results: int = MANY
    refusal: NodeError = field(default_factory=lambda: NodeError(-32602, "block range too large"))
    asked: list[tuple[int, int]] = field(default_factory=list)
    filters: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spans(self) -> list[int]:
        return [last - first + 1 for first, last in self.asked]

    def logs(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(fields.pop("fromBlock"), 16), int(fields.pop("toBlock"), 16)
        self.asked.append((first, last))
        self.filters.append(fields)
        found = [
            entry(block, index)
            for block, count in Counter(self.events).items()
            if first <= block <= last
            for index in range(count)
        ]
        if last - first + 1 > self.blocks or len(found) > self.results:
            raise self.refusal
        return found


def entry(block: int, index: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "address": ADDRESS.lower(),
        "topics": ["0x" + "07" * 32],
        "data": f"0x{index:04x}",
        "blockNumber": hex(block),
        "blockHash": f"0x{block:064x}",
        "transactionHash": f"0x{block:064x}",
        "logIndex": hex(index),
        "removed": False,
        **changes,
    }


def chain_of(*sources: LogSource, height: int = 1_000) -> tuple[Chain, list[Node]]:
    clock, _, nodes = some_nodes(len(sources), height=height)
    for node, source in zip(nodes, sources, strict=True):
        node.answers["eth_getLogs"] = source.logs
    return Chain(endpoints_of(nodes, clock)), nodes


def read(chain: Chain, first: int, last: int) -> list[Log]:
    return [one for part in chain.logs(ADDRESS, [b"\x07" * 32], first, last) for one in part]


def places(logs: Sequence[Log]) -> list[tuple[int, int]]:
    return [(one.block_number, one.index) for one in logs]


def expected(events: Sequence[int], first: int, last: int) -> list[tuple[int, int]]:
    counts = Counter(block for block in events if first <= block <= last)
    return [(block, index) for block in sorted(counts) for index in range(counts[block])]


# -- what is read


def test_logs__fields__are_all_there() -> None:
    chain, _ = chain_of(LogSource([5]))
    assert read(chain, 1, 10) == [
        Log(ADDRESS, (b"\x07" * 32,), b"\x00\x00", 5, f"0x{5:064x}", f"0x{5:064x}", 0)
    ]


def test_logs__ends__are_included_and_nothing_else() -> None:
    chain, _ = chain_of(LogSource([1, 2, 3, 4]))
    assert places(read(chain, 2, 3)) == [(2, 0), (3, 0)]
    assert places(read(chain, 4, 4)) == [(4, 0)]
    assert read(chain, 4, 3) == []


def test_logs__parts_without_logs__are_left_out() -> None:
    chain, _ = chain_of(LogSource([3, 950], blocks=100))
    parts = list(chain.logs(ADDRESS, [], 0, 1_000))
    assert [places(part) for part in parts] == [[(3, 0)], [(950, 0)]]


@pytest.mark.parametrize(
    ("address", "topics", "sent"),
    [
        (ADDRESS, [], {"address": ADDRESS, "topics": []}),
        (
            [ADDRESS, "0x" + "00" * 20],
            [b"\x07" * 32, None, [b"\x01" * 32, b"\x02" * 32]],
            {
                "address": [ADDRESS, "0x" + "00" * 20],
                "topics": ["0x" + "07" * 32, None, ["0x" + "01" * 32, "0x" + "02" * 32]],
            },
        ),
    ],
)
def test_logs__filter__is_sent_as_it_is(address: Any, topics: Any, sent: dict[str, Any]) -> None:
    source = LogSource([])
    chain, _ = chain_of(source)
    assert list(chain.logs(address, topics, 1, 2)) == []
    assert source.filters == [sent]


def test_logs__node_gives_them_in_another_order__are_put_in_order() -> None:
    chain, (node,) = chain_of(LogSource([]))
    answer = [entry(7, 1), entry(9), entry(7, 0), entry(8, 3), entry(8, 0, removed=True)]
    node.answers["eth_getLogs"] = lambda _fields: answer
    assert places(read(chain, 1, 10)) == [(7, 0), (7, 1), (8, 3), (9, 0)]


@pytest.mark.parametrize("answer", [[entry(11)], [entry(5, topics=None)], {}, None, ["0x"]])
def test_logs__answer_of_another_shape__is_asked_of_the_next(answer: Any) -> None:
    chain, nodes = chain_of(LogSource([]), LogSource([5]))
    nodes[0].answers["eth_getLogs"] = lambda _fields: answer
    assert places(read(chain, 1, 10)) == [(5, 0)]
    assert chain.status()[0].errors == 1


# -- limits

REFUSALS = [
    (-32602, "block range too large"),
    (-32005, "query returned more than 10000 results. Try with this block range [0x1, 0x64]."),
    (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range "
        "and no limit on the response size, or you can request any block range with a cap of 10K "
        "logs in the response. Based on your parameters and the response size limit, this block "
        "range should work: [0x0, 0x63]",
    ),
    (-32614, "eth_getLogs is limited to a 10,000 range"),
    (-32000, "exceed maximum block range: 50000"),
    (-32000, "block range is too wide"),
    (-32000, "query timeout exceeded"),
    (-32602, "query exceeds max results 20000, retry with the range 1-99"),
    (
        -32000,
        "Block range limit exceeded. See more details at https://docs/limits#evm-range-limits",
    ),
    (35, "ranges over 10000 blocks are not supported on freetier"),
    (-32020, "backend response too large"),
    (-32000, "invalid block range params"),
    (-32603, "Internal error"),
]


@pytest.mark.parametrize(("code", "message"), REFUSALS, ids=[text[:30] for _, text in REFUSALS])
def test_logs__range_refused__is_halved_until_it_is_not(code: int, message: str) -> None:
    events = list(range(0, 1_000, 3))
    source = LogSource(events, blocks=130, refusal=NodeError(code, message))
    chain, _ = chain_of(source)
    assert places(read(chain, 0, 1_000)) == expected(events, 0, 1_000)
    refused = dict.fromkeys(span for span in source.spans if span > 130)
    assert list(refused)[:3] == [1_001, 500, 250]
    assert len(source.asked) < 20
    assert chain.status()[0].up


def test_logs__range_allowed__grows_back() -> None:
    source = LogSource([], blocks=100)
    chain, _ = chain_of(source, height=20_000)
    read(chain, 0, 1_000)
    source.blocks, source.asked = MANY, []
    read(chain, 0, 20_000)
    spans = source.spans
    assert spans[0] <= 110
    assert all(0 < b - a <= a // 10 + 1 for a, b in zip(spans, spans[1:-1], strict=False))
    assert max(spans) > 1_000


def test_logs__any_number_of_blocks__are_never_asked_for_more_than_the_longest() -> None:
    source = LogSource([])
    chain, _ = chain_of(source, height=35_000)
    read(chain, 0, 35_000)
    assert source.spans == [LONGEST, LONGEST, LONGEST, 5_001]


def test_logs__one_block_is_too_much__is_unavailable() -> None:
    source = LogSource([5] * 30, results=20)
    chain, _ = chain_of(source)
    with pytest.raises(Unavailable, match="logs from block 5: http://node-0 block range too large"):
        read(chain, 0, 10)
    assert source.asked[-1] == (5, 5)


def test_logs__one_block_is_too_much_for_one_node__is_asked_of_the_next() -> None:
    small, large = LogSource([5] * 30, results=20), LogSource([5] * 30)
    chain, _ = chain_of(small, large)
    assert len(read(chain, 0, 10)) == 30


def test_logs__too_many_requests__is_no_reason_to_ask_for_less() -> None:
    """Smaller questions would only be more of them."""
    source = LogSource([], blocks=0, refusal=NodeError(-32005, "request rate exceeded"))
    other = LogSource([500])
    chain, _ = chain_of(source, other)
    assert places(read(chain, 0, 1_000)) == [(500, 0)]
    assert (source.spans, other.spans) == ([1_001], [1_001])


def test_logs__node_takes_too_long__is_asked_for_half() -> None:
    source = LogSource(list(range(1_001)))
    chain, (node,) = chain_of(source)

    def slow(fields: dict[str, Any]) -> Any:
        found = source.logs(fields)
        if source.spans[-1] > 300:
            node.clock.now += 10
            raise EndpointError(Fault.TIMEOUT)
        return found

    node.answers["eth_getLogs"] = slow
    assert places(read(chain, 0, 1_000)) == expected(source.events, 0, 1_000)
    assert source.spans[:3] == [1_001, 500, 250]


# -- nodes that come, go and lag


def test_logs__node_does_not_have_the_last_block__is_not_believed() -> None:
    """A node that lags answers an empty list for blocks that it does not have."""
    behind, ahead = LogSource([]), LogSource([1_000])
    chain, nodes = chain_of(behind, ahead)
    nodes[0].lag = 1
    assert places(read(chain, 0, 1_000)) == [(1_000, 0)]
    assert behind.asked == [(0, 1_000)]


def test_logs__last_block_is_not_there_yet__is_unavailable() -> None:
    chain, _ = chain_of(LogSource([]), LogSource([]))
    with pytest.raises(Unavailable, match="does not have block 1001"):
        read(chain, 0, 1_001)


def test_logs__node_goes_half_way__has_no_gap_and_nothing_twice() -> None:
    events = list(range(1_001))
    first, second = LogSource(events, blocks=100), LogSource(events, blocks=70)
    chain, nodes = chain_of(first, second)
    found: list[Log] = []
    for part in chain.logs(ADDRESS, [], 0, 1_000):
        found += part
        if len(found) > 500:
            nodes[0].mode = "refuse"
    assert places(found) == expected(events, 0, 1_000)
    assert first.asked
    assert second.asked


@pytest.mark.parametrize("seed", range(3))
def test_logs__50_000_blocks_with_10_000_events__are_all_there_in_order(seed: int) -> None:
    """From three nodes with limits of their own, each of them away for half of the time."""
    dice = random.Random(seed)
    events = [dice.randrange(50_000) for _ in range(6_000)]
    events += [20_000 + dice.randrange(150) for _ in range(4_000)]
    sources = [
        LogSource(events, blocks=3_000),
        LogSource(events, results=900, refusal=NodeError(-32005, "more than 900 results")),
        LogSource(events, blocks=2_000, results=1_000),
    ]
    chain, nodes = chain_of(*sources, height=50_100)
    started = nodes[0].clock.now

    def mode(place: int) -> str:
        return "up" if int(nodes[0].clock.now / 5 + place) % 2 else "refuse"

    for place, node in enumerate(nodes):
        node.mode = partial(mode, place)
    assert places(read(chain, 0, 49_999)) == expected(events, 0, 49_999)
    assert nodes[0].clock.now - started < 20
    assert sum(len(source.asked) for source in sources) < 150


@given(
    st.lists(st.integers(0, 200), max_size=40),
    st.integers(1, 300),
    st.integers(0, 210),
    st.integers(0, 200),
)
def test_logs__any_events_and_limits__are_read_once_each(
    events: list[int], blocks: int, first: int, last: int
) -> None:
    most = max(Counter(events).values(), default=0)
    source = LogSource(events, blocks, results=most + len(events) // 3)
    chain, _ = chain_of(source, height=200)
    assert places(read(chain, first, last)) == expected(events, first, last)
