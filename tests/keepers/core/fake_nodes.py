"""Nodes of one invented chain, behind `Rpc` in place of HTTP, on a clock that only they move."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from keepers.core.endpoint import Rules
from keepers.core.endpoints import Endpoints, Turn, Work
from keepers.core.rpc import Answer, EndpointError, Fault, NodeError, Rpc

CHAIN_ID = 42161
BLOCK_SECONDS = 12
ACCOUNT = "0x" + "11" * 20


@dataclass
class FakeClock:
    """Monotonic seconds. Sleeping is free."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Blocks:
    """A chain: the salt of each block, by number. `fork` is mixed into new ones."""

    salts: list[int] = field(default_factory=lambda: [0])
    fork: int = 0
    seconds: int = BLOCK_SECONDS

    def mine(self, count: int = 1) -> None:
        self.salts += [self.fork] * count

    def reorganise(self, depth: int, length: int) -> None:
        """Replace the newest `depth` blocks by `length` others."""
        self.fork += 1
        del self.salts[len(self.salts) - depth :]
        self.mine(length)

    @property
    def height(self) -> int:
        return len(self.salts) - 1

    def hash(self, number: int) -> str:
        return "0x" + keccak(repr(self.salts[: number + 1]).encode()).hex()

    def block(self, number: int) -> dict[str, str]:
        return {
            "number": hex(number),
            "hash": self.hash(number),
            "parentHash": self.hash(number - 1) if number else "0x" + "00" * 32,
            "timestamp": hex(1_700_000_000 + number * self.seconds),
            "baseFeePerGas": hex(10**7),
        }


Mode = str | int


@dataclass
class Node:
    """`mode`: up, refuse, hang, lost, or an HTTP status; or what gives one of these each time.

    `answers` replace or add methods; the NodeError they raise is what the node sends. The nonce of
    an account is the number of the block.
    """

    blocks: Blocks
    clock: FakeClock
    lag: int = 0
    chain_id: int = CHAIN_ID
    latency: float = 0.05
    mode: Mode | Callable[[], Mode] = "up"
    headers: dict[str, str] = field(default_factory=dict)
    batches: int = 1_000  # most questions in one request
    answers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    requests: int = 0

    @property
    def height(self) -> int:
        return max(0, self.blocks.height - self.lag)

    def post(self, body: bytes, timeout: float) -> Answer:
        questions = json.loads(body)
        self.requests += 1
        for question in questions if isinstance(questions, list) else [questions]:
            self.asked[question["method"]] += 1
        mode = self.mode() if callable(self.mode) else self.mode
        if mode == "hang":
            self.clock.now += timeout
            raise EndpointError(Fault.TIMEOUT)
        self.clock.now += self.latency
        if mode == "refuse":
            raise EndpointError(Fault.UNREACHABLE)
        if isinstance(mode, int):
            return Answer(mode, b"<html>", self.headers)
        found = self._answer_all(questions)
        if mode == "lost":
            raise EndpointError(Fault.LOST)
        return Answer(200, json.dumps(found).encode(), {})

    def _answer_all(self, questions: Any) -> Any:
        if not isinstance(questions, list):
            return self._answer(questions)
        if len(questions) > self.batches:
            error = {"code": -32600, "message": "batching is not supported"}
            return {"jsonrpc": "2.0", "id": None, "error": error}
        return [self._answer(question) for question in questions]

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        content = {"jsonrpc": "2.0", "id": question["id"]}
        try:
            return {**content, "result": self._result(question["method"], question["params"])}
        except NodeError as error:
            found = {"code": error.code, "message": error.message, "data": error.data}
            return {**content, "error": found}

    def _result(self, method: str, params: list[Any]) -> Any:
        if method in self.answers:
            return self.answers[method](*params)
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_getBlockByNumber":
            number = self.number(params[0])
            return self.blocks.block(number) if number <= self.height else None
        if method == "eth_getTransactionCount":
            return hex(self.check(params[1]))
        raise NodeError(-32601, f"the method {method} does not exist/is not available")

    def number(self, block: str) -> int:
        return self.height if block in ("latest", "pending") else int(block, 16)

    def check(self, block: str) -> int:
        if (number := self.number(block)) > self.height:
            raise NodeError(-32000, "header not found")
        return number


def endpoints_of(
    nodes: Sequence[Node],
    clock: FakeClock,
    *,
    rules: Rules | None = None,
    jitter: float = 1.0,
    meanwhile: Callable[[], object] = lambda: None,
) -> Endpoints:
    """Named http://node-0 and so on. `meanwhile` happens whenever they sleep."""

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        meanwhile()

    rpcs = [
        Rpc(f"http://node-{place}/key-{place:08}", post=node.post)
        for place, node in enumerate(nodes)
    ]
    return Endpoints(
        rpcs, CHAIN_ID, rules=rules, monotonic=clock, sleep=sleep, jitter=lambda: jitter
    )


def some_nodes(count: int, *, height: int = 100) -> tuple[FakeClock, Blocks, list[Node]]:
    clock, blocks = FakeClock(), Blocks()
    blocks.mine(height)
    return clock, blocks, [Node(blocks, clock) for _ in range(count)]


def nonce_at(number: int) -> Work[str]:
    """Work for endpoints: pinned to a block, answered with its number."""

    def work(turn: Turn) -> str:
        return str(turn.ask("eth_getTransactionCount", ACCOUNT, hex(number)))

    return work


def read(endpoints: Endpoints, number: int = 1) -> str:
    return endpoints.read(nonce_at(number), "a nonce")


def reads_of(nodes: Sequence[Node]) -> list[int]:
    return [node.asked["eth_getTransactionCount"] for node in nodes]
