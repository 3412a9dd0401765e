"""What a remote signer refuses, whom it answers, and that nothing stops it."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from keepers.core.signer_server import SignerServer, listen
from keepers.core.signer_wire import MAX_QUESTION, question
from tests.keepers.core.signer_world import POLICY, PlainKey, Remote, message, remote
from tests.keepers.core.signing_cases import ADDRESS, KEY, OTHER, TX
from tests.keepers.core.test_local_signer import assert_silent, failure_of


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="k") as name:  # a path of a socket has 107 bytes at most
        yield Path(name)


@pytest.fixture
def key() -> PlainKey:
    return PlainKey()


@pytest.fixture
def world(folder: Path, key: PlainKey) -> Iterator[Remote]:
    with remote(folder, key, patience=0.5) as found:
        yield found


def ask(world: Remote, raw: bytes, *, close: bool = True) -> Any:
    """What the server answers to these bytes; None if it says nothing."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(world.path))
        try:
            link.sendall(raw)
            if close:
                link.shutdown(socket.SHUT_WR)
            found = b""
            while piece := link.recv(4096):
                found += piece
        except OSError:
            return None
    return json.loads(found[4:]) if found else None


# -- what the server refuses


def test_sign__outside_of_the_policy__key_is_not_touched(world: Remote, key: PlainKey) -> None:
    error = failure_of(lambda: world.client().sign(replace(TX, chain_id=1)))
    assert str(error) == f"signer at {world.path} refuses: chain 1 is not 42161 (chain_id)"
    assert key.signed == 0
    assert world.lines[-1].endswith("chain 1 is not 42161 (chain_id)")


def test_sign__all_of_a_day_used__waits_for_the_next(folder: Path) -> None:
    now, key = [0.0], PlainKey()
    policy = replace(POLICY, per_day=2)
    with remote(folder, key, policy=policy, wall=lambda: now[0]) as world:
        client = world.client()
        client.sign(TX)
        failure_of(lambda: client.sign(replace(TX, gas=10**9)))  # refused: it does not count
        client.sign(TX)
        error = failure_of(lambda: client.sign(TX))
        assert "2 transactions were signed today, all that are allowed (per_day)" in str(error)
    with remote(folder, key, policy=policy, wall=lambda: now[0]) as world:
        failure_of(lambda: world.client().sign(TX))  # also after a restart
        now[0] = 86_400.0
        world.client().sign(TX)
    assert key.signed == 3


def test_sign__count_cannot_be_written__key_is_not_touched(
    world: Remote, key: PlainKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "so nothing is signed" in str(failure_of(lambda: world.client().sign(TX)))
    assert key.signed == 0


def test_sign__user_that_may_not_ask__is_refused_before_it_is_read(folder: Path) -> None:
    key = PlainKey()
    with remote(folder, key, users=frozenset({os.getuid() + 1})) as world:
        error = failure_of(lambda: world.client().sign(TX))
        assert f"refuses: user {os.getuid()} is not among those that may ask (users)" in str(error)
        huge = replace(TX, data=bytes(2**17))
        assert "is not among those" in str(failure_of(lambda: world.client().sign(huge)))
    assert key.signed == 0


def test_sign__key_breaks_with_a_secret_in_its_error__tells_its_kind_alone(
    world: Remote, key: PlainKey
) -> None:
    key.trouble = RuntimeError(f"cannot sign with {KEY.hex()}")
    error = failure_of(lambda: world.client().sign(TX))
    assert str(error).endswith("refuses: the signer is broken: RuntimeError")
    assert_silent(error)
    assert KEY.hex() not in "".join(world.lines)
    key.trouble = None
    assert world.client().sign(TX)


GOOD = question(ADDRESS, TX)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "a message is not JSON"),
        (b"\xff\xfe", "a message is not JSON"),
        pytest.param(b"[" * 100_000, "a message is nested too deeply", id="nested deeply"),
        pytest.param(b"1" * 10_000, "a message is not JSON", id="long number"),
        (None, "a question has account and tx"),
        ([GOOD], "a question has account and tx"),
        ({"account": ADDRESS}, "a question has account and tx"),
        ({**GOOD, "digest": "0x"}, "a question has account and tx"),
        ({**GOOD, "account": None}, "account must be a text"),
        ({**GOOD, "account": OTHER}, f"this signer has no key of {OTHER}"),
        ({**GOOD, "account": "a\nb\x1b[2J"}, "this signer has no key of a b [2J"),
        ({**GOOD, "tx": {}}, "a tx has chain_id, nonce, to, data, gas, max_fee, tip, value"),
        ({**GOOD, "tx": {**GOOD["tx"], "more": 1}}, "a tx has chain_id, nonce, to"),
        ({**GOOD, "tx": {**GOOD["tx"], "gas": "1"}}, "gas must be a whole number"),
        ({**GOOD, "tx": {**GOOD["tx"], "gas": 1.5}}, "gas must be a whole number"),
        ({**GOOD, "tx": {**GOOD["tx"], "gas": True}}, "gas must be a whole number"),
        ({**GOOD, "tx": {**GOOD["tx"], "gas": -1}}, "gas must be a whole number of 64 bits"),
        ({**GOOD, "tx": {**GOOD["tx"], "to": 5}}, "to must be a text"),
        ({**GOOD, "tx": {**GOOD["tx"], "to": TX.to.lower()}}, "to must be an address with"),
        ({**GOOD, "tx": {**GOOD["tx"], "data": "228cb733"}}, "bytes must be 0x and pairs"),
        ({**GOOD, "tx": {**GOOD["tx"], "data": "0x1"}}, "bytes must be 0x and pairs"),
    ],
)
def test_server__question_of_another_shape__is_refused_in_one_line(
    world: Remote, key: PlainKey, content: Any, why: str
) -> None:
    found = ask(world, message(content))
    assert found["refused"].removeprefix("transaction: ").startswith(why)
    assert "\n" not in world.lines[-1]
    assert key.signed == 0
    assert world.client().sign(TX)


