"""A signer in another process, from its client's side: what is believed of its answers."""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from keepers.core.config import SignerConfig
from keepers.core.model import Unsigned
from keepers.core.remote_signer import RemoteSigner
from keepers.core.signer_wire import answer, refused
from keepers.core.signers import build_signer
from keepers.core.signing import CURVE_ORDER, Signature, SigningError, digest_of
from tests.keepers.core.signer_world import PlainKey, Remote, liar, message, remote
from tests.keepers.core.signing_cases import ADDRESS, KEY, OTHER, OTHER_KEY, TX, decoded
from tests.keepers.core.test_local_signer import failure_of


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="k") as name:  # a path of a socket has 107 bytes at most
        yield Path(name)


@pytest.fixture
def key() -> PlainKey:
    return PlainKey()


@pytest.fixture
def world(folder: Path, key: PlainKey) -> Iterator[Remote]:
    with remote(folder, key, patience=0.3) as found:
        yield found


# -- what works


def test_sign__allowed__is_what_was_asked(world: Remote) -> None:
    assert decoded(world.client().sign(TX).raw) == (ADDRESS, TX)
    assert world.lines == [
        f"signed for process {os.getpid()} of user {os.getuid()}: {ADDRESS} nonce 7 to {TX.to}"
    ]


def test_build_signer__remote__asks_the_socket(world: Remote) -> None:
    config = SignerConfig("r", "remote", socket=world.path, address=ADDRESS)
    assert decoded(build_signer(config).sign(TX).raw) == (ADDRESS, TX)


def test_check__key_is_there__signs_nothing(world: Remote, key: PlainKey) -> None:
    world.client().check()
    assert key.signed == 0
    assert "this signer has no key of " + OTHER in str(failure_of(world.client(OTHER).check))


def test_sign__signer_starts_anew__goes_on(folder: Path) -> None:
    now = [0.0]
    client = RemoteSigner(folder / "s", ADDRESS, monotonic=lambda: now[0])
    with remote(folder, PlainKey()):
        client.sign(TX)
    error = failure_of(lambda: client.sign(TX))
    assert "No such file or directory; does `python -m keepers signer` run?" in str(error)
    with remote(folder, PlainKey()):
        failure_of(lambda: client.sign(TX))  # it rests
        now[0] += 5
        assert decoded(client.sign(TX).raw) == (ADDRESS, TX)


# -- what the client refuses


def signed(tx: Unsigned, key: bytes = KEY) -> Signature:
    return PlainKey(key).sign_digest(digest_of(tx))


def high(low: Signature) -> Signature:
    return Signature(1 - low.parity, low.r, CURVE_ORDER - low.s)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (signed(replace(TX, to=OTHER)), "answers a signature of 0x"),
        (signed(replace(TX, max_fee=10**12)), "answers a signature of 0x"),
        (signed(replace(TX, nonce=8)), "answers a signature of 0x"),
        (signed(TX, OTHER_KEY), f"answers a signature of {OTHER}"),
        (replace(signed(TX), parity=1 - signed(TX).parity), "answers a signature of 0x"),
        (replace(signed(TX), parity=255), "answers a signature of nobody"),
        (high(signed(TX)), "high s"),
        (Signature(0, 0, 0), "answers a signature of nobody"),
    ],
)
def test_sign__lying_signer__is_refused(folder: Path, lie: Signature, why: str) -> None:
    with liar(folder, lambda link: link.sendall(message(answer(lie)))) as path:
        assert why in str(failure_of(lambda: RemoteSigner(path, ADDRESS).sign(TX)))


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"", "closed the connection"),
        (b"\x00\x00\x00", "closed the connection"),
        (message({}), "the answer is neither a signature nor a refusal"),
        (message([1]), "the answer is neither a signature nor a refusal"),
        (message({"signature": "0x00"}), "the answer is neither a signature nor a refusal"),
        (message({"signature": 5}), "bytes must be 0x"),
        (message({"signature": None}), "the answer has no signature"),
        (message(b"{"), "a message is not JSON"),
        (struct.pack(">I", 2**32 - 1), "is too long, 1024 are allowed"),
        (message({"refused": "a\nb\x1b[31m" + "c" * 600}), "refuses: a b [31mccc"),
        (message({"refused": {"a": 1}}), "refuses: {'a': 1}"),
    ],
)
def test_sign__nonsense__is_one_line(folder: Path, reply: bytes, why: str) -> None:
    with liar(folder, lambda link: link.sendall(reply)) as path:
        error = failure_of(lambda: RemoteSigner(path, ADDRESS).sign(TX))
    assert why in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 400


def test_sign__signer_hangs__gives_up_and_rests(folder: Path) -> None:
    now = [0.0]
    done = threading.Event()
    with liar(folder, lambda _link: done.wait(5)) as path:
        client = RemoteSigner(path, ADDRESS, timeout=0.2, monotonic=lambda: now[0])
        began = time.monotonic()
        failures = [failure_of(lambda: client.sign(TX)) for _ in range(100)]
        assert time.monotonic() - began < 1
        assert {str(error) for error in failures} == {f"signer at {path}: says nothing in time"}
        done.set()


def test_sign__no_transaction__nobody_is_asked(folder: Path) -> None:
    client = RemoteSigner(folder / "nobody", ADDRESS)
    with pytest.raises(SigningError, match="transaction: tip 5 is above max_fee 4"):
        client.sign(replace(TX, max_fee=4, tip=5))


def test_refused__long_text__is_cut() -> None:
    assert len(refused("x" * 1_000)["refused"]) == 300
