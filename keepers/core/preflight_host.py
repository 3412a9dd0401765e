"""Is what keepers need on this host there: keys, passwords, a journal, room on its disk?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url

from keepers.core.config import Config, SignerConfig
from keepers.core.findings import Finding, error, warning
from keepers.core.journal import Journal
from keepers.core.journal_tables import leases
from keepers.core.lease import NOBODY
from keepers.core.owners import has_ended
from keepers.core.remote_signer import RemoteSigner
from keepers.core.signers import build_signer
from keepers.core.signing import SigningError
from keepers.keystore import KeystoreError, address_in, ape_keystore

MIB = 2**20
LITTLE_ROOM, NO_ROOM = 500 * MIB, 50 * MIB
PATIENCE = 2.0  # seconds, for a journal that another process writes
FreeBytes = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def check_signer(config: SignerConfig) -> list[Finding]:
    """By opening it, as a keeper does: file modes, password, address, a process that answers."""
    try:
        signer = build_signer(config)
        if isinstance(signer, RemoteSigner):
            signer.check()
    except SigningError as trouble:
        key = f"signers.{config.name}"
        return [error(key, str(trouble).removeprefix(f"{key}: "))]
    return []


def account_of(config: SignerConfig) -> str | None:
    """Address of a signer without opening it. None if its files do not tell."""
    if config.address:
        return config.address
    try:
        if config.type == "ape" and config.alias:
            return address_in(ape_keystore(config.alias))
        return address_in(config.path) if config.path else None
    except KeystoreError:
        return None  # check_signer says what is wrong


def check_journal(config: Config, free: FreeBytes) -> list[Finding]:
    """An SQLite file that is not there yet is not made. Raises JournalError."""
    url = make_url(config.journal.url)
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        folder = next(one for one in file.parents if one.exists())
        if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
            return [error("journal.url", f"{folder}: no file can be made there: check its owner")]
        room = list(_room(folder, free))
        if not file.exists():
            return room
    else:
        room = []
    identity = config.network.identity
    with closing(Journal.open(config.journal.url, identity=identity, patience=PATIENCE)) as journal:
        return room + list(_holders(config, journal))


def _room(folder: Path, free: FreeBytes) -> Iterator[Finding]:
    left = free(folder)
    text = f"{folder}: {left // MIB} MiB are free; without room nothing is sent"
    if left < NO_ROOM:
        yield error("journal.url", f"{text}: free some")
    elif left < LITTLE_ROOM:
        yield warning("journal.url", text)


def _holders(config: Config, journal: Journal) -> Iterator[Finding]:
    """Other processes that act for the same accounts, or did until they were killed."""
    if not config.lease.enabled:
        yield warning(
            "lease.enabled", "is false: a second process with the same journal would act as well"
        )
    accounts = {account_of(config.signers[name]): name for name in config.signers_in_use}
    with journal.database.reading() as db:
        rows = db.execute(select(leases.c.name, leases.c.owner)).all()
    for row in rows:
        is_free = row.owner in (NOBODY, config.lease.owner) or has_ended(row.owner)
        if row.name in accounts and not is_free:
            yield warning(
                "lease.owner",
                f"{row.owner} acts for {accounts[row.name]}: this process waits until that one "
                f"ends, or is silent for {config.lease.ttl:g} s",
            )
