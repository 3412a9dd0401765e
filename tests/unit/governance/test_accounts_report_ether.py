"""Finding the treasury's ETH in made-up JSON: every transaction type of Arbitrum, and traces."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from scripts._governance.accounts_report import Kind
from tests.unit.governance.json_chain import (
    DONOR,
    GOVERNOR,
    GRANTEE,
    PROPOSAL,
    STRANGER,
    TREASURY,
    JsonChain,
    Raw,
    account,
    entries,
    execute,
    frame,
    propose,
    read,
)

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
    paid = frame(STRANGER, TREASURY, 6)
    undone = {**frame(STRANGER, TREASURY, 9), "error": "reverted"}
    shared = {**paid, "type": "DELEGATECALL"}
    assert chain.traces is not None
    chain.traces[tx] = frame(DONOR, STRANGER, 0, undone, shared, paid)
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


def test_read_report__value_for_the_governor_alone__is_not_the_treasurys() -> None:
    chain = JsonChain(12)
    elsewhere, here = (
        {"from": DONOR, "to": to, "value": value}
        for to, value in ((GOVERNOR, "0x9"), (TREASURY, "0x2"))
    )
    chain.mine(9, elsewhere, here, ether=2)
    report = read(chain)
    assert [it.amount for it in entries(report, "ETH")] == [2]
    assert report.explained


def test_read_report__treasury_pays_itself__is_neither_in_nor_out() -> None:
    chain = JsonChain(12)
    (tx,) = chain.mine(9, {"from": DONOR, "to": GOVERNOR})
    execute(chain, 9, tx, target=TREASURY)
    report = read(chain)
    assert entries(report, "ETH") == []
    assert report.explained


def test_read_report__proposed_a_million_blocks_before__is_found() -> None:
    chain = JsonChain(2_500_000)
    (tx,) = chain.mine(2_400_000, {"from": DONOR, "to": GOVERNOR, "value": "0x1e"})
    propose(chain, 10)
    execute(chain, 2_400_000, tx)
    _, paid = entries(read(chain, first=2_300_000), "ETH")
    assert paid.note == "Fund a grant �"


def test_read_report__grantee_returns_part_at_once__is_told_apart_by_the_trace() -> None:
    chain = JsonChain(40)
    chain.mine(5, {"from": DONOR, "to": TREASURY, "value": "0x64"}, ether=100)
    (tx,) = chain.mine(30, {"from": DONOR, "to": STRANGER, "value": "0x0"}, ether=-20)
    propose(chain, 10)
    execute(chain, 30, tx)
    pay = frame(TREASURY, GRANTEE, 30, frame(GRANTEE, TREASURY, 10))
    assert chain.traces is not None
    chain.traces[tx] = frame(GOVERNOR, TREASURY, 0, pay)

    report = read(chain, first=20)

    found = [(it.kind, it.amount, it.proposal) for it in entries(report, "ETH")]
    assert found == [(Kind.PROPOSAL, -30, "7"), (Kind.PROPOSAL, 10, "7")]
    assert report.explained


def test_read_report__executed_through_another_contract__value_is_still_sent_along() -> None:
    chain = JsonChain(40)
    (tx,) = chain.mine(30, {"from": DONOR, "to": STRANGER, "value": "0x1e"})
    propose(chain, 10)
    execute(chain, 30, tx)
    pay = frame(TREASURY, GRANTEE, 30)
    tree = frame(
        DONOR, STRANGER, 30, frame(STRANGER, GOVERNOR, 30, frame(GOVERNOR, TREASURY, 30, pay))
    )
    assert chain.traces is not None
    chain.traces[tx] = tree

    along, paid = entries(read(chain), "ETH")

    assert (along.kind, along.amount, along.account) == (Kind.SENT_ALONG, 30, DONOR)
    assert (paid.kind, paid.amount, paid.account) == (Kind.PROPOSAL, -30, GRANTEE)


def test_read_report__flows_beside_an_executed_call__are_not_its_effects() -> None:
    chain = JsonChain(40)
    chain.mine(1, {"from": DONOR, "to": TREASURY, "value": "0x64"}, ether=100)
    (tx,) = chain.mine(30, {"from": DONOR, "to": STRANGER, "value": "0x0"}, ether=-27)
    execute(chain, 30, tx)
    run = frame(STRANGER, TREASURY, 0, frame(TREASURY, GRANTEE, 30))
    gift, theft = frame(STRANGER, TREASURY, 4), frame(TREASURY, STRANGER, 1)
    assert chain.traces is not None
    chain.traces[tx] = frame(DONOR, STRANGER, 0, run, gift, theft)

    found = [(it.kind, it.amount) for it in entries(read(chain, first=2), "ETH")]

    assert found == [(Kind.PROPOSAL, -30), (Kind.DONATION, 4), (Kind.UNEXPLAINED, -1)]


def test_read_report__two_operations_pay_the_same__each_is_named_once() -> None:
    chain = JsonChain(40)
    chain.mine(1, {"from": DONOR, "to": TREASURY, "value": "0x64"}, ether=100)
    (tx,) = chain.mine(30, {"from": DONOR, "to": STRANGER, "value": "0x0"}, ether=-59)
    for _ in range(2):
        execute(chain, 30, tx, operation=keccak(text=str(len(chain.logs))))
    pay, back = frame(TREASURY, GRANTEE, 30), frame(GRANTEE, TREASURY, 1)
    assert chain.traces is not None
    chain.traces[tx] = frame(DONOR, STRANGER, 0, pay, {**pay, "calls": [back]})

    found = [(it.amount, it.proposal) for it in entries(read(chain, first=2), "ETH")]

    first, second = (f"operation 0x{keccak(text=number).hex()}" for number in ("0", "2"))
    assert found == [(-30, first), (-30, second), (1, second)]