def test_server__message_too_long__is_refused_unread(world: Remote) -> None:
    found = ask(world, struct.pack(">I", MAX_QUESTION + 1))
    assert found["refused"].startswith(f"a message of {MAX_QUESTION + 1} bytes is too long")


@pytest.mark.parametrize("raw", [b"", b"\x00\x00", message(GOOD)[:-1]])
def test_server__keeper_stops_in_mid_message__is_left_after_its_time(
    world: Remote, raw: bytes
) -> None:
    began = time.monotonic()
    assert ask(world, raw, close=False) == {"refused": "says nothing in time"}
    assert 0.4 < time.monotonic() - began < 4
    assert world.client().sign(TX)


def test_server__keeper_that_drips__does_not_get_more_time(world: Remote) -> None:
    def drip(link: socket.socket) -> None:
        for byte in message(GOOD):
            link.sendall(bytes([byte]))
            time.sleep(0.02)

    began = time.monotonic()
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(world.path))
        with pytest.raises(OSError):
            drip(link)
    assert time.monotonic() - began < 4
    assert world.client().sign(TX)


def test_server__noise__never_stops_it_nor_reaches_the_key(world: Remote, key: PlainKey) -> None:
    draw = random.Random(24)
    good = message(GOOD)
    for _ in range(200):
        raw = bytearray(good if draw.random() < 0.7 else draw.randbytes(draw.randrange(64)))
        for _ in range(draw.randrange(1, 4)):
            if raw:
                raw[draw.randrange(len(raw))] = draw.randrange(256)
        before, found = key.signed, ask(world, bytes(raw))
        if key.signed > before:  # the noise made another allowed transaction
            assert found.keys() == {"signature"}
            assert POLICY.chain_id == json.loads(bytes(raw)[4:])["tx"]["chain_id"]
    assert world.client().sign(TX)


# -- its socket


def test_listen__socket__is_for_its_owner_alone(world: Remote) -> None:
    assert world.path.stat().st_mode & 0o777 == 0o600


def test_listen__with_a_group__is_for_the_group_too(folder: Path) -> None:
    with listen(folder / "s", os.getgid()):
        assert (folder / "s").stat().st_mode & 0o777 == 0o660


def test_listen__socket_of_a_killed_signer__is_replaced(folder: Path) -> None:
    listen(folder / "s", None).close()
    assert (folder / "s").exists()
    with remote(folder, PlainKey()) as world:
        assert world.client().sign(TX)
    assert not (folder / "s").exists()


def test_listen__another_signer_lives_there__is_refused(world: Remote) -> None:
    error = failure_of(lambda: listen(world.path, None))
    assert str(error) == f"{world.path}: another signer listens there; stop that one first"
    assert world.client().sign(TX)


def test_listen__path_is_a_file_or_nowhere_or_too_long__is_refused(folder: Path) -> None:
    (folder / "file").write_text("mine")
    assert "is no socket" in str(failure_of(lambda: listen(folder / "file", None)))
    assert (folder / "file").read_text() == "mine"
    nowhere, long = folder / "no" / "s", folder / ("s" * 120)
    assert "No such file" in str(failure_of(lambda: listen(nowhere, None)))
    assert "path too long" in str(failure_of(lambda: listen(long, None)))


def test_stop__while_a_keeper_is_silent__ends_within_its_patience(folder: Path) -> None:
    server = SignerServer(folder / "s", {}, users={os.getuid()}, tell=lambda _: None, patience=0.3)
    thread = threading.Thread(target=server.serve)
    thread.start()
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(folder / "s"))
        server.stop()
        thread.join(3)
    assert not thread.is_alive()
