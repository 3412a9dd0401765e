"""An anvil of one's own: on a free port, in its own process group, gone with the test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from web3 import HTTPProvider, Web3

from tests.support.contracts import ROOT

START_SECONDS = 30


@dataclass(frozen=True)
class Anvil:
    """`url` is for `APE_FOUNDRY_HOST`, or for the `host` setting of Ape's foundry provider."""

    url: str
    web3: Web3

    def rpc(self, method: str, *params: Any) -> Any:
        answer = self.web3.provider.make_request(method, list(params))
        assert "error" not in answer, answer
        return answer["result"]

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Ape's provider for this chain, as the active one."""
        import ape

        settings = {"host": self.url}
        with ape.networks.arbitrum.local.use_provider("foundry", provider_settings=settings) as it:
            yield it


def find_anvil() -> str | None:
    return shutil.which(
        "anvil", path=f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    )


@contextmanager
def run_anvil(*options: str) -> Iterator[Anvil]:
    """Raises RuntimeError if there is no anvil, or it does not answer in time."""
    command = find_anvil()
    if command is None:
        raise RuntimeError("no anvil: run `make install`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [command, "--port", str(port), "--silent", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        web3 = Web3(HTTPProvider(url, request_kwargs={"timeout": 60}))
        deadline = time.monotonic() + START_SECONDS
        while not web3.is_connected():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"anvil on port {port} does not answer")
            time.sleep(0.05)
        yield Anvil(url, web3)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
