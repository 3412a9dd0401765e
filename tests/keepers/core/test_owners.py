"""Who holds a lease, and whether it is gone: keepers spec (e1), R2 and R15."""

from __future__ import annotations

import subprocess
import sys

import pytest

from keepers.core import owners
from keepers.core.journal import Journal
from keepers.core.lease import Lease
from keepers.core.owners import has_ended, this_process


def test_has_ended__this_process__has_not() -> None:
    assert not has_ended(this_process())


def test_has_ended__killed_process__has() -> None:
    code = (
        "from keepers.core.owners import this_process; print(this_process(), flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    owner = child.stdout.readline().strip()
    assert not has_ended(owner)
    child.kill()
    child.communicate()
    assert has_ended(owner)


def test_has_ended__its_number_is_another_process_now__has() -> None:
    host, pid, started = this_process().rsplit(":", 2)
    assert has_ended(f"{host}:{pid}:{int(started) + 1}")


@pytest.mark.parametrize("owner", ["", "keeper-1", "a:b", "elsewhere:1:2", "elsewhere:999999:2"])
def test_has_ended__nobody_here_can_tell__has_not(owner: str) -> None:
    assert not has_ended(owner)


def test_has_ended__no_proc__nobody_can_tell(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    host, pid, started = this_process().rsplit(":", 2)
    monkeypatch.setattr(owners, "PROC", tmp_path / "none")
    assert not has_ended(f"{host}:{pid}:{int(started) + 1}")
    assert this_process().endswith(":0")


def test_beat__holder_was_killed__is_taken_over_at_once_and_fenced() -> None:
    journal = Journal.open("sqlite://", identity={})
    dead = Lease(journal, "account", "dead")
    held = dead.beat()
    heir = Lease(journal, "account", "heir", has_ended=lambda owner: owner == "dead")
    found = heir.beat()
    assert held
    assert found
    assert found.token == held.token + 1
    assert dead.beat() is None
