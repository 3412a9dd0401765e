"""A remote signer in a thread, in front of any key, and things that pretend to be one."""

from __future__ import annotations

import json
import os
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_keys.datatypes import PrivateKey

from keepers.core.day_count import DayCount
from keepers.core.guarded_signer import GuardedSigner
from keepers.core.remote_signer import RemoteSigner
from keepers.core.signer_policy import Policy, Rule, selector_of
from keepers.core.signer_server import SignerServer
from keepers.core.signing import CURVE_ORDER, DigestSigner, Signature
from tests.keepers.core.signing_cases import KEY, TARGET

FUNCTIONS = ("reward()", "rewardForTranscoder(address)")
POLICY = Policy(
    chain_id=42161,
    rules=(Rule(TARGET, {selector_of(one): one for one in FUNCTIONS}),),
    max_fee=10**9,
    max_gas=1_000_000,
    per_day=100,
)


class PlainKey:
    """Signs any digest, and counts how often. `trouble` is raised in place of signing."""

    def __init__(self, key: bytes = KEY) -> None:
        self._key = PrivateKey(key)
        self.address = str(Account.from_key(key).address)
        self.signed = 0
        self.trouble: Exception | None = None

    def sign_digest(self, digest: bytes) -> Signature:
        self.signed += 1
        if self.trouble:
            raise self.trouble
        found = self._key.sign_msg_hash(digest)
        return Signature(found.v, found.r, found.s)


@dataclass
class FakeKms:
    """Signs as a service does: DER, no recovery id, and (by `high`) with s in either half."""

    key: bytes = KEY
    high: Callable[[], bool] = field(default=lambda: secrets.randbelow(2) == 1)
    highs: int = 0

    def sign(self, key: str, digest: bytes) -> bytes:
        assert key == "alias/keeper"
        found = PrivateKey(self.key).sign_msg_hash(digest)
        s = found.s
        if self.high():
            s, self.highs = CURVE_ORDER - s, self.highs + 1
        return der(found.r, s)


def der(*numbers: int) -> bytes:
    body = b""
    for number in numbers:
        content = number.to_bytes(number.bit_length() // 8 + 1, "big")
        body += bytes([2, len(content)]) + content
    return bytes([0x30, len(body)]) + body


@dataclass
class Remote:
    server: SignerServer
    path: Path
    lines: list[str]
    address: str

    def client(self, address: str | None = None) -> RemoteSigner:
        return RemoteSigner(self.path, address or self.address)


@contextmanager
def remote(
    folder: Path,
    key: DigestSigner,
    *,
    policy: Policy = POLICY,
    wall: Callable[[], float] = lambda: 0.0,
    users: frozenset[int] | None = None,
    patience: float = 2.0,
) -> Iterator[Remote]:
    """Serves until the block ends. Paths of sockets must be short."""
    lines: list[str] = []
    count = DayCount(folder / "count")
    guards: Mapping[str, GuardedSigner] = {
        key.address: GuardedSigner(key, policy, count, wall=wall)
    }
    server = SignerServer(
        folder / "s",
        guards,
        users=users if users is not None else frozenset({os.getuid()}),
        tell=lines.append,
        patience=patience,
    )
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield Remote(server, folder / "s", lines, key.address)
    finally:
        server.stop()
        thread.join(10)
        count.close()
        assert not thread.is_alive()


@contextmanager
def liar(folder: Path, reply: Callable[[socket.socket], object]) -> Iterator[Path]:
    """Something that listens where a signer should, and does `reply` with one connection."""
    path = folder / "liar"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            link, _ = listener.accept()
            with link:
                reply(link)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield path
        thread.join(10)


def message(content: Any) -> bytes:
    """As both sides send it; bytes stay as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack(">I", len(body)) + body
