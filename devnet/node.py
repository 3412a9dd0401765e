"""An orchestrator as a process: `python -m devnet.node`.

Takes its settings as one line of JSON on standard input, prints `listening <url>` once it serves,
and ends when standard input closes: whoever started it cannot die without taking it along.
It answers POST /info, POST /segment, GET /stream/..., GET /receipts/<job>/<seq>, GET /status.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from devnet.chain_view import ChainError, JsonRpcChain
from devnet.cheating import CheatingOrchestrator, cheat_named
from devnet.fields import Fields, WireError
from devnet.orchestrator import Orchestrator, RefusedError
from devnet.orders import ORDER_HEADER
from devnet.receipts import Signing
from devnet.till import Terms
from devnet.wire import PAYMENT_HEADER, SEGMENT_HEADER, PriceInfo
from verifier.messages import Domain

MAX_BODY = 64 * 1024 * 1024
MAX_REQUEST = 16 * 1024


class Server(ThreadingHTTPServer):
    daemon_threads = True
    orchestrator: Orchestrator


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: Server

    def do_GET(self) -> None:
        if self.path == "/status":
            self._answer(200, self.server.orchestrator.status())
            return
        if self.path.startswith("/receipts/"):
            self._answer_receipt(*self.path.removeprefix("/receipts/").partition("/")[::2])
            return
        data = self.server.orchestrator.rendition(self.path)
        if data is None:
            self._answer(404, {"error": "no such rendition"})
        else:
            self._send(200, "video/mp2t", data)

    def _answer_receipt(self, job: str, seq: str) -> None:
        shown = self.server.orchestrator.receipt(job, seq)
        if shown is None:
            self._answer(404, {"error": "no such receipt"})
        else:
            self._send(200, "application/json", shown)

    def do_POST(self) -> None:
        try:
            if self.path == "/info":
                request = Fields.parse("request", self._body(MAX_REQUEST))
                self._answer(200, self.server.orchestrator.info(request).write())
            elif self.path == "/segment":
                result = self.server.orchestrator.segment(
                    self.headers.get(PAYMENT_HEADER, ""),
                    self.headers.get(SEGMENT_HEADER, ""),
                    lambda: self._body(MAX_BODY),
                    self.headers.get(ORDER_HEADER, ""),
                )
                self._answer(200, result)
            else:
                raise RefusedError(404, "no such path")
        except RefusedError as error:
            self.server.orchestrator.work.refused += 1
            self._refuse(error.status, str(error))
        except WireError as error:
            self._refuse(400, str(error))
        except ChainError as error:
            self._refuse(503, str(error))

    def _body(self, longest: int) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            raise RefusedError(411, "Content-Length is missing")
        if int(length) > longest:
            raise RefusedError(413, f"body is longer than {longest} bytes")
        return self.rfile.read(int(length))

    def _refuse(self, status: int, text: str) -> None:
        # The body may not have been read: the connection cannot be used again.
        self.close_connection = True
        self._answer(status, {"error": text})

    def _answer(self, status: int, values: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(values).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted in /status, not logged."""


def serve(settings: Fields) -> Server:
    """A server that is bound to its port but does not answer yet.

    With `signer` it signs receipts; with `cheat` it is dishonest. Raises ValueError.
    """
    signing = cheat = None
    if settings.has("signer"):
        signer = settings.child("signer")
        domain = Domain(signer.number("chain_id"), signer.address("contract"))
        signing = Signing(signer.data("key", length=32), domain)
    if settings.has("cheat"):
        cheat = cheat_named(settings.text("cheat"))
    server = Server(("127.0.0.1", 0), Handler)
    common: dict[str, Any] = {
        "key": settings.text("key"),
        "url": f"http://127.0.0.1:{server.server_address[1]}",
        "terms": Terms(
            price=PriceInfo.read(settings.child("price_info")),
            ticket_ev=settings.number("ticket_ev"),
            redeem_gas=settings.number("redeem_gas"),
            gas_price=settings.number("gas_price"),
        ),
        "chain": JsonRpcChain(settings.text("rpc"), settings.text("controller")),
        "directory": Path(settings.text("directory", longest=4096)),
    }
    if cheat is not None and signing is not None:
        server.orchestrator = CheatingOrchestrator(cheat, signing=signing, **common)
    else:
        server.orchestrator = Orchestrator(signing=signing, **common)
    return server


def main() -> int:
    # Ctrl-C reaches the whole group; whoever started this node ends it by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = serve(Fields.parse("settings", sys.stdin.buffer.readline()))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.write(f"listening {server.orchestrator.url}\n")
    sys.stdout.flush()
    server.serve_forever()
    return 0


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
