"""Reads what the treasury's books are made of, in raw JSON-RPC: see `node.py` for why.

Needs the state of past blocks (an archive node). Block numbers are the node's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._governance.accounts_report import (
    ZERO,
    Account,
    Action,
    Report,
    ReportError,
    Reward,
    Sender,
    Transfer,
    ether_entries,
    lpt_entries,
)
from scripts._governance.accounts_report_ether import EtherReading
from scripts._governance.chain_system import REGISTERED
from scripts._governance.model import contract_id
from scripts._governance.node import Log, Node, address_of, number, topic_of

TRANSFER = "Transfer(address,address,uint256)"
TREASURY_REWARD = "TreasuryReward(address,address,uint256)"
NEW_ROUND = "NewRound(uint256,bytes32)"
CALL_EXECUTED = "CallExecuted(bytes32,uint256,address,uint256,bytes)"
PROPOSAL_EXECUTED = "ProposalExecuted(uint256)"
PROPOSAL_CREATED = (
    "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)"
)
CREATED_BLOCKS = 1_000_000  # searched backwards, this many at once
TITLE_WIDTH = 80


def read_report(node: Node, controller: str, first: int, last: int | None = None) -> Report:
    """The books over blocks `first` to `last` (the newest). Raises ReportError, NodeError."""
    height = node.height()
    if first > height:
        raise ReportError(f"--from {first}: the newest block is {height}")
    last = height if last is None else last
    if not 0 <= first <= last:
        raise ReportError(f"--from {first} --to {last}: the first block comes after the last")
    if last > height:
        raise ReportError(f"--to {last}: the newest block is {height}")
    # Of the newest block: a range may end before all of them were registered.
    return _Reading(node, read_contracts(node, controller, height), first, last).report()


def read_contracts(node: Node, controller: str, height: int) -> dict[str, str]:
    """Address of every contract the Controller knows by a name of ours."""
    found = {}
    for name in REGISTERED:
        answer = node.call(
            controller, "getContract(bytes32)", [contract_id(name)], ["address"], height
        )
        if answer is None:
            raise ReportError(f"{controller}: no Controller here in block {height}")
        if answer[0] != ZERO:
            found[name] = str(to_checksum_address(answer[0]))
    for name in ("Treasury", "LivepeerToken", "BondingManager", "RoundsManager"):
        if name not in found:
            raise ReportError(f"{name}: not registered in Controller {controller}")
    return found


@dataclass(frozen=True)
class _Reading:
    node: Node
    contracts: Mapping[str, str]
    first: int
    last: int

    def report(self) -> Report:
        lpt = Account(
            "LPT",
            self._lpt(self.first - 1),
            self._lpt(self.last),
            tuple(
                lpt_entries(
                    self._transfers(),
                    self._rewards(),
                    self.actions,
                    treasury=self.treasury,
                    names=self._names,
                    sender_of=self._sender,
                )
            ),
        )
        ether = EtherReading(
            self.node, self.treasury, self.contracts.get("LivepeerGovernor"), self.actions
        )
        eth = Account(
            "ETH",
            ether.balance(self.first - 1),
            ether.balance(self.last),
            tuple(ether_entries(ether.blocks(self.first, self.last))),
        )
        blocks = {entry.block for account in (lpt, eth) for entry in account.entries}
        return Report(
            chain_id=self.node.chain_id(),
            treasury=self.treasury,
            first=self.first,
            last=self.last,
            accounts=(lpt, eth),
            names=self._names,
            times={block: number(self.node.header(block)["timestamp"]) for block in sorted(blocks)},
        )

    @property
    def treasury(self) -> str:
        return self.contracts["Treasury"]

    @cached_property
    def _names(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for name, address in self.contracts.items():
            names.setdefault(address, name)
        return names

    def _logs(self, contract: str, event: str, *where: bytes | None) -> list[Log]:
        address = self.contracts.get(contract)
        if address is None:
            return []
        return self.node.logs(address, event, self.first, self.last, where=where)

    def _sender(self, tx: str) -> Sender:
        raw = self.node.transaction(tx)
        return Sender(address_of(raw.get("from")) or ZERO, address_of(raw.get("to")))

    # -- LPT

    def _lpt(self, block: int) -> int:
        if block < 0:
            return 0
        token = self.contracts["LivepeerToken"]
        answer = self.node.call(token, "balanceOf(address)", [self.treasury], ["uint256"], block)
        return int(answer[0]) if answer else 0

    def _transfers(self) -> list[Transfer]:
        treasury = topic_of(self.treasury)
        logs = [
            *self._logs("LivepeerToken", TRANSFER, treasury),
            *self._logs("LivepeerToken", TRANSFER, None, treasury),
        ]
        unique = {(log.block, log.index): log for log in logs}
        return [
            Transfer(
                log.block, log.tx, log.index, log.account(1), log.account(2), *log.values("uint256")
            )
            for log in unique.values()
        ]

    def _rewards(self) -> list[Reward]:
        logs = [
            (log, amount)
            for log in self._logs("BondingManager", TREASURY_REWARD)
            for treasury, amount in [log.values("address", "uint256")]
            if to_checksum_address(treasury) == self.treasury
        ]
        if not logs:
            return []
        rounds = self._rounds(logs[0][0])
        return [
            Reward(
                log.tx,
                log.index,
                log.account(1),
                amount,
                [it for block, index, it in rounds if (block, index) < (log.block, log.index)][-1],
            )
            for log, amount in logs
        ]

    def _rounds(self, reward: Log) -> list[tuple[int, int, int]]:
        """From which log of which block on it is which round; `reward` is the first of them."""
        rounds = [
            (log.block, log.index, log.word(1)) for log in self._logs("RoundsManager", NEW_ROUND)
        ]
        if rounds and rounds[0] < (reward.block, reward.index):
            return rounds
        manager, before = self.contracts["RoundsManager"], reward.block - 1
        answer = self.node.call(manager, "lastInitializedRound()", [], ["uint256"], before)
        return [(-1, -1, int(answer[0]) if answer else 0), *rounds]

    # -- proposals

    @cached_property
    def actions(self) -> list[Action]:
        executed = self._logs("LivepeerGovernor", PROPOSAL_EXECUTED)
        calls = self._logs("Treasury", CALL_EXECUTED)
        proposals = self._proposals({log.values("uint256")[0] for log in executed})
        actions = []
        for log in calls:
            target, value, _ = log.values("address", "uint256", "bytes")
            operation = "0x" + log.topics[1].hex()
            before = [it for it in (*executed, *calls) if it.tx == log.tx and it.index < log.index]
            proposal, title = proposals.get(operation, (f"operation {operation}", ""))
            if before:
                start = max(it.index for it in before)
            else:  # Not by the governor: all that happened before, if only the treasury was called.
                direct = self._sender(log.tx).called == self.treasury
                start = -1 if direct else log.index
            target = str(to_checksum_address(target))
            actions.append(
                Action(log.block, log.tx, start, log.index, target, value, proposal, title)
            )
        return actions

    def _proposals(self, wanted: set[int]) -> dict[str, tuple[str, str]]:
        """Id and title of the executed proposals, by operation id of the timelock.

        Proposed days before they are executed, maybe before the first block: searched backwards.
        """
        found: dict[str, tuple[str, str]] = {}
        missing, last = set(wanted), self.last
        while missing and last >= 0:
            first = max(0, last - CREATED_BLOCKS + 1)
            governor = self.contracts["LivepeerGovernor"]
            for log in self.node.logs(governor, PROPOSAL_CREATED, first, last):
                kinds = ("uint256", "address", "address[]", "uint256[]", "bytes[]", "bytes[]")
                # Text is decoded as bytes: nobody checks that a description is UTF-8.
                proposal, _, targets, values, _, calldatas, _, _, description = log.values(
                    *kinds, "uint256", "uint256", "bytes"
                )
                if proposal in missing:
                    missing.discard(proposal)
                    operation = operation_id(targets, values, calldatas, keccak(description))
                    found[operation] = (str(proposal), title_of(description))
            last = first - 1
        return found


def operation_id(targets: Any, values: Any, calldatas: Any, salt: bytes) -> str:
    """What the timelock calls a proposal: the hash of its batch (core spec 15.3, 16.9)."""
    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
    batch = encode(kinds, [targets, values, calldatas, bytes(32), salt])
    return "0x" + bytes(keccak(batch)).hex()


def title_of(description: bytes) -> str:
    """The first line that is not empty, without the marks of a heading."""
    lines = (
        line.strip().lstrip("#").strip()
        for line in description.decode(errors="replace").splitlines()
    )
    title = next((line for line in lines if line), "")
    return title if len(title) <= TITLE_WIDTH else title[: TITLE_WIDTH - 1] + "…"
