"""A JSON-RPC endpoint in front of a node, which can be made to fail in the ways that nodes fail.

Several proxies in front of one node are several endpoints of one chain. They share a `Pool`, which
holds the rule that nodes have for replacements and anvil does not always keep: both fees a tenth
higher than those of a transaction that waits. Source: keepers spec (e0).
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

Json = Any
NAMED = ("latest", "pending", "safe", "finalized")
# Where a method has the block among its parameters.
BLOCK_AT = {
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_getTransactionCount": 1,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getBlockByNumber": 0,
}
SPECIAL = {"eth_chainId", "eth_sendRawTransaction"}
NO_BLOCK = {"code": -32000, "message": "header not found"}


@dataclass
class Faults:
    """What is wrong with an endpoint now. Numbers count down as they are used."""

    down: bool = False  # takes a connection and closes it
    status: int | None = None  # answers everything with this HTTP status
    delay: float = 0.0  # seconds before each answer
    lag: int = 0  # blocks that its head is behind
    chain_id: int | None = None  # says that it is another chain
    base_fee: int | None = None  # wei, instead of what blocks have
    lost_answers: int = 0  # transactions that arrive, with the connection closed
    swallowed: int = 0  # transactions that are answered and go nowhere
    errors: list[str] = field(default_factory=list)  # answers to the next transactions


@dataclass(frozen=True)
class Offer:
    """A transaction as a node saw it."""

    hash: str
    max_fee: int
    tip: int
    raw: str


class Pool:
    """What was offered to the node, by sender and nonce. For all proxies of one node."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offers: dict[tuple[str, int], Offer] = {}
        self.highest_fee = 0
        self.rejected = 0

    def refusal(self, raw: str, waits: Callable[[str], bool]) -> str | None:
        """The error that a node gives, None if it takes the transaction.

        `waits`: whether the node has a transaction that is in no block.
        """
        data = HexBytes(raw)
        fields = TypedTransaction.from_bytes(data).as_dict()
        sender = Account.recover_transaction(data)
        offer = Offer(
            "0x" + keccak(data).hex(),
            int(fields["maxFeePerGas"]),
            int(fields["maxPriorityFeePerGas"]),
            raw,
        )
        key = (sender, int(fields["nonce"]))
        with self._lock:
            self.highest_fee = max(self.highest_fee, offer.max_fee)
            old = self._offers.get(key)
            taken = old and old.hash != offer.hash and waits(old.hash)
            if taken and not _outbids(offer, old):
                self.rejected += 1
                return "replacement transaction underpriced"
            self._offers[key] = offer
        return None

    def newest(self, sender: str, nonce: int) -> list[Offer]:
        """The last offer at this nonce and at each later one, in order."""
        with self._lock:
            found = [key for key in self._offers if key[0] == sender and key[1] >= nonce]
            return [self._offers[key] for key in sorted(found)]


def _outbids(new: Offer, old: Offer) -> bool:
    return (
        new.max_fee * 10 >= old.max_fee * 11
        and new.tip * 10 >= old.tip * 11
        and new.max_fee > old.max_fee
        and new.tip > old.tip
    )


class Proxy:
    """Serves at `url` from when it is entered until it is left."""

    def __init__(self, node: str, pool: Pool | None = None) -> None:
        self.faults, self.calls = Faults(), Counter[str]()
        self.pool = pool or Pool()
        self._node = urlsplit(node)
        self._local = threading.local()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Json) -> Json:
        """To one request or to a batch. Raises ConnectionError where the answer is lost."""
        if isinstance(asked, list):
            return self._answer_many(asked)
        method, params = str(asked["method"]), list(asked.get("params", []))
        self.calls[method] += 1
        reply = {"jsonrpc": "2.0", "id": asked.get("id")}
        return reply | self._answer(method, params)

    def _answer_many(self, asked: list[Json]) -> Json:
        methods = [str(one["method"]) for one in asked]
        faults = self.faults
        plain = not faults.lag and faults.base_fee is None and not {*methods} & SPECIAL
        if not plain:
            return [self.answer(one) for one in asked]
        self.calls.update(methods)
        return json.loads(self._post(json.dumps(asked)))

    def _answer(self, method: str, params: list[Json]) -> dict[str, Json]:
        if method == "eth_chainId" and self.faults.chain_id is not None:
            return {"result": hex(self.faults.chain_id)}
        if method == "eth_sendRawTransaction":
            return self._take(params[0])
        found = self._late(method, params) if self.faults.lag else self._ask(method, params)
        if method == "eth_getBlockByNumber" and found.get("result") and self.faults.base_fee:
            found["result"]["baseFeePerGas"] = hex(self.faults.base_fee)
        return found

    def _take(self, raw: str) -> dict[str, Json]:
        faults = self.faults
        if faults.errors:
            return {"error": {"code": -32000, "message": faults.errors.pop(0)}}
        if refusal := self.pool.refusal(raw, self._waits):
            return {"error": {"code": -32000, "message": refusal}}
        if faults.swallowed:
            faults.swallowed -= 1
            return {"result": "0x" + keccak(hexstr=raw).hex()}
        found = self._ask("eth_sendRawTransaction", [raw])
        if faults.lost_answers:
            faults.lost_answers -= 1
            raise ConnectionError("the answer is lost")
        return found

    def _waits(self, tx: str) -> bool:
        found = self._ask("eth_getTransactionByHash", [tx]).get("result")
        return found is not None and found["blockNumber"] is None

    def _late(self, method: str, params: list[Json]) -> dict[str, Json]:
        """As a node answers that has not seen the newest blocks."""
        head = max(0, int(self._ask("eth_blockNumber", [])["result"], 16) - self.faults.lag)
        if method == "eth_blockNumber":
            return {"result": hex(head)}
        at = BLOCK_AT.get(method)
        if at is not None and at < len(params):
            if params[at] in NAMED:
                params[at] = hex(head)
            elif int(params[at], 16) > head:
                return {"result": None} if at == 0 else {"error": NO_BLOCK}
        found = self._ask(method, params)
        block = (found.get("result") or {}) if method.startswith("eth_getTransaction") else {}
        if isinstance(block, dict) and int(block.get("blockNumber") or "0x0", 16) > head:
            return {"result": None}
        return found

    def _ask(self, method: str, params: list[Json]) -> dict[str, Json]:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        found = json.loads(self._post(body))
        return {key: found[key] for key in ("result", "error") if key in found}

    def _post(self, body: str) -> bytes:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = HTTPConnection(str(self._node.hostname), self._node.port, timeout=30)
            self._local.connection = connection
        try:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            return bytes(connection.getresponse().read())
        except OSError:
            connection.close()
            self._local.connection = None
            raise


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def handle_error(self, *_: object) -> None:
        """A client that was killed is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        faults = self.server.proxy.faults
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if faults.delay:
            time.sleep(faults.delay)
        if faults.down:
            self.close_connection = True
            return
        if faults.status:
            self._reply(faults.status, b"{}")
            return
        try:
            answer = self.server.proxy.answer(json.loads(body))
        except (ConnectionError, OSError):
            self.close_connection = True
            return
        self._reply(200, json.dumps(answer).encode())

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not to the terminal."""
