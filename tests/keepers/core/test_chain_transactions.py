"""What became of a transaction, and giving it to every node: keepers spec (e1), R7 and R10."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from eth_utils.crypto import keccak

from keepers.core.chain import BEST_FIRST, Chain
from keepers.core.model import Broadcast, Receipt, Unavailable
from keepers.core.rpc import NodeError
from tests.keepers.core.fake_nodes import ACCOUNT, Blocks, Node, endpoints_of, some_nodes

RAW = b"\x02raw"
TX = "0x" + keccak(RAW).hex()
OTHER_TX = "0x" + "ee" * 32


def chain_of(
    count: int, *, meanwhile: Callable[[], object] = lambda: None
) -> tuple[Chain, Blocks, list[Node]]:
    clock, blocks, nodes = some_nodes(count)
    return Chain(endpoints_of(nodes, clock, meanwhile=meanwhile)), blocks, nodes


# -- receipts


def mined(nodes: list[Node], tx: str, number: int) -> None:
    """In the block that has this number now, on each node that has it when it is asked."""
    block = nodes[0].blocks.block(number)
    for node in nodes:
        before = node.answers.get("eth_getTransactionReceipt", lambda _tx: None)

        def answer(asked: str, node: Node = node, before: Callable[..., Any] = before) -> Any:
            if asked != tx:
                return before(asked)
            return None if number > node.height else receipt_in(block, tx)

        node.answers["eth_getTransactionReceipt"] = answer


def receipt_in(block: dict[str, str], tx: str) -> dict[str, str]:
    return {
        "transactionHash": tx,
        "blockNumber": block["number"],
        "blockHash": block["hash"],
        "status": "0x1",
        "gasUsed": "0x64",
        "effectiveGasPrice": "0x5",
    }


def test_receipts__mined_and_unknown__are_those_mined() -> None:
    chain, blocks, nodes = chain_of(1)
    mined(nodes, TX, 97)
    mined(nodes, OTHER_TX, 100)
    found = chain.receipts([TX, "0x" + "ff" * 32, OTHER_TX])
    assert found == {
        TX: Receipt(TX, 97, blocks.hash(97), True, 100, 500),
        OTHER_TX: Receipt(OTHER_TX, 100, blocks.hash(100), True, 100, 500),
    }


def test_receipts__none_wanted__asks_for_none() -> None:
    chain, _, (node,) = chain_of(1)
    assert chain.receipts([]) == {}
    assert node.asked["eth_getTransactionReceipt"] == 0


def test_receipts__block_was_reorganised_away__is_left_out() -> None:
    """Some nodes go on giving the receipt of a block that they left."""
    chain, blocks, nodes = chain_of(1)
    mined(nodes, TX, 99)
    mined(nodes, OTHER_TX, 97)
    blocks.reorganise(2, 3)
    chain.head()
    assert list(chain.receipts([TX, OTHER_TX])) == [OTHER_TX]


def test_receipts__node_that_lags__is_not_asked_what_is_newer() -> None:
    chain, _, nodes = chain_of(2)
    chain.head()
    mined(nodes, TX, 100)
    nodes[0].lag = 3
    assert list(chain.receipts([TX])) == [TX]


def test_receipts__node_on_another_branch__is_passed_over() -> None:
    chain, blocks, nodes = chain_of(2)
    chain.head()
    nodes[0].blocks = Blocks(list(blocks.salts))
    nodes[0].blocks.reorganise(2, 2)
    mined(nodes[:1], TX, 99)
    mined(nodes[1:], OTHER_TX, 99)
    assert list(chain.receipts([TX, OTHER_TX])) == [OTHER_TX]


def test_receipts__no_node_has_the_head__is_unavailable_and_not_nothing() -> None:
    chain, _, nodes = chain_of(2)
    chain.head()
    mined(nodes, TX, 100)
    for node in nodes:
        node.lag = 1
    with pytest.raises(Unavailable, match="no endpoint gives receipts"):
        chain.receipts([TX])


def test_receipts__head_comes_back_while_it_waits__are_found() -> None:
    chain, _, nodes = chain_of(1, meanwhile=lambda: setattr(nodes[0], "lag", 0))
    chain.head()
    mined(nodes, TX, 100)
    nodes[0].lag = 1
    assert list(chain.receipts([TX])) == [TX]


def test_receipts__node_answers_with_that_of_another__is_asked_of_the_next() -> None:
    """A cache that mixes up its answers must not make a transaction look like mined."""
    chain, blocks, nodes = chain_of(2)
    wrong = receipt_in(blocks.block(97), OTHER_TX)
    nodes[0].answers["eth_getTransactionReceipt"] = lambda _tx: wrong
    mined(nodes[1:], TX, 98)
    assert chain.receipts([TX, OTHER_TX]) == {TX: Receipt(TX, 98, blocks.hash(98), True, 100, 500)}


def test_receipts__many_of_few_blocks__are_two_requests() -> None:
    chain, _, nodes = chain_of(1)
    hashes = [f"0x{number:064x}" for number in range(40)]
    for number, tx in enumerate(hashes):
        mined(nodes, tx, 90 + number % 3)
    chain.head()
    before = nodes[0].requests
    assert list(chain.receipts(hashes)) == hashes
    assert nodes[0].requests == before + 2
    assert nodes[0].asked["eth_getBlockByNumber"] == 1 + 1 + 3


# -- is known


def knows(node: Node, found: Any) -> None:
    node.answers["eth_getTransactionByHash"] = lambda _tx: found


def test_is_known__the_last_one_has_it__is_true_after_all_were_asked() -> None:
    chain, _, nodes = chain_of(3)
    for node, found in zip(nodes, (None, None, {"hash": TX}), strict=True):
        knows(node, found)
    assert chain.is_known(TX)
    assert [node.asked["eth_getTransactionByHash"] for node in nodes] == [1, 1, 1]


def test_is_known__only_one_that_lags_has_it__is_true() -> None:
    chain, _, nodes = chain_of(2)
    nodes[1].lag = 50
    chain.head()
    knows(nodes[0], None)
    knows(nodes[1], {"hash": TX})
    assert chain.is_known(TX)


@pytest.mark.parametrize("mode", ["refuse", "hang", "lost", 500])
def test_is_known__one_says_no_and_one_nothing__is_false(mode: str | int) -> None:
    chain, _, nodes = chain_of(2)
    knows(nodes[0], None)
    nodes[1].mode = mode
    started = nodes[0].clock.now
    assert not chain.is_known(TX)
    assert nodes[0].clock.now - started < 1.2


def test_is_known__nobody_says__is_unavailable() -> None:
    chain, _, nodes = chain_of(2)
    nodes[0].mode = "refuse"  # and node 1 does not know the method
    with pytest.raises(Unavailable, match="node-0 cannot be reached; http://node-1 the method"):
        chain.is_known(TX)


# -- broadcast

REFUSALS = {
    Broadcast.KNOWN: "already known",
    Broadcast.NONCE_TOO_LOW: "nonce too low: next nonce 5, tx nonce 4",
    Broadcast.NONCE_TOO_HIGH: "nonce too high",
    Broadcast.UNDERPRICED: "replacement transaction underpriced",
    Broadcast.FEE_TOO_LOW: "max fee per gas less than block base fee",
    Broadcast.POOR: "insufficient funds for gas * price + value",
    Broadcast.REFUSED: "exceeds block gas limit",
    Broadcast.UNKNOWN: "Internal error",
}


def says(node: Node, outcome: Broadcast) -> None:
    def answer(raw: str) -> str:
        assert raw == "0x" + RAW.hex()
        if outcome is Broadcast.ACCEPTED:
            return TX
        raise NodeError(-32000, REFUSALS[outcome])

    node.answers["eth_sendRawTransaction"] = answer


@pytest.mark.parametrize("pair", itertools.permutations(Broadcast, 2), ids="-".join)
def test_broadcast__two_outcomes__is_the_better_one(pair: tuple[Broadcast, Broadcast]) -> None:
    chain, _, nodes = chain_of(2)
    for node, outcome in zip(nodes, pair, strict=True):
        says(node, outcome)
    best, line = chain.broadcast(RAW)
    assert best is min(pair, key=BEST_FIRST.index)
    assert all(f"http://node-{place}: {outcome}" in line for place, outcome in enumerate(pair))


def test_broadcast__best_first__is_every_outcome_in_the_order_of_what_to_believe() -> None:
    assert set(BEST_FIRST) == set(Broadcast)
    assert BEST_FIRST[:4] == (
        Broadcast.ACCEPTED,
        Broadcast.KNOWN,
        Broadcast.NONCE_TOO_LOW,
        Broadcast.UNKNOWN,
    )


def test_broadcast__first_one_takes_it__goes_to_all_that_are_usable() -> None:
    chain, _, nodes = chain_of(5)
    nodes[2].chain_id, nodes[3].lag, nodes[4].mode = 1, 50, "refuse"
    for _ in range(3):
        nodes[0].clock.now += 6
        chain.head()
    for node in nodes:
        says(node, Broadcast.ACCEPTED)
    best, line = chain.broadcast(RAW)
    assert best is Broadcast.ACCEPTED
    assert line == "http://node-0: accepted; http://node-1: accepted; http://node-3: accepted"
    assert [node.asked["eth_sendRawTransaction"] for node in nodes] == [1, 1, 0, 1, 0]


@pytest.mark.parametrize("mode", ["refuse", "hang", "lost", 429, 500, 403])
def test_broadcast__one_fails__is_what_the_other_says(mode: str | int) -> None:
    chain, _, nodes = chain_of(2)
    nodes[0].mode = mode
    says(nodes[0], Broadcast.ACCEPTED)
    says(nodes[1], Broadcast.KNOWN)
    started = nodes[0].clock.now
    assert chain.broadcast(RAW)[0] is Broadcast.KNOWN
    assert nodes[0].clock.now - started < 2.2


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("refuse", "cannot be reached"),
        ("hang", "no answer (does not answer in time)"),
        ("lost", "no answer (closed the connection)"),
        (429, "too many requests"),
        (500, "no answer (server error: HTTP 500)"),
        (403, "refuses: HTTP 403; is the API token right?"),
    ],
)
def test_broadcast__nobody_answers__is_unknown_and_says_why(mode: str | int, text: str) -> None:
    chain, _, nodes = chain_of(2)
    chain.head()
    for node in nodes:
        node.mode = mode
        says(node, Broadcast.ACCEPTED)
    line = f"http://node-0: {text}; http://node-1: {text}"
    assert chain.broadcast(RAW) == (Broadcast.UNKNOWN, line)


@pytest.mark.parametrize("mode", ["refuse", 429, 403])
def test_broadcast__surely_not_sent_and_refused__is_refused(mode: str | int) -> None:
    """An endpoint that did not get it says nothing, so the refusal of the other stands."""
    chain, _, nodes = chain_of(2)
    nodes[0].mode = mode
    says(nodes[1], Broadcast.POOR)
    assert chain.broadcast(RAW)[0] is Broadcast.POOR


@pytest.mark.parametrize("mode", ["hang", "lost", 500])
def test_broadcast__maybe_sent_and_refused__is_unknown(mode: str | int) -> None:
    chain, _, nodes = chain_of(2)
    chain.head()
    nodes[0].mode = mode
    says(nodes[0], Broadcast.ACCEPTED)
    says(nodes[1], Broadcast.POOR)
    assert chain.broadcast(RAW)[0] is Broadcast.UNKNOWN


@pytest.mark.parametrize("answer", [OTHER_TX, "0x", None, {"hash": TX}])
def test_broadcast__answer_is_not_the_hash__is_unknown(answer: Any) -> None:
    chain, _, (node,) = chain_of(1)
    node.answers["eth_sendRawTransaction"] = lambda _raw: answer
    assert chain.broadcast(RAW)[0] is Broadcast.UNKNOWN
    assert chain.status()[0].errors == 1


def test_broadcast__only_foreign_nodes__is_given_to_none() -> None:
    chain, _, nodes = chain_of(2)
    for node in nodes:
        node.chain_id = 1
        says(node, Broadcast.ACCEPTED)
    assert chain.broadcast(RAW)[0] is Broadcast.UNKNOWN
    assert chain.broadcast(RAW) == (Broadcast.UNKNOWN, "no endpoint to send to")
    assert [node.asked["eth_sendRawTransaction"] for node in nodes] == [0, 0]


def test_broadcast__left_alone_and_nobody_else__is_given_to_it_all_the_same() -> None:
    chain, _, (node,) = chain_of(1)
    node.mode = "refuse"
    for _ in range(3):
        assert chain.broadcast(RAW)[0] is Broadcast.UNKNOWN
    node.mode = "up"
    says(node, Broadcast.ACCEPTED)
    assert chain.broadcast(RAW) == (Broadcast.ACCEPTED, "http://node-0: accepted")


def test_broadcast__refused__leaves_the_endpoint_in_use() -> None:
    chain, _, (node,) = chain_of(1)
    says(node, Broadcast.POOR)
    for _ in range(5):
        _, line = chain.broadcast(RAW)
        assert line == f"http://node-0: insufficient funds ({REFUSALS[Broadcast.POOR]})"
    assert chain.status()[0].errors == 0
    assert chain.nonce(ACCOUNT, 100) == 100
