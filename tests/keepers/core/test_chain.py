"""Reads of the chain behind several endpoints: keepers spec (e1), R7 and R10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from keepers.core.chain import Chain
from keepers.core.model import Call, KeeperError, Reverted, Unavailable
from keepers.core.rpc import NodeError
from tests.keepers.core.fake_nodes import ACCOUNT, CHAIN_ID, Node, endpoints_of, some_nodes

TO = "0x" + "22" * 20
BROKEN = NodeError(-32603, "Internal error")


def chain_of(count: int = 3) -> tuple[Chain, list[Node]]:
    clock, _, nodes = some_nodes(count)
    return Chain(endpoints_of(nodes, clock)), nodes


def fails(error: NodeError) -> Callable[..., Any]:
    def answer(*_: Any) -> Any:
        raise error

    return answer


def contract(fields: dict[str, str], block: str) -> str:
    """Reverts for even first bytes of calldata, else returns it and the block."""
    if int(fields["data"][2:4], 16) % 2 == 0:
        raise NodeError(3, "execution reverted", fields["data"])
    return fields["data"][:4] + f"{int(block, 16):064x}"


def calls(count: int) -> list[Call]:
    return [Call(TO, bytes([number % 256])) for number in range(count)]


def revert_of(chain: Chain, call: Call) -> Reverted:
    try:
        chain.call(call, 90)
    except Reverted as reverted:
        return reverted
    raise AssertionError("does not revert")


# -- simulation


@pytest.mark.parametrize("batches", [1_000, 7, 0])
def test_call_many__some_revert__has_all_in_the_order_asked(batches: int) -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_call"], node.batches = contract, batches
    found = chain.call_many(calls(150), 90)
    assert [one if isinstance(one, bytes) else one.data for one in found] == [
        bytes([number]) + ((90).to_bytes(32, "big") if number % 2 else b"") for number in range(150)
    ]
    assert [isinstance(one, Reverted) for one in found] == [True, False] * 75


def test_call_many__many__are_few_requests() -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_call"] = contract
    chain.call_many(calls(1), 90)
    before = node.requests
    chain.call_many(calls(100), 90)
    assert node.requests == before + 1


def test_call_many__none__asks_nothing() -> None:
    chain, (node,) = chain_of(1)
    assert chain.call_many([], 90) == []
    assert node.requests == 0


def test_call_many__sender_and_value__are_sent_along() -> None:
    chain, (node,) = chain_of(1)
    asked: list[dict[str, str]] = []

    def answer(fields: dict[str, str], _block: str) -> str:
        asked.append(fields)
        return "0x"

    node.answers["eth_call"] = answer
    chain.call_many([Call(TO, b"\x01", ACCOUNT, 5), Call(TO, b"")], 90)
    assert asked == [
        {"to": TO, "data": "0x01", "from": ACCOUNT, "value": "0x5"},
        {"to": TO, "data": "0x"},
    ]


def test_call_many__error_that_is_no_revert__is_asked_of_the_next() -> None:
    chain, nodes = chain_of(2)
    nodes[0].answers["eth_call"] = fails(BROKEN)
    nodes[1].answers["eth_call"] = contract
    assert isinstance(chain.call_many(calls(2), 90)[0], Reverted)
    assert nodes[1].asked["eth_call"] == 2


def test_call_many__error_that_is_no_revert_everywhere__is_unavailable() -> None:
    chain, nodes = chain_of(2)
    for node in nodes:
        node.answers["eth_call"] = fails(BROKEN)
    with pytest.raises(Unavailable, match="eth_call at block 90: http://node-0 Internal error"):
        chain.call_many(calls(2), 90)


def test_call_many__answer_of_another_shape__is_asked_of_the_next() -> None:
    chain, nodes = chain_of(2)
    nodes[0].answers["eth_call"] = lambda *_: "0xabc"
    nodes[1].answers["eth_call"] = lambda *_: "0xab"
    assert chain.call_many(calls(1), 90) == [b"\xab"]


def test_call__reverts__raises_its_data_and_asks_nobody_else() -> None:
    chain, nodes = chain_of(2)
    for node in nodes:
        node.answers["eth_call"] = contract
    assert revert_of(chain, Call(TO, b"\x02\xff")).data == b"\x02\xff"
    assert not nodes[1].asked
    assert chain.call(Call(TO, b"\x03"), 90)[:1] == b"\x03"


def test_call__reverts_without_data__says_what_the_node_says() -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_call"] = fails(NodeError(-32000, "gas required exceeds allowance (5)"))
    found = revert_of(chain, Call(TO, b""))
    assert (found.data, str(found)) == (b"", "gas required exceeds allowance (5)")


@pytest.mark.parametrize("batches", [1_000, 0])
def test_estimate_many__some_revert__has_all_in_the_order_asked(batches: int) -> None:
    chain, (node,) = chain_of(1)
    node.batches = batches

    def estimate(fields: dict[str, str], block: str) -> str:
        assert block == hex(90)
        if fields["data"] == "0x01":
            raise NodeError(-32000, "execution reverted", "0xab")
        return hex(21_000 + int(fields["data"], 16))

    node.answers["eth_estimateGas"] = estimate
    found = chain.estimate_many(calls(3), 90)
    assert (found[0], found[2]) == (21_000, 21_002)
    assert isinstance(found[1], Reverted)
    assert found[1].data == b"\xab"


def simulate(*used: int | None) -> Callable[..., Any]:
    """Answers with the gas that calls used; None stands for one that failed."""
    results = [{"status": hex(one is not None), "gasUsed": hex(one or 30_000)} for one in used]
    return lambda _asked, _block: [{"calls": results}]


def test_foretell__some_fail__has_the_gas_of_the_others_in_order() -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_simulateV1"] = simulate(21_000, None, 42_000)
    assert chain.foretell(calls(3), 90) == [21_000, None, 42_000]
    assert chain.foretell([], 90) == []
    assert node.asked["eth_simulateV1"] == 1


def test_foretell__node_without_the_method__is_not_asked_again_and_not_blamed() -> None:
    chain, (node,) = chain_of(1)
    assert [chain.foretell(calls(2), 90) for _ in range(3)] == [[None, None]] * 3
    assert node.asked["eth_simulateV1"] == 1
    assert [one.errors for one in chain.status()] == [0]


@pytest.mark.parametrize(
    "answer",
    [
        fails(NodeError(-32000, "header not found")),
        simulate(21_000),
        lambda *_: [],
        lambda *_: {"calls": []},
        lambda *_: [{"calls": [{"status": "0x1"}] * 2}],
    ],
)
def test_foretell__no_use_of_the_answer__is_unknown_and_asked_again(
    answer: Callable[..., Any],
) -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_simulateV1"] = answer
    assert chain.foretell(calls(2), 90) == [None, None]
    node.answers["eth_simulateV1"] = simulate(1, 2)
    assert chain.foretell(calls(2), 90) == [1, 2]


# -- state


def test_state__at_a_block__is_read_from_a_node_that_has_it() -> None:
    chain, nodes = chain_of(2)
    nodes[0].lag = 2
    for node in nodes:
        node.answers["eth_getBalance"] = lambda _who, at, node=node: hex(node.check(at) * 10)
        node.answers["eth_getCode"] = lambda _who, at, node=node: "0x" + "60" * node.check(at)
    assert chain.balance(ACCOUNT, 100) == 1_000
    assert chain.code(ACCOUNT, 100) == b"\x60" * 100
    assert chain.nonce(ACCOUNT, 100) == 100
    assert chain.code(ACCOUNT, 0) == b""


@pytest.mark.parametrize("block", ["latest", "pending"])
def test_nonce__by_the_name_of_a_block__is_not_that_of_a_node_that_lags(block: str) -> None:
    chain, nodes = chain_of(2)
    assert chain.head().number == 100
    nodes[0].lag = 3  # too little to be left out for it
    assert chain.nonce(ACCOUNT, block) == 100
    assert nodes[1].asked["eth_getTransactionCount"] == 1


def test_nonce__nobody_has_the_head_any_more__is_unavailable() -> None:
    chain, nodes = chain_of(2)
    chain.head()
    for node in nodes:
        node.lag = 3
    with pytest.raises(Unavailable, match="does not have block 100"):
        chain.nonce(ACCOUNT, "pending")


# -- blocks


def test_block_hash__there_or_to_come__is_its_hash_or_none() -> None:
    chain, (node,) = chain_of(1)
    chain.head()
    assert chain.block_hash(99) == node.blocks.hash(99)
    assert chain.block_hash(101) is None


def test_block_hash__node_that_lags__is_asked_of_the_next() -> None:
    chain, nodes = chain_of(2)
    chain.head()
    nodes[0].lag = 3
    assert chain.block_hash(99) == nodes[1].blocks.hash(99)


def blocks_and(node: Node, finalized: Callable[[], Any]) -> Callable[..., Any]:
    def block(tag: str, _full: bool) -> Any:
        return finalized() if tag == "finalized" else node.blocks.block(node.number(tag))

    return block


def test_finalized__known__is_its_number() -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_getBlockByNumber"] = blocks_and(node, lambda: node.blocks.block(36))
    assert chain.finalized() == 36


@pytest.mark.parametrize(
    "answer",
    [
        lambda: None,
        fails(NodeError(-32602, "invalid argument 0: hex string without 0x prefix")),
        fails(NodeError(-39001, "finalized block not found")),
    ],
)
def test_finalized__no_such_tag__is_none(answer: Callable[[], Any]) -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_getBlockByNumber"] = blocks_and(node, answer)
    assert chain.finalized() is None


def test_finalized__too_many_requests__is_asked_of_the_next() -> None:
    chain, nodes = chain_of(2)
    limited = fails(NodeError(-32005, "rate limit exceeded"))
    nodes[0].answers["eth_getBlockByNumber"] = blocks_and(nodes[0], limited)
    nodes[1].answers["eth_getBlockByNumber"] = blocks_and(
        nodes[1], lambda: nodes[1].blocks.block(36)
    )
    assert chain.finalized() == 36


# -- fees, endpoints


@pytest.mark.parametrize(
    ("answer", "tip"),
    [
        (lambda: "0x5f5e100", 100_000_000),
        (lambda: "0x0", 0),
        (fails(NodeError(-32601, "Method not found")), 0),
        (fails(NodeError(-32600, "Unsupported method: eth_maxPriorityFeePerGas")), 0),
    ],
)
def test_suggested_tip__one_or_none__is_a_number(answer: Callable[[], Any], tip: int) -> None:
    chain, (node,) = chain_of(1)
    node.answers["eth_maxPriorityFeePerGas"] = answer
    assert chain.suggested_tip() == tip


def test_suggested_tip__node_in_trouble__is_asked_of_the_next() -> None:
    chain, nodes = chain_of(2)
    nodes[0].answers["eth_maxPriorityFeePerGas"] = fails(BROKEN)
    nodes[1].answers["eth_maxPriorityFeePerGas"] = lambda: "0x7"
    assert chain.suggested_tip() == 7


def test_status__one_up_one_foreign_one_lagging_one_gone__says_so() -> None:
    chain, nodes = chain_of(4)
    nodes[1].chain_id, nodes[2].lag, nodes[3].mode = 1, 30, "refuse"
    for _ in range(3):
        nodes[0].clock.now += 6
        nodes[0].blocks.mine()
        chain.head()
    status = chain.status()
    assert [(one.name, one.up, one.head, one.lag, one.why) for one in status] == [
        ("http://node-0", True, 103, 0, ""),
        ("http://node-1", False, None, 0, "is of chain 1"),
        ("http://node-2", False, 73, 30, "lags by 30 blocks"),
        ("http://node-3", False, None, 0, "cannot be reached"),
    ]
    assert [one.chain_ok for one in status] == [True, False, True, None]
    assert [one.errors for one in status] == [0, 0, 0, 3]
    assert chain.chain_id == CHAIN_ID


def test_open__url_that_is_none__is_refused_without_showing_it() -> None:
    with pytest.raises(KeeperError, match="must start with http") as caught:
        Chain.open(["wss://host/secret-key"], CHAIN_ID)
    assert "secret-key" not in str(caught.value)
