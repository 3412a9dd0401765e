"""A Safe's transaction service on loopback: it checks what it takes with another library."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

SAFE = "0x04F53A0bb244f015cC97731570BeD26F0229da05"
TOKEN = "t0k3n-of-the-service"
SAFE_TX = [
    *(("to", "address"), ("value", "uint256"), ("data", "bytes"), ("operation", "uint8")),
    *(("safeTxGas", "uint256"), ("baseGas", "uint256"), ("gasPrice", "uint256")),
    *(("gasToken", "address"), ("refundReceiver", "address"), ("nonce", "uint256")),
]


@dataclass
class FakeSafe:
    """`waiting` are proposals. `lose_answer`: so many are taken without an answer."""

    owners: list[str]
    chain_id: int = 42161
    nonce: int = 5
    version: str = "1.3.0+L2"
    waiting: list[dict[str, Any]] = field(default_factory=list)
    lose_answer: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)  # in place of its own
    url: str = ""

    def handle(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        parts = urlsplit(path).path.split("/")
        assert parts[1] == TOKEN
        assert parts[2:6] == ["api", "v1", "safes", SAFE]
        if method in self.answers:
            return self.answers[method]
        if method == "POST":
            return self._take(body)
        if parts[6] == "multisig-transactions":
            first = int(parse_qs(query)["nonce__gte"][0])
            rows = [row for row in self.waiting if row["nonce"] >= first]
            return 200, {"count": len(rows), "next": None, "results": rows}
        return 200, {"nonce": str(self.nonce), "owners": self.owners, "version": self.version}

    def _take(self, body: dict[str, Any]) -> tuple[int, Any]:
        digest = self.hash_of(body)
        if body["contractTransactionHash"] != "0x" + digest.hex():
            return 422, {"nonFieldErrors": ["contract-transaction-hash does not match"]}
        signer = Account._recover_hash(digest, signature=body["signature"])
        if signer != body["sender"] or signer not in self.owners:
            return 422, {"nonFieldErrors": [f"Sender={signer} is not an owner or delegate"]}
        self.waiting.append({**body, "safeTxHash": body["contractTransactionHash"]})
        return 201, {}

    def hash_of(self, body: dict[str, Any]) -> bytes:
        message = {name: body[name] for name, _ in SAFE_TX}
        for name, kind in SAFE_TX:
            if kind.startswith("uint"):
                message[name] = int(message[name])
        message["data"] = bytes.fromhex((body["data"] or "0x")[2:])
        return bytes(
            _hash_eip191_message(
                encode_typed_data(
                    {"chainId": self.chain_id, "verifyingContract": SAFE},
                    {"SafeTx": [{"name": name, "type": kind} for name, kind in SAFE_TX]},
                    message,
                )
            )
        )


@contextmanager
def served(safe: FakeSafe) -> Iterator[FakeSafe]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            self._do("GET")

        def do_POST(self) -> None:  # noqa: N802
            self._do("POST")

        def _do(self, method: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            status, content = safe.handle(method, parts.path, parts.query, body)
            if method == "POST" and safe.lose_answer:
                safe.lose_answer -= 1
                return
            text = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    safe.url = f"http://127.0.0.1:{server.server_port}/{TOKEN}"
    try:
        yield safe
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
