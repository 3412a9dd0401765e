"""`python -m keepers signer`: holds keys, and signs what their policies allow."""

from __future__ import annotations

import ctypes
import resource
import signal
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import click

from keepers.core.day_count import DayCount
from keepers.core.guarded_signer import GuardedSigner
from keepers.core.model import KeeperError
from keepers.core.signer_config import SignerServerConfig, load_signer_config
from keepers.core.signer_server import SignerServer
from keepers.core.signers import open_key

PR_SET_DUMPABLE = 4


@click.command(short_help="Hold keys for keepers, and sign what a policy allows")
@click.option("--config", type=click.Path(path_type=Path), required=True, help="signer.toml")
@click.option("--check", is_flag=True, help="Open every key and stop; nothing is listened at.")
def signer(config: Path, check: bool) -> None:
    """Hold keys in a process of its own, and sign for keepers over a unix socket.

    Keepers reach it with type = "remote" in keepers.toml. Run it as another user than they.
    """
    try:
        _close_memory()
        found = load_signer_config(config)
        with closing(DayCount(found.count)) as count:
            guards = _guards(found, count)
            for address, guard in guards.items():
                _tell(f"{address}: {guard.summary}")
            if not check:
                _serve(found, guards)
    except KeeperError as error:
        raise click.ClickException(str(error)) from None


def _guards(config: SignerServerConfig, count: DayCount) -> dict[str, GuardedSigner]:
    found: dict[str, GuardedSigner] = {}
    for name, (key, policy) in config.keys.items():
        guard = GuardedSigner(open_key(key), policy, count)
        if guard.address in found:
            raise KeeperError(f"signers.{name}: {guard.address} has a section already; keep one")
        found[guard.address] = guard
    return found


def _serve(config: SignerServerConfig, guards: Mapping[str, GuardedSigner]) -> None:
    server = SignerServer(config.socket, guards, users=config.users, group=config.group, tell=_tell)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: server.stop())
    _tell(f"listening at {config.socket}")
    server.serve()


def _close_memory() -> None:
    """No core file, and no look into this process by others of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _tell(line: str) -> None:
    with suppress(OSError):  # a log that is full or gone stops no reward
        click.echo(line, err=True)
