"""JSON-RPC endpoints of one invented chain with the protocol on it, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keepers.core.contracts import ZERO, interface
from keepers.core.networks import PRESETS

CHAIN_ID = 42_161
CONTROLLER = str(PRESETS["arbitrum-one"].controller)
HEIGHT = 1_000


def address(number: int) -> str:
    return str(to_checksum_address(f"0x{number:040x}"))


BONDING, ROUNDS, MINTER = address(0xB0), address(0xB1), address(0xB2)


@dataclass
class Endpoint:
    """`mode`: up, slow, hang, or an HTTP status."""

    mode: str | int = "up"
    chain_id: int = CHAIN_ID
    lag: int = 0
    missing: set[str] = field(default_factory=set)
    limited: set[str] = field(default_factory=set)


@dataclass
class World:
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    contracts: dict[str, str] = field(
        default_factory=lambda: {
            "BondingManager": BONDING,
            "RoundsManager": ROUNDS,
            "Minter": MINTER,
        }
    )
    owners: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys((BONDING, ROUNDS, MINTER), CONTROLLER)
    )
    paused: bool = False
    has_reward_callers: bool = True
    registered: set[str] = field(default_factory=set)
    active: set[str] = field(default_factory=set)
    callers: dict[str, str] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    base_fee: int = 10**7
    clock_ahead: int = 0
    sent: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, endpoint: Endpoint, question: dict[str, Any]) -> dict[str, Any]:
        method, found = question["method"], {"jsonrpc": "2.0", "id": question["id"]}
        if method in endpoint.missing:
            return {**found, "error": {"code": -32601, "message": "method not found"}}
        if method in endpoint.limited:
            return {**found, "error": {"code": -32005, "message": "rate limit exceeded"}}
        if method == "eth_sendRawTransaction":
            self.sent.append(question["params"][0])
            return {**found, "error": {"code": -32000, "message": "typed transaction too short"}}
        result = self._result(endpoint, method, question["params"])
        if result is None and method == "eth_call":
            return {**found, "error": {"code": 3, "message": "execution reverted", "data": "0x"}}
        return {**found, "result": result}

    def _result(self, endpoint: Endpoint, method: str, params: list[Any]) -> Any:
        number = HEIGHT - endpoint.lag
        results: dict[str, Callable[[], Any]] = {
            "eth_chainId": lambda: hex(endpoint.chain_id),
            "eth_getBlockByNumber": lambda: self._block(number),
            "eth_getBalance": lambda: hex(self.balances.get(params[0], 0)),
            "eth_getCode": lambda: "0x60" if params[0] in self.codes else "0x",
            "eth_getTransactionCount": lambda: "0x0",
            "eth_estimateGas": lambda: "0x5208",
            "eth_getLogs": lambda: [],
            "eth_call": lambda: self._call(params[0]["to"], bytes.fromhex(params[0]["data"][2:])),
        }
        return results[method]() if method in results else None

    def _block(self, number: int) -> dict[str, str]:
        return {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "parentHash": f"0x{number - 1:064x}",
            "timestamp": hex(int(time.time()) + self.clock_ahead - (HEIGHT - number)),
            "baseFeePerGas": hex(self.base_fee),
        }

    def _call(self, to: str, data: bytes) -> str | None:
        """None reverts; an account without code answers nothing."""
        who = str(to_checksum_address(data[-20:])) if len(data) == 36 else ""
        functions: dict[tuple[str, str], tuple[str, Callable[[], Any]]] = {
            ("Controller", "getContract"): ("address", lambda: self._registered(data[4:])),
            ("Controller", "paused"): ("bool", lambda: self.paused),
            ("BondingManager", "controller"): ("address", lambda: self.owners[to]),
            ("BondingManager", "isRegisteredTranscoder"): ("bool", lambda: who in self.registered),
            ("BondingManager", "isActiveTranscoder"): ("bool", lambda: who in self.active),
        }
        if self.has_reward_callers:
            functions["BondingManager", "transcoderToRewardCaller"] = (
                "address",
                lambda: self.callers.get(who, ZERO),
            )
        if to != CONTROLLER and to not in self.owners:
            return "0x"
        for (name, function), (kind, result) in functions.items():
            is_there = to == CONTROLLER if name == "Controller" else to in self.owners
            if is_there and data[:4] == interface(name).selector(function):
                return "0x" + encode([kind], [result()]).hex()
        return None

    def _registered(self, key: bytes) -> str:
        return next((at for one, at in self.contracts.items() if keccak(text=one) == key), ZERO)


@contextmanager
def served(world: World) -> Iterator[str]:
    """URL of the server; an endpoint is the first part of the path below it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            questions = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint = world.endpoints[self.path.split("/")[1]]
            world.closing.wait({"slow": 1.3, "hang": 10}.get(str(endpoint.mode), 0))
            status = endpoint.mode if isinstance(endpoint.mode, int) else 200
            found: Any
            if isinstance(questions, list):
                found = [world.answer(endpoint, one) for one in questions]
            else:
                found = world.answer(endpoint, questions)
            body = json.dumps(found) if status == 200 else "<html>"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # nobody waits any more
                self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing: what matters is what the keeper makes of it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        world.closing.set()
        server.shutdown()
        server.server_close()
