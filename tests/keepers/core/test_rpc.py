"""One endpoint: what arrives, what goes wrong, what is never shown."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from keepers.core.model import KeeperError
from keepers.core.rpc import BATCH, Answer, Ask, EndpointError, Fault, Http, NodeError, Rpc

TOKEN = "s3cr3t-t0k3n-0123456789"
ASKS = [Ask("eth_blockNumber", (n,)) for n in range(7)]


def rpc_of(answer: Callable[[Any], Any], status: int = 200, **headers: str) -> Rpc:
    """`answer` gets what was asked and gives what the node sends: text as it is, else as JSON."""

    def post(body: bytes, _timeout: float) -> Answer:
        found = answer(json.loads(body))
        text = found if isinstance(found, str) else json.dumps(found)
        return Answer(status, text.encode(), {k.replace("_", "-"): v for k, v in headers.items()})

    return Rpc(f"https://node.example/v2/{TOKEN}", post=post)


def echo(question: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": question["id"], "result": question["params"][0]}


def fault_of(rpc: Rpc, *, timeout: float = 1.0) -> EndpointError:
    with pytest.raises(EndpointError) as caught:
        rpc.ask("eth_blockNumber", 1, timeout=timeout)
    return caught.value


# -- one question


def test_ask__result__is_returned():
    assert rpc_of(echo).ask("eth_blockNumber", "0x5", timeout=1) == "0x5"


def test_ask__result_null__is_none():
    assert rpc_of(lambda asked: {**echo(asked), "result": None}).ask("m", 1, timeout=1) is None


@pytest.mark.parametrize("status", [200, 400, 500])
def test_ask__error_object__is_the_nodes_answer_with_any_status(status):
    error = {"code": 3, "message": "execution reverted", "data": "0xaa"}
    rpc = rpc_of(lambda asked: {"id": asked["id"], "error": error}, status)
    with pytest.raises(NodeError) as caught:
        rpc.ask("eth_call", 1, timeout=1)
    assert (caught.value.code, caught.value.message, caught.value.data) == (*error.values(),)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        "7",
        "[]",
        {"jsonrpc": "2.0", "id": 77, "result": "0x1"},
        {"jsonrpc": "2.0", "result": "0x1"},
        {"jsonrpc": "2.0", "id": 1},
    ],
)
def test_ask__answer_to_something_else__is_invalid(answer):
    assert fault_of(rpc_of(lambda _: answer)).fault is Fault.INVALID


def test_ask__nested_too_deep__is_invalid():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # what a keeper has; the compiler in this process raises it
    try:
        assert fault_of(rpc_of(lambda _: "[" * 10_000)).fault is Fault.INVALID
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("status", "fault", "text"),
    [
        (301, Fault.REFUSED, "refuses: HTTP 301"),
        (401, Fault.REFUSED, "refuses: HTTP 401; is the API token right?"),
        (404, Fault.REFUSED, "refuses: HTTP 404"),
        (502, Fault.SERVER, "server error: HTTP 502"),
    ],
)
def test_ask__status_without_an_answer__is_a_fault_of_the_endpoint(status, fault, text):
    error = fault_of(rpc_of(lambda _: "<html>", status))
    assert (error.fault, str(error)) == (fault, text)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "-7"}, 0.0),
        ({"Retry_After": "86400"}, 3_600.0),
        ({"Retry_After": "inf"}, None),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "Thu, 26 Nov 2026 12:01:00 GMT"}, None),
        (
            {
                "Retry_After": "Thu, 26 Nov 2026 12:01:00 GMT",
                "Date": "Thu, 26 Nov 2026 12:00:30 GMT",
            },
            30.0,
        ),
    ],
)
def test_ask__429__says_how_long_to_wait(headers, seconds):
    error = fault_of(rpc_of(echo, 429, **headers))
    assert (error.fault, error.retry_after) == (Fault.LIMITED, seconds)


# -- many questions


def test_ask_many__answers_in_another_order__are_put_in_order():
    found = rpc_of(lambda asked: [echo(one) for one in reversed(asked)]).ask_many(ASKS, 1)
    assert found == list(range(7))


def test_ask_many__one_fails__the_others_have_results():
    def answer(asked):
        error = {"code": -32000, "message": "header not found"}
        return [echo(asked[0]), {"id": asked[1]["id"], "error": error}]

    first, second = rpc_of(answer).ask_many(ASKS[:2], 1)
    assert first == 0
    assert isinstance(second, NodeError)


def test_ask_many__more_than_a_batch__is_sent_in_several():
    sizes = []

    def answer(asked):
        sizes.append(len(asked))
        return [echo(one) for one in asked]

    found = rpc_of(answer).ask_many([Ask("m", (n,)) for n in range(2 * BATCH + 10)], 1)
    assert found == list(range(2 * BATCH + 10))
    assert sizes == [BATCH, BATCH, 10]


def refused(_asked: list[Any]) -> Any:
    return {"id": None, "error": {"code": -32600, "message": "no arrays please"}}


def too_large(asked: list[Any]) -> Any:
    return [{"id": asked[0]["id"], "error": {"code": -32600, "message": "batch too large"}}]


def too_long(asked: list[Any]) -> Any:
    error = {"code": -32003, "message": "response too large"}
    return [echo(asked[0]), *({"id": one["id"], "error": error} for one in asked[1:])]


@pytest.mark.parametrize("refusal", [refused, too_large, too_long])
@pytest.mark.parametrize("most", [1, 3])
def test_ask_many__batch_refused__shrinks_and_remembers(refusal, most):
    sizes = []

    def answer(asked):
        if isinstance(asked, dict):
            return echo(asked)
        sizes.append(len(asked))
        return refusal(asked) if len(asked) > most else [echo(one) for one in asked]

    rpc = rpc_of(answer)
    for _ in range(3):
        assert rpc.ask_many(ASKS, 1) == list(range(7))
    assert [size for size in sizes if size > most] == [7] + [3] * (most == 1)


@pytest.mark.parametrize("status", [400, 413, 501])
def test_ask_many__batch_refused_by_status__asks_one_by_one(status):
    def post(body: bytes, _timeout: float) -> Answer:
        asked = json.loads(body)
        if isinstance(asked, list):
            return Answer(status, b"<html>", {})
        return Answer(200, json.dumps(echo(asked)).encode(), {})

    assert Rpc("http://node", post=post).ask_many(ASKS, 1) == list(range(7))


def test_ask_many__too_few_answers__is_invalid():
    rpc = rpc_of(lambda asked: [echo(one) for one in asked[1:]])
    with pytest.raises(EndpointError, match="invalid answer: 6 answers to 7 questions"):
        rpc.ask_many(ASKS, 1)


def test_ask_many__the_same_answer_twice__is_invalid():
    with pytest.raises(EndpointError, match="invalid answer"):
        rpc_of(lambda asked: [echo(asked[0])] * 7).ask_many(ASKS, 1)


# -- over HTTP


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received = 0

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).received += 1
        action = self.path.partition("?")[0].rsplit("/", 1)[-1]
        body = json.dumps(echo(asked)).encode()
        if action == "lost":
            self.close_connection = True
            return
        if action == "slow":
            time.sleep(1)
        if action == "moved":
            self.send_response(307)
            self.send_header("Location", "/ok")
            body = b""
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) * (2 if action == "cut" else 1)))
        self.end_headers()
        try:
            for byte in range(len(body)):
                self.wfile.write(body[byte : byte + 1])
                if action == "trickle":
                    time.sleep(0.1)
        except OSError:
            pass  # the client has left
        if action == "cut":
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[str]:
    Handler.received = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{TOKEN}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as url:
        yield url


def test_http__answer__arrives_over_one_connection(server):
    rpc = Rpc(f"{server}/ok")
    assert [rpc.ask("m", n, timeout=2) for n in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("lost", Fault.LOST),
        ("cut", Fault.LOST),
        ("slow", Fault.TIMEOUT),
        ("trickle", Fault.TIMEOUT),
        ("moved", Fault.REFUSED),
    ],
)
def test_http__trouble__is_of_its_kind_in_time_and_not_repeated(server, path, fault):
    before, started = Handler.received, time.monotonic()
    error = fault_of(Rpc(f"{server}/{path}"), timeout=0.3)
    assert error.fault is fault
    assert time.monotonic() - started < 0.8
    assert Handler.received == before + 1


def test_http__nobody_listens__was_surely_not_sent():
    with serving() as url:
        pass
    error = fault_of(Rpc(url))
    assert error.fault is Fault.UNREACHABLE
    assert not error.may_have_arrived


def test_http__connection_lost__may_have_arrived(server):
    assert fault_of(Rpc(f"{server}/lost")).may_have_arrived


# -- secrets


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{TOKEN}@node.example/rpc",
        f"https://node.example/v2/{TOKEN}",
        f"https://node.example:8545/?key={TOKEN}",
    ],
)
def test_rpc__token_in_the_url__is_not_in_its_name_or_repr(url):
    assert TOKEN not in f"{Rpc(url)!r} {Http(url)!r} {Rpc(url).name}"
    assert Rpc(url).name.startswith("https://node.example")


@pytest.mark.parametrize("path", ["lost", "slow", "moved", "cut"])
def test_rpc__trouble_over_http__shows_no_token(server, path, caplog):
    caplog.set_level(logging.DEBUG)
    error = fault_of(Rpc(f"{server}/{path}?key={TOKEN}"), timeout=0.2)
    text = "".join(traceback.format_exception(error))
    assert error.__context__ is None
    assert TOKEN not in f"{text} {error!r} {caplog.text}"


def test_rpc__node_repeats_the_token__is_blotted_out():
    error = {"code": -32000, "message": f"invalid project id {TOKEN}"}
    rpc = rpc_of(lambda asked: {"id": asked["id"], "error": error})
    with pytest.raises(NodeError) as caught:
        rpc.ask("m", 1, timeout=1)
    assert caught.value.message == "invalid project id ***"


@pytest.mark.parametrize(
    "url", ["", "node.example", f"ftp://{TOKEN}", f"http://[{TOKEN}", "http://"]
)
def test_rpc__no_url__is_refused_without_showing_it(url):
    with pytest.raises(KeeperError) as caught:
        Rpc(url)
    assert TOKEN not in str(caught.value)
