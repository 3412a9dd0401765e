"""Reading the treasury's books from made-up JSON: rewards, operations, and what nodes refuse."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from scripts._governance.accounts_report import Kind, ReportError
from scripts._governance.accounts_report_reading import (
    CALL_EXECUTED,
    NEW_ROUND,
    TREASURY_REWARD,
    operation_id,
    title_of,
)
from scripts._governance.node import Node, NodeError, topic_of
from tests.unit.governance.json_chain import (
    BONDING,
    CALL,
    DONOR,
    GRANTEE,
    MINTER,
    ROUNDS,
    STRANGER,
    TOKEN,
    TRANSCODER,
    TREASURY,
    JsonChain,
    entries,
    read,
)

# -- LPT


def reward(chain: JsonChain, block: int, tx: str, amount: int, *, treasury: str = TREASURY) -> None:
    chain.transfer(block, tx, MINTER, TREASURY, amount)
    values = [treasury, amount]
    indexed = [topic_of(TRANSCODER)]
    chain.log(block, tx, BONDING, TREASURY_REWARD, indexed, ["address", "uint256"], values)


def test_read_report__rewards_around_a_new_round__are_of_the_round_they_were_called_in() -> None:
    chain = JsonChain(20)
    chain.first_round = 4
    (first,) = chain.mine(6, {"from": TRANSCODER, "to": BONDING}, lpt=10)
    reward(chain, 6, first, 10)
    raw = {"from": TRANSCODER, "to": BONDING}
    before, turn, after = chain.mine(8, raw, {"from": DONOR, "to": ROUNDS}, raw, lpt=50)
    reward(chain, 8, before, 20)
    chain.log(8, turn, ROUNDS, NEW_ROUND, [(5).to_bytes(32, "big")], ["bytes32"], [bytes(32)])
    reward(chain, 8, after, 30)

    report = read(chain)

    found = [(it.kind, it.amount, it.round, it.account) for it in entries(report, "LPT")]
    assert found == [
        (Kind.REWARD, 10, 4, TRANSCODER),
        (Kind.REWARD, 20, 4, TRANSCODER),
        (Kind.REWARD, 30, 5, TRANSCODER),
    ]
    assert report.explained


def test_read_report__reward_cut_of_another_treasury__explains_nothing() -> None:
    chain = JsonChain(20)
    (tx,) = chain.mine(6, {"from": TRANSCODER, "to": BONDING}, lpt=10)
    reward(chain, 6, tx, 10, treasury=STRANGER)
    (entry,) = entries(read(chain), "LPT")
    assert entry.kind is Kind.UNEXPLAINED


@pytest.mark.parametrize(
    ("called", "kind"), [(TREASURY, Kind.PROPOSAL), (STRANGER, Kind.UNEXPLAINED)]
)
def test_read_report__executed_by_no_governor__explains_only_what_calls_nothing_else(
    called: str, kind: Kind
) -> None:
    chain = JsonChain(20)
    chain.mine(1, lpt=1)
    (tx,) = chain.mine(9, {"from": STRANGER, "to": called}, lpt=-1)
    chain.transfer(9, tx, TREASURY, GRANTEE, 1)
    operation = keccak(text="operation")
    values = [TOKEN, 0, b""]
    indexed = [operation, bytes(32)]
    chain.log(9, tx, TREASURY, CALL_EXECUTED, indexed, ["address", "uint256", "bytes"], values)
    (entry,) = entries(read(chain, first=2), "LPT")
    assert entry.kind is kind
    expected = f"operation 0x{operation.hex()}" if kind is Kind.PROPOSAL else None
    assert entry.proposal == expected


def test_read_report__balance_grew_without_an_event__is_a_difference() -> None:
    chain = JsonChain(20)
    chain.mine(9, lpt=3)
    report = read(chain)
    assert report.accounts[0].difference == 3
    assert not report.explained


# -- the node


@pytest.mark.parametrize("log_blocks", [1, 7, 1_000])
def test_read_report__node_limits_log_queries__asks_in_pieces_and_finds_all(
    log_blocks: int,
) -> None:
    chain = JsonChain(60, log_blocks=log_blocks)
    for block in (1, 30, 31, 60):
        (tx,) = chain.mine(block, {"from": DONOR, "to": TOKEN}, lpt=block)
        chain.transfer(block, tx, DONOR, TREASURY, block)
    found = entries(read(chain), "LPT")
    assert [(it.block, it.amount) for it in found] == [(1, 1), (30, 30), (31, 31), (60, 60)]


def test_logs__long_range__reports_progress() -> None:
    seen = []
    node = Node(JsonChain(60, log_blocks=32).ask, on_progress=lambda *it: seen.append(it))
    node.logs(TOKEN, "Transfer(address,address,uint256)", 1, 60)
    assert seen == [("Transfer", 30, 60), ("Transfer", 60, 60)]


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (9, 4, "--from 9 --to 4: the first block comes after the last"),
        (31, None, "--from 31: the newest block is 30"),
        (1, 31, "--to 31: the newest block is 30"),
    ],
)
def test_read_report__wrong_range__says_which(first: int, last: int | None, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        read(JsonChain(30), first, last)


def test_read_report__node_has_no_past_states__says_what_it_refused() -> None:
    chain = JsonChain(30)

    def refuse(*_: object) -> str:
        raise PermissionError("missing trie node")

    chain.eth_getBalance = refuse  # type: ignore[method-assign]
    with pytest.raises(NodeError, match="the node refuses eth_getBalance: missing trie node"):
        read(chain)


def test_operation_id__proposal__is_the_hash_of_the_timelock() -> None:
    salt = keccak(text="example")
    batch = encode(
        ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"], [*CALL, bytes(32), salt]
    )
    assert operation_id(*CALL, salt) == "0x" + keccak(batch).hex()


@pytest.mark.parametrize(
    ("description", "title"),
    [
        (b"", ""),
        (b"\n\n  ## Title  \nmore", "Title"),
        (b"x" * 100, "x" * 79 + "…"),
    ],
)
def test_title_of__description__is_its_first_line(description: bytes, title: str) -> None:
    assert title_of(description) == title
