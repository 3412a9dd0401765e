"""The node's HTTP side, and the process around it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from devnet.node import MAX_BODY
from devnet.orchestrator import Orchestrator
from devnet.processes import Nodes, ProcessError
from devnet.wire import PAYMENT_HEADER, SEGMENT_HEADER, OrchestratorInfo
from tests.devnet.network import (
    TERMS,
    NodeThread,
    headers,
    make_payment,
    make_seg_data,
    orchestrator_key,
    request,
)


@pytest.fixture
def url(node: Orchestrator) -> Iterator[str]:
    server = NodeThread(node)
    yield server.url
    server.stop()


def _ask(
    url: str, method: str, path: str, body: bytes = b"", head: dict[str, str] | None = None
) -> tuple[int, bytes]:
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=20)
    try:
        connection.request(method, path, body, head or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _settings(directory: Path, number: int = 0) -> dict[str, Any]:
    return {
        "key": orchestrator_key(number),
        "rpc": "http://127.0.0.1:9",
        "controller": "0x" + "11" * 20,
        "directory": str(directory),
        "price_info": TERMS.price.write(),
        "ticket_ev": str(TERMS.ticket_ev),
        "redeem_gas": 1,
        "gas_price": 1,
    }


def test_info__over_http__is_the_nodes_own(url: str) -> None:
    status, data = _ask(url, "POST", "/info", json.dumps(request().values).encode())
    assert status == 200
    assert json.loads(data)["transcoder"] == url


def test_segment__over_http__rendition_can_be_had(
    url: str, node: Orchestrator, body: bytes
) -> None:
    info: OrchestratorInfo = node.info(request())
    payment, segment = headers(make_payment(info, [1]), make_seg_data(info, body))
    head = {PAYMENT_HEADER: payment, SEGMENT_HEADER: segment}
    status, data = _ask(url, "POST", "/segment", body, head)
    assert status == 200
    target = json.loads(data)["data"]["segments"][0]["url"]
    assert target.startswith(url)
    status, rendition = _ask(url, "GET", target[len(url) :])
    assert status == 200
    assert rendition[:1] == b"G"
    status, data = _ask(url, "GET", "/status")
    assert json.loads(data)["segments"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/stream/x/180p/0.ts", 404, "no such rendition"),
        ("POST", "/other", 404, "no such path"),
        ("POST", "/segment", 402, "payment: not JSON"),
        ("POST", "/info", 400, "request: not JSON"),
    ],
)
def test_request__out_of_order__is_refused_in_words(
    url: str, method: str, path: str, status: int, text: str
) -> None:
    found, data = _ask(url, method, path)
    assert (found, json.loads(data)["error"]) == (status, text)


def test_info__long_body__is_refused_unread(url: str) -> None:
    head = {"Content-Length": str(MAX_BODY)}
    status, data = _ask(url, "POST", "/info", b"", head)
    assert status == 413
    assert "longer than 16384 bytes" in json.loads(data)["error"]


@pytest.mark.integration
def test_process__chain_away__says_so_and_serves_on(tmp_path: Path) -> None:
    with Nodes() as nodes:
        (one,) = nodes.start([_settings(tmp_path)], logs=tmp_path)
        status, data = _ask(one.url, "POST", "/info", json.dumps(request().values).encode())
        assert status == 503
        assert "does not answer" in json.loads(data)["error"]
        assert _ask(one.url, "GET", "/status")[0] == 200
        pid = one.pid
    assert not _alive(pid)


@pytest.mark.integration
def test_process__bad_settings__are_named_in_the_log(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    del settings["ticket_ev"]
    with Nodes() as nodes, pytest.raises(ProcessError, match=r"see .*node-1\.log"):
        nodes.start([settings], logs=tmp_path)
    assert (tmp_path / "node-1.log").read_text() == "settings: ticket_ev is missing\n"


@pytest.mark.integration
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_process__parent_dies__ends_too(tmp_path: Path, end: signal.Signals) -> None:
    script = (
        "import json, sys, time\n"
        "from pathlib import Path\n"
        "from devnet.processes import Nodes\n"
        "nodes = Nodes()\n"
        "settings = json.loads(sys.argv[1])\n"
        "print(nodes.start([settings], logs=Path(sys.argv[2]))[0].pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(_settings(tmp_path)), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert _alive(child)
    parent.send_signal(end)
    parent.wait(10)
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    """Running, and not merely waiting for its parent to take note."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
