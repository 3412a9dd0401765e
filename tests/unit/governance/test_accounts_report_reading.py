"""Reading the treasury's books from made-up JSON, with every transaction type of Arbitrum."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak

from scripts._governance.accounts_report import Entry, Kind, Report, ReportError
from scripts._governance.accounts_report_reading import (
    CALL_EXECUTED,
    NEW_ROUND,
    PROPOSAL_CREATED,
    PROPOSAL_EXECUTED,
    TREASURY_REWARD,
    operation_id,
    read_report,
    title_of,
)
from scripts._governance.node import Node, NodeError, topic_of
from tests.unit.governance.json_chain import (
    BONDING,
    CONTROLLER,
    GOVERNOR,
    MINTER,
    ROUNDS,
    TOKEN,
    TREASURY,
    JsonChain,
    Raw,
    account,
)

DONOR, GRANTEE, TRANSCODER, STRANGER = map(account, range(20, 24))
PROPOSAL = 7
DESCRIPTION = b"\n# Fund a grant \xff\nLong text"
CALL: tuple[list[str], list[int], list[bytes]] = ([GRANTEE], [30], [b""])
# As nodes give them: some have fields that none of Ethereum's types have, some lack them.
ARBITRUM: dict[str, Raw] = {
    "deposit": {"type": "0x64", "from": DONOR, "to": TREASURY, "value": "0x5", "requestId": "0x1"},
    "unsigned": {"type": "0x65", "from": DONOR, "to": STRANGER, "gasPrice": "0x0"},
    "contract": {"type": "0x66", "from": DONOR, "to": STRANGER, "requestId": "0x2"},
    "retry": {"type": "0x68", "from": DONOR, "to": TREASURY, "value": "0x7", "ticketId": "0x3"},
    "submit": {"type": "0x69", "from": DONOR, "to": account(6), "depositValue": "0x9"},
    "internal": {"type": "0x6a", "from": account(0), "to": account(5), "input": "0x6bf6a42d"},
    "unheard": {"type": "0x67"},
    "blob": {"type": "0x3", "from": DONOR, "to": STRANGER, "blobVersionedHashes": []},
    "delegation": {"type": "0x4", "from": DONOR, "to": TREASURY, "value": "0x2", "nonce": "0x1"},
    "creation": {"type": "0x2", "from": DONOR, "to": None, "value": "0x8"},
}  # fmt: skip


def read(chain: JsonChain, first: int = 1, last: int | None = None) -> Report:
    return read_report(Node(chain.ask), CONTROLLER, first, last)


def entries(report: Report, asset: str) -> list[Entry]:
    (one,) = (it for it in report.accounts if it.asset == asset)
    assert one.opening + one.inflows - one.outflows == one.closing
    return list(one.entries)


def execute(chain: JsonChain, block: int, tx: str, *, pays: int = 30) -> None:
    """What LivepeerGovernor and Treasury log when `CALL` is executed."""
    targets, values, calldatas = CALL
    operation = bytes.fromhex(operation_id(targets, values, calldatas, keccak(DESCRIPTION))[2:])
    chain.log(block, tx, GOVERNOR, PROPOSAL_EXECUTED, [], ["uint256"], [PROPOSAL])
    chain.log(
        block,
        tx,
        TREASURY,
        CALL_EXECUTED,
        [operation, bytes(32)],
        ["address", "uint256", "bytes"],
        [GRANTEE, pays, b""],
    )


def propose(chain: JsonChain, block: int) -> None:
    targets, values, calldatas = CALL
    kinds = ["uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]"]
    content = [PROPOSAL, DONOR, targets, values, [""], calldatas, 2, 12, DESCRIPTION]
    chain.log(
        block,
        "0x" + "11" * 32,
        GOVERNOR,
        PROPOSAL_CREATED,
        [],
        [*kinds, "uint256", "uint256", "bytes"],
        content,
    )


# -- ETH


def test_read_report__every_transaction_type__is_read_and_its_value_found() -> None:
    chain = JsonChain(30)
    chain.mine(9, *ARBITRUM.values(), ether=5 + 7 + 2)
    report = read(chain)
    assert report.explained
    found = [(it.kind, it.amount, it.account, it.position) for it in entries(report, "ETH")]
    assert found == [
        (Kind.DONATION, 5, DONOR, 0),
        (Kind.DONATION, 7, DONOR, 3),
        (Kind.DONATION, 2, DONOR, 8),
    ]


@pytest.mark.parametrize("name", ARBITRUM)
def test_read_report__block_of_one_type_with_a_change_nobody_made__lists_the_change(
    name: str,
) -> None:
    raw = ARBITRUM[name]
    known = int(raw.get("value", "0x0"), 16) if raw.get("to") == TREASURY else 0
    chain = JsonChain(12)
    chain.mine(9, raw, ether=known + 1)
    report = read(chain)
    assert not report.explained
    found = {it.kind: it.amount for it in entries(report, "ETH")}
    assert found == {Kind.UNEXPLAINED: 1} | ({Kind.DONATION: known} if known else {})


def test_read_report__failed_transaction_with_value__gave_nothing() -> None:
    chain = JsonChain(12)
    failed, _ = chain.mine(
        9, *({"from": DONOR, "to": TREASURY, "value": value} for value in ("0x5", "0x3")), ether=3
    )
    chain.failed.add(failed)
    (entry,) = entries(read(chain), "ETH")
    assert (entry.amount, entry.kind) == (3, Kind.DONATION)


def test_read_report__sent_from_inside_a_call__is_found_in_the_trace() -> None:
    chain = JsonChain(12)
    (tx,) = chain.mine(9, {"from": DONOR, "to": STRANGER, "value": "0x0"}, ether=6)
    paid = {"type": "CALL", "from": STRANGER, "to": TREASURY, "value": "0x6"}
    undone = {"type": "CALL", "from": STRANGER, "to": TREASURY, "value": "0x9", "error": "reverted"}
    shared = {"type": "DELEGATECALL", "from": STRANGER, "to": TREASURY, "value": "0x6"}
    assert chain.traces is not None
    chain.traces[tx] = {
        "type": "CALL",
        "from": DONOR,
        "to": STRANGER,
        "value": "0x0",
        "calls": [undone, shared, paid],
    }
    report = read(chain)
    (entry,) = entries(report, "ETH")
    assert (entry.kind, entry.amount, entry.account) == (Kind.DONATION, 6, STRANGER)
    assert report.explained


def test_read_report__node_does_not_trace__lists_the_difference() -> None:
    chain = JsonChain(12)
    chain.traces = None
    chain.mine(9, {"from": DONOR, "to": STRANGER, "value": "0x0"}, ether=6)
    report = read(chain)
    (entry,) = entries(report, "ETH")
    assert (entry.kind, entry.amount) == (Kind.UNEXPLAINED, 6)
    assert "does not trace" in entry.note
    assert not report.explained


def test_read_report__execution_with_value__is_sent_along_and_paid_out() -> None:
    chain = JsonChain(40)
    chain.mine(5, {"from": DONOR, "to": TREASURY, "value": "0x64"}, ether=100)
    (tx,) = chain.mine(30, {"from": DONOR, "to": GOVERNOR, "value": "0x1e"}, ether=0)
    propose(chain, 10)
    execute(chain, 30, tx)

    report = read(chain, first=20)  # proposed before

    along, paid = entries(report, "ETH")
    assert (along.kind, along.amount, along.account) == (Kind.SENT_ALONG, 30, DONOR)
    assert (paid.kind, paid.amount, paid.account) == (Kind.PROPOSAL, -30, GRANTEE)
    assert (paid.proposal, paid.note) == (str(PROPOSAL), "Fund a grant �")
    assert report.explained


def test_read_report__grantee_returns_part_at_once__is_told_apart_by_the_trace() -> None:
    chain = JsonChain(40)
    chain.mine(5, {"from": DONOR, "to": TREASURY, "value": "0x64"}, ether=100)
    (tx,) = chain.mine(30, {"from": DONOR, "to": STRANGER, "value": "0x0"}, ether=-20)
    propose(chain, 10)
    execute(chain, 30, tx)
    back = {"type": "CALL", "from": GRANTEE, "to": TREASURY, "value": "0xa"}
    pay = {"type": "CALL", "from": TREASURY, "to": GRANTEE, "value": "0x1e", "calls": [back]}
    assert chain.traces is not None
    chain.traces[tx] = {"type": "CALL", "from": GOVERNOR, "to": TREASURY, "calls": [pay]}

    report = read(chain, first=20)

    found = [(it.kind, it.amount, it.proposal) for it in entries(report, "ETH")]
    assert found == [(Kind.PROPOSAL, -30, "7"), (Kind.PROPOSAL, 10, "7")]
    assert report.explained


# -- LPT


def test_read_report__rewards_around_a_new_round__are_of_the_round_they_were_called_in() -> None:
    chain = JsonChain(20)
    chain.first_round = 4
    for block, amount in ((6, 10), (8, 20)):
        (tx,) = chain.mine(block, {"from": TRANSCODER, "to": BONDING}, lpt=amount)
        if block == 8:
            chain.log(8, tx, ROUNDS, NEW_ROUND, [(5).to_bytes(32, "big")], ["bytes32"], [bytes(32)])
        chain.transfer(block, tx, MINTER, TREASURY, amount)
        chain.log(
            block,
            tx,
            BONDING,
            TREASURY_REWARD,
            [topic_of(TRANSCODER)],
            ["address", "uint256"],
            [TREASURY, amount],
        )
    report = read(chain)
    found = [(it.kind, it.amount, it.round, it.account) for it in entries(report, "LPT")]
    assert found == [(Kind.REWARD, 10, 4, TRANSCODER), (Kind.REWARD, 20, 5, TRANSCODER)]
    assert report.explained


def test_read_report__operation_of_another_executor__is_named_by_its_id() -> None:
    chain = JsonChain(20)
    (tx,) = chain.mine(9, {"from": STRANGER, "to": TREASURY}, lpt=0)
    chain.transfer(9, tx, TREASURY, GRANTEE, 1)
    operation = keccak(text="operation")
    values = [TOKEN, 0, b""]
    indexed = [operation, bytes(32)]
    chain.log(9, tx, TREASURY, CALL_EXECUTED, indexed, ["address", "uint256", "bytes"], values)
    chain.lpt |= {1: 1, 9: -1}
    (entry,) = entries(read(chain, first=2), "LPT")
    assert (entry.kind, entry.proposal) == (Kind.PROPOSAL, f"operation 0x{operation.hex()}")


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
