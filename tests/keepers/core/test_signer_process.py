"""The signer as a process of its own: where the key is, what it says, how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from keepers.core.remote_signer import RemoteSigner
from keepers.core.signing import SigningError
from tests.keepers.core.signing_cases import (
    ADDRESS,
    KEY,
    PASSWORD,
    TX,
    decoded,
    fifty,
    write_keystore,
)
from tests.keepers.core.test_local_signer import SECRETS
from tests.keepers.core.test_signer_command import VALID, write

# Knows neither key nor password: what is in its memory, it was given.
CLIENT = f"""
import sys
from pathlib import Path
from keepers.core.local_signer import LocalSigner
from keepers.core.model import Unsigned
from keepers.core.remote_signer import RemoteSigner
folder = Path(sys.argv[2])
if sys.argv[1] == "remote":
    signer = RemoteSigner(folder / "s", "{ADDRESS}")
else:
    signer = LocalSigner.open(folder / "caller.json", folder / "caller.password")
print(signer.sign({TX!r}).raw.hex(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="k") as name:
        write_keystore(Path(name))
        write(Path(name))
        yield Path(name)


def command(folder: Path) -> list[str]:
    code = "from keepers.signer_command import signer; signer()"
    return [sys.executable, "-c", code, "--config", str(folder / "signer.toml")]


@contextmanager
def running(folder: Path, *, ends: int = 0) -> Iterator[int]:
    """Its process id. What it says is in the file `log`; `ends` is how it does."""
    log = folder / "log"
    log.touch()
    before = log.read_text().count("listening at")
    with log.open("a") as out:
        process = subprocess.Popen(
            command(folder),
            stdout=out,
            stderr=out,
        )
        try:
            wait_for(lambda: process.poll() or log.read_text().count("listening at") > before)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == ends, log.read_text()


def wait_for(happens: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


def holds(process: int, secret: bytes) -> bool:
    """Whether bytes are anywhere in the memory of a process."""
    regions = Path(f"/proc/{process}/maps").read_text().splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for region in regions:
            first, last, mode = re.findall(r"^(\w+)-(\w+) (\S+)", region)[0]
            if not mode.startswith("r") or region.endswith(("[vvar]", "[vsyscall]")):
                continue
            memory.seek(int(first, 16))
            try:
                found = memory.read(int(last, 16) - int(first, 16))
            except OSError:
                continue
            if secret in found:
                return True
    return False


def memory_of(folder: Path, kind: str) -> tuple[bool, bool, bool]:
    """Whether a keeper that signed has the key, its digits, the password in its memory."""
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, kind, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin
        assert client.stdout
        assert decoded(bytes.fromhex(client.stdout.readline())) == (ADDRESS, TX)
        secrets = (KEY, KEY.hex().encode(), PASSWORD.encode())
        found = tuple(holds(client.pid, secret) for secret in secrets)
        client.stdin.close()
    return found[0], found[1], found[2]


def test_memory__of_a_keeper_with_a_remote_signer__has_no_key(folder: Path) -> None:
    with running(folder):
        assert memory_of(folder, "remote") == (False, False, False)
    assert memory_of(folder, "local")[0]  # else the search would find nothing anywhere


def test_process__whatever_it_is_asked__tells_no_secret(folder: Path) -> None:
    (folder / "caller.password").write_text(PASSWORD + "x")
    with running(folder, ends=1):
        pass
    (folder / "caller.password").write_text(PASSWORD)
    with running(folder):
        client = RemoteSigner(folder / "s", ADDRESS)
        client.check()
        client.sign(TX)
        for tx in fifty():
            with pytest.raises(SigningError, match="refuses: (chain|contract) "):
                client.sign(tx)
    told = (folder / "log").read_text()
    assert "cannot be decrypted with this password" in told
    assert told.count("refused process") == 50
    assert [secret for secret in SECRETS if secret.lower() in told.lower()] == []


def test_process__killed_and_started_again__keeps_its_count(folder: Path) -> None:
    write(folder, VALID.replace("per_day = 10", "per_day = 2"))
    with running(folder):
        RemoteSigner(folder / "s", ADDRESS).sign(TX)
    with running(folder, ends=-signal.SIGKILL) as process:
        RemoteSigner(folder / "s", ADDRESS).sign(TX)
        os.kill(process, signal.SIGKILL)
    assert (folder / "s").exists()
    with running(folder), pytest.raises(SigningError, match="all that are allowed"):
        RemoteSigner(folder / "s", ADDRESS).sign(replace(TX, nonce=9))
    assert not (folder / "s").exists()


def test_process__second_one__ends_with_a_reason(folder: Path) -> None:
    with running(folder):
        found = subprocess.run(command(folder), capture_output=True, text=True, timeout=30)
        assert found.returncode == 1
        assert "another signer counts in it; stop that one" in found.stderr
        assert "Traceback" not in found.stderr
        RemoteSigner(folder / "s", ADDRESS).sign(TX)


def test_process__leaves_no_core_file(folder: Path) -> None:
    with running(folder) as process:
        limits = Path(f"/proc/{process}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_process__nobody_reads_its_log__goes_on(folder: Path) -> None:
    process = subprocess.Popen(command(folder), stderr=subprocess.PIPE, text=True)
    log = process.stderr
    assert log
    try:
        assert any("listening at" in line for line in log)
        log.close()
        for nonce in range(2):
            assert RemoteSigner(folder / "s", ADDRESS).sign(replace(TX, nonce=nonce))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
