"""A chain on which nothing counts: an anvil, whose state is put back when a simulation is over.

Every block is one second after the one before, so what happens here does not depend on the clock.
"""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ, pathsep
from typing import Any

from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from scripts._lib.source import ROOT

ENOUGH = 10**20  # wei: what an account must have to send here
GAS = 28_000_000  # below the block's limit of 30 million
MINED_AT_MOST = 256  # blocks; anvil needs longer for each block the more it has
START_SECONDS = 30


class SandboxError(RuntimeError):
    """One line: what the node is, or what it refuses."""


class Sandbox:
    """An anvil that may be told to do anything. Use `borrowed`, which undoes it."""

    def __init__(self, web3: Web3) -> None:
        self.web3 = web3

    def rpc(self, method: str, *params: Any) -> Any:
        """Raises SandboxError."""
        answer = self.web3.provider.make_request(RPCEndpoint(method), list(params))
        if "error" in answer:
            problem: Any = answer["error"]
            text = problem.get("message", problem) if isinstance(problem, dict) else problem
            raise SandboxError(f"{method}: {' '.join(str(text).split())[:200]}")
        return answer.get("result")

    @property
    def height(self) -> int:
        return int(self.web3.eth.block_number)

    def advance(self, blocks: int) -> None:
        """Let that many blocks pass. Many are jumped over: the chain goes on from a later number,
        with the same state, and only the last block is mined.
        """
        if blocks > MINED_AT_MOST:
            self.rpc("anvil_mine", "0x1", "0x1")  # a fork has no block of its own yet
            self._jump(blocks - 2)
            blocks = 1
        if blocks > 0:
            self.rpc("anvil_mine", hex(blocks), "0x1")

    def wait(self, seconds: int) -> None:
        """Let time pass, in one block."""
        newest: Any = self.web3.eth.get_block("latest")
        self.rpc("evm_setNextBlockTimestamp", int(newest["timestamp"]) + seconds)
        self.rpc("anvil_mine", "0x1")

    def send(self, sender: str, to: str, data: bytes, *, value: int = 0) -> str:
        """Hash of a transaction in a block of its own, whoever the sender is. It may have reverted.

        Raises SandboxError if the node does not take it.
        """
        self.rpc("anvil_impersonateAccount", sender)
        if self.web3.eth.get_balance(Web3.to_checksum_address(sender)) < ENOUGH + value:
            self.rpc("anvil_setBalance", sender, hex(ENOUGH + value))
        request = {"from": sender, "to": to, "data": "0x" + data.hex()}
        more = {"value": hex(value), "gas": hex(GAS)}
        try:
            tx = str(self.rpc("eth_sendTransaction", {**request, **more}))
        finally:
            self.rpc("anvil_stopImpersonatingAccount", sender)
        if self.rpc("eth_getTransactionReceipt", tx) is None:
            self.rpc("anvil_mine", "0x1")  # the node does not mine by itself
        return tx

    def succeeded(self, tx: str) -> bool:
        receipt = self.rpc("eth_getTransactionReceipt", tx)
        return bool(receipt and int(receipt["status"], 16))

    def _jump(self, blocks: int) -> None:
        """Loads the chain's own newest block once more, under a later number."""
        target = self.height + blocks
        state = json.loads(gzip.decompress(bytes.fromhex(self.rpc("anvil_dumpState")[2:])))
        newest = max(state["blocks"], key=lambda block: int(block["header"]["number"], 16))
        header = {**newest["header"], "number": hex(target)}
        state |= {
            "block": {**state["block"], "number": hex(target)},
            "best_block_number": target,
            "blocks": [{**newest, "header": header, "transactions": [], "ommers": []}],
            "accounts": {},
            "transactions": [],
        }
        self.rpc("anvil_loadState", "0x" + gzip.compress(json.dumps(state).encode()).hex())
        if self.height != target:
            raise SandboxError(f"anvil_loadState: the chain is at {self.height}, not {target}")


def is_sandbox(web3: Web3) -> bool:
    """Whether the node is an anvil: one that may be told what to do."""
    return str(web3.client_version).lower().startswith("anvil")


@contextmanager
def borrowed(web3: Web3) -> Iterator[Sandbox]:
    """The chain of an anvil; afterwards it is as before. Raises SandboxError for another node."""
    if not is_sandbox(web3):
        raise SandboxError(f"{web3.client_version} is no anvil")
    sandbox = Sandbox(web3)
    snapshot = sandbox.rpc("evm_snapshot")
    sandbox.rpc("anvil_setBlockTimestampInterval", 1)
    try:
        yield sandbox
    finally:
        sandbox.rpc("anvil_removeBlockTimestampInterval")
        sandbox.rpc("evm_revert", snapshot)


@contextmanager
def forked(url: str) -> Iterator[Sandbox]:
    """An anvil of our own that goes on from the newest block of another node. Raises SandboxError.

    The other node only answers questions: nothing is sent to it.
    """
    path = f"{ROOT / 'node_modules' / '.bin'}{pathsep}{environ.get('PATH', '')}"
    command = shutil.which("anvil", path=path)
    if command is None:
        raise SandboxError("no anvil to simulate on: run `make install`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [command, "--port", str(port), "--silent", "--fork-url", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        web3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}", request_kwargs={"timeout": 120}))
        end = time.monotonic() + START_SECONDS
        while not web3.is_connected():
            if process.poll() is not None or time.monotonic() > end:
                raise SandboxError("anvil cannot fork this network: does its node answer?")
            time.sleep(0.05)
        sandbox = Sandbox(web3)
        sandbox.rpc("anvil_setBlockTimestampInterval", 1)
        yield sandbox
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
