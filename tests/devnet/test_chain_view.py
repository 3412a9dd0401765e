"""Reading the chain: what is said when it does not answer, or not as it should."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from devnet.chain_view import ChainError, JsonRpcChain

CONTROLLER = "0x" + "c0" * 20


class Answers(HTTPServer):
    """Answers every request with `answer`, and remembers what was asked."""

    answer: bytes = b"{}"
    asked: list[Any]


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(json.loads(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def rpc() -> Iterator[Answers]:
    server = Answers(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _chain(rpc: Answers) -> JsonRpcChain:
    return JsonRpcChain(f"http://127.0.0.1:{rpc.server_address[1]}", CONTROLLER)


def test_call__nobody_there__one_line() -> None:
    with pytest.raises(ChainError, match=r"^http://127\.0\.0\.1:9 does not answer: "):
        JsonRpcChain("http://127.0.0.1:9", CONTROLLER).block_number()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"<html>", "does not answer"),
        (b'{"error": {"code": 3, "message": "execution reverted: no"}}', "eth_call refused: exec"),
        (b'{"result": "0x"}', "getContract.bytes32. of 0xc0.* answered nothing"),
        (b'{"result": "0x' + b"00" * 32 + b'"}', "Controller 0xc0.* knows no RoundsManager"),
    ],
)
def test_call__bad_answer__one_line(rpc: Answers, answer: bytes, text: str) -> None:
    rpc.answer = answer
    with pytest.raises(ChainError, match=text) as caught:
        _chain(rpc).block_number()
    assert "\n" not in str(caught.value)


def test_block_number__contract__is_asked_for_its_own_view(rpc: Answers) -> None:
    rpc.answer = b'{"result": "0x' + b"00" * 30 + b'1234"}'
    assert _chain(rpc).block_number() == 0x1234
    first, second = rpc.asked
    assert first["params"][0]["to"] == CONTROLLER
    assert second["params"][0] == {"to": "0x" + "00" * 18 + "1234", "data": "0x8ae63d6d"}
