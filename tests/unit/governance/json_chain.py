"""A node that answers from made-up JSON: what a chain could hold, and no client here produces.

Some of it is a treasury that executes `CALL`, which pays the grantee 30 wei.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi import encode
from eth_utils import event_signature_to_log_topic, keccak
from eth_utils import function_signature_to_4byte_selector as selector

from scripts._governance.accounts_report import Entry, Report
from scripts._governance.accounts_report_reading import (
    CALL_EXECUTED,
    PROPOSAL_CREATED,
    PROPOSAL_EXECUTED,
    operation_id,
    read_report,
)
from scripts._governance.node import Node, topic_of

Raw = dict[str, Any]


def account(number: int) -> str:
    """Digits only: an address that is its own checksum."""
    return "0x" + f"{number:02d}" * 20


CONTROLLER, TREASURY, TOKEN, BONDING, ROUNDS, GOVERNOR, MINTER = map(account, range(10, 17))
DONOR, GRANTEE, TRANSCODER, STRANGER = map(account, range(20, 24))
PROPOSAL = 7
DESCRIPTION = b"\n# Fund a grant \xff\nLong text"
CALL: tuple[list[str], list[int], list[bytes]] = ([GRANTEE], [30], [b""])
REGISTERED = {
    "Treasury": TREASURY,
    "LivepeerToken": TOKEN,
    "BondingManager": BONDING,
    "RoundsManager": ROUNDS,
    "LivepeerGovernor": GOVERNOR,
    "Minter": MINTER,
}


class JsonChain:
    """Block `height` is the newest. `mine` puts transactions, logs and their effects into a block.

    `log_blocks` is how many blocks the node lets one log query span.
    """

    def __init__(self, height: int, *, log_blocks: int = 10**9) -> None:
        self.height, self.log_blocks = height, log_blocks
        self.transactions: dict[int, list[Raw]] = {}
        self.failed: set[str] = set()
        self.traces: dict[str, Raw] | None = {}
        self.logs: list[Raw] = []
        self.lpt: dict[int, int] = {}
        self.ether: dict[int, int] = {}
        self.first_round = 1
        self.asked: list[str] = []

    def mine(self, block: int, *transactions: Raw, lpt: int = 0, ether: int = 0) -> list[str]:
        """Hashes of the transactions; `lpt` and `ether` are what the treasury gains."""
        here = self.transactions.setdefault(block, [])
        hashes = []
        for raw in transactions:
            tx = "0x" + keccak(text=f"{block} {len(here)}").hex()
            here.append({"hash": tx, "transactionIndex": hex(len(here)), **raw})
            hashes.append(tx)
        self.lpt[block] = self.lpt.get(block, 0) + lpt
        self.ether[block] = self.ether.get(block, 0) + ether
        return hashes

    def log(
        self,
        block: int,
        tx: str,
        address: str,
        event: str,
        indexed: Sequence[bytes],
        types: Sequence[str] = (),
        values: Sequence[Any] = (),
    ) -> None:
        topics = [event_signature_to_log_topic(event), *indexed]
        self.logs.append(
            {
                "address": address,
                "topics": ["0x" + topic.hex() for topic in topics],
                "data": "0x" + encode(types, values).hex(),
                "blockNumber": hex(block),
                "transactionHash": tx,
                "logIndex": hex(len(self.logs)),
            }
        )

    def transfer(self, block: int, tx: str, sender: str, recipient: str, amount: int) -> None:
        event = "Transfer(address,address,uint256)"
        indexed = topic_of(sender), topic_of(recipient)
        self.log(block, tx, TOKEN, event, indexed, ["uint256"], [amount])

    # -- JSON-RPC

    def ask(self, method: str, params: list[Any]) -> Raw:
        self.asked.append(method)
        try:
            return {"result": getattr(self, method)(*params)}
        except PermissionError as refusal:
            return {"error": {"code": -32000, "message": str(refusal)}}

    def eth_chainId(self) -> str:
        return "0xa4b1"

    def eth_blockNumber(self) -> str:
        return hex(self.height)

    def eth_getBlockByNumber(self, block: str, full: bool) -> Raw:
        transactions = self.transactions.get(int(block, 16), [])
        return {
            "number": block,
            "timestamp": hex(12 * int(block, 16)),
            "transactions": transactions if full else [raw["hash"] for raw in transactions],
        }

    def eth_getTransactionByHash(self, tx: str) -> Raw:
        return next(
            raw for block in self.transactions.values() for raw in block if raw["hash"] == tx
        )

    def eth_getTransactionReceipt(self, tx: str) -> Raw:
        return {"status": "0x0" if tx in self.failed else "0x1"}

    def eth_getBalance(self, of: str, block: str) -> str:
        assert of == TREASURY
        return hex(self._sum(self.ether, block))

    def eth_getLogs(self, query: Raw) -> list[Raw]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last - first + 1 > self.log_blocks:
            raise PermissionError(f"at most {self.log_blocks} blocks")
        return [
            log
            for log in self.logs
            if log["address"] == query["address"]
            and first <= int(log["blockNumber"], 16) <= last
            and all(
                wanted in (None, found)
                for wanted, found in zip(query["topics"], log["topics"], strict=False)
            )
        ]

    def eth_call(self, call: Raw, block: str) -> str:
        data = bytes.fromhex(call["data"][2:])
        if data.startswith(selector("getContract(bytes32)")):
            assert call["to"] == CONTROLLER
            ids = {keccak(text=name): address for name, address in REGISTERED.items()}
            return "0x" + encode(["address"], [ids.get(data[4:], account(0))]).hex()
        answers = {
            "balanceOf(address)": self._sum(self.lpt, block),
            "lastInitializedRound()": self.first_round,
        }
        (value,) = (it for name, it in answers.items() if data.startswith(selector(name)))
        return "0x" + encode(["uint256"], [value]).hex()

    def debug_traceTransaction(self, tx: str, _options: Raw) -> Raw:
        if self.traces is None:
            raise PermissionError("method not available")
        empty = {"type": "CALL", "from": account(90), "to": account(91), "value": "0x0"}
        return self.traces.get(tx, empty)

    def _sum(self, changes: dict[int, int], block: str) -> int:
        return sum(amount for at, amount in changes.items() if at <= int(block, 16))


# -- the treasury on it


def read(chain: JsonChain, first: int = 1, last: int | None = None) -> Report:
    return read_report(Node(chain.ask), CONTROLLER, first, last)


def entries(report: Report, asset: str) -> list[Entry]:
    (one,) = (it for it in report.accounts if it.asset == asset)
    assert one.opening + one.inflows - one.outflows == one.closing
    return list(one.entries)


def execute(
    chain: JsonChain,
    block: int,
    tx: str,
    *,
    target: str = GRANTEE,
    operation: bytes = bytes.fromhex(operation_id(*CALL, keccak(DESCRIPTION))[2:]),
) -> None:
    """What LivepeerGovernor and Treasury log when a call that pays 30 wei is executed."""
    chain.log(block, tx, GOVERNOR, PROPOSAL_EXECUTED, [], ["uint256"], [PROPOSAL])
    chain.log(
        block,
        tx,
        TREASURY,
        CALL_EXECUTED,
        [operation, bytes(32)],
        ["address", "uint256", "bytes"],
        [target, 30, b""],
    )


def frame(payer: str, payee: str, value: int, *calls: Raw) -> Raw:
    """A call of a trace."""
    return {"type": "CALL", "from": payer, "to": payee, "value": hex(value), "calls": list(calls)}


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
