"""An orchestrator's signing key, behind a guard that cannot be made to sign twice.

Two receipts for one (job, sequence) are proof of equivocation and cost stake, so what is going to
be signed is on disk before the signature exists: whatever dies, whatever is asked again after a
restart, the answer is the same receipt or a refusal. The guard recomputes what it vouches for, and
so signs no order that would make it a party to a gateway's false fingerprint.
Source: verification spec, section 8.2; section 9, requirement 14.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from eth_utils.address import to_checksum_address

from verifier import faults, merkle
from verifier.claims import source_problem
from verifier.decode import Decoded
from verifier.messages import (
    Domain,
    MessageError,
    Profile,
    RenditionLeaf,
    SegmentOrder,
    SegmentReceipt,
    profiles_hash,
    renditions_root,
    sign,
    signer_of,
)
from verifier.proofs import SignedSegment

BUSY_SECONDS = 10  # to wait for another process that is signing
# Sequence numbers are uint64 and SQLite's integers signed: text of fixed length keeps their order.
SCHEMA = """
CREATE TABLE IF NOT EXISTS receipts (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    domain BLOB NOT NULL,
    orchestrator TEXT NOT NULL,
    job BLOB NOT NULL,
    seq TEXT NOT NULL,
    gateway TEXT NOT NULL,
    receipt TEXT NOT NULL,
    UNIQUE (domain, orchestrator, job, seq)
)
"""


class RefusedOrder(ValueError):
    """An order or its result that must not be signed; one line that says why."""


class EquivocationRefused(RefusedOrder):
    """Another receipt for this job and sequence number has been signed already."""


class ReceiptSigner:
    """Signs receipts of one orchestrator with `key`, and remembers every one of them in `path`.

    Several processes may share the file. It must outlive them: without it the same key could sign
    again. Signatures count in `domain`; `orchestrator` is whose stake stands behind them.
    """

    def __init__(self, key: bytes, domain: Domain, path: Path, orchestrator: str) -> None:
        self._key, self._domain, self._path = key, domain, path
        self._orchestrator = to_checksum_address(orchestrator)
        self._separator = domain.separator()
        # Made here for its permissions: it tells what the orchestrator worked on.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with self._transaction() as database:
            database.execute(SCHEMA)

    def sign(
        self,
        order: SegmentOrder,
        order_sig: bytes,
        source_bytes: bytes,
        source: Decoded,
        profiles: Sequence[Profile],
        leaves: Sequence[RenditionLeaf],
        now: int,
    ) -> SignedSegment:
        """The receipt for a finished segment; for the same content again, the same receipt.

        `source` is what the orchestrator itself decoded from `source_bytes`, `leaves` what it
        delivers, `now` unix seconds. RefusedOrder says in one line what is wrong with the order or
        the leaves, EquivocationRefused that something else was signed in this place.
        """
        # One way to write an address; the struct hash has none.
        order = replace(
            order,
            gateway=to_checksum_address(order.gateway),
            orchestrator=to_checksum_address(order.orchestrator),
        )
        self._check_order(order, order_sig, source_bytes, source, profiles)
        with self._transaction() as database:
            kept = self._kept(database, order)
            if kept is None:
                self._check_not_late(order, now)
                last = self._last_of_job(database, order)
                receipt = self._receipt(order, leaves, last, now)
                self._check_consistent(order, receipt, leaves, profiles)
                self._keep(database, order, receipt)
            else:
                receipt = kept
                if receipt != self._receipt(order, leaves, receipt.prev_receipt, receipt.signed_at):
                    raise EquivocationRefused(
                        f"another receipt is signed for job 0x{order.job_id.hex()}, "
                        f"sequence {order.seq}"
                    )
        # Only here, after the transaction is on disk, does a signature come into being.
        receipt_sig = sign(self._domain, receipt, self._key)
        return SignedSegment(order, order_sig, receipt, receipt_sig, tuple(profiles), tuple(leaves))

    # -- what must hold before anything is signed

    def _check_order(
        self,
        order: SegmentOrder,
        order_sig: bytes,
        source_bytes: bytes,
        source: Decoded,
        profiles: Sequence[Profile],
    ) -> None:
        try:
            signer = signer_of(self._domain, order, order_sig)
            ordered = profiles_hash(profiles)
        except MessageError as error:
            raise RefusedOrder(f"order: {error}") from None
        if signer != order.gateway:
            raise RefusedOrder(f"order names gateway {order.gateway}, but {signer} signed it")
        if order.orchestrator != self._orchestrator:
            raise RefusedOrder(f"order is for orchestrator {order.orchestrator}")
        if ordered != order.profiles_hash:
            raise RefusedOrder("profiles are not those of the order")
        problem = source_problem(order, source_bytes, source)
        if problem:
            raise RefusedOrder(problem)

    def _check_not_late(self, order: SegmentOrder, now: int) -> None:
        """A receipt after the order's expiry is void, so it would be work for nothing."""
        if now > order.expiry:
            raise RefusedOrder(f"order expired {now - order.expiry} s ago")

    def _check_consistent(
        self,
        order: SegmentOrder,
        receipt: SegmentReceipt,
        leaves: Sequence[RenditionLeaf],
        profiles: Sequence[Profile],
    ) -> None:
        found = faults.contradictions(order, receipt, leaves, profiles)
        if found:
            names = ", ".join(one.name for one in found)
            raise RefusedOrder(f"the receipt would contradict itself: {names}")

    def _receipt(
        self, order: SegmentOrder, leaves: Sequence[RenditionLeaf], previous: bytes, now: int
    ) -> SegmentReceipt:
        if not leaves:
            raise RefusedOrder("there is no rendition to sign for")
        return SegmentReceipt(
            order_hash=order.struct_hash(),
            job_id=order.job_id,
            seq=order.seq,
            orchestrator=self._orchestrator,
            source_root=order.source_root,
            renditions_root=renditions_root(leaves),
            renditions=len(leaves),
            pixels=sum(leaf.frames * leaf.width * leaf.height for leaf in leaves),
            prev_receipt=previous,
            signed_at=now,
        )

    # -- memory

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Alone with the file until the end, which is on disk when this returns without error."""
        with closing(
            sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        ) as database:
            # EXTRA also syncs the folder after the journal is gone: a power cut loses nothing.
            database.execute("PRAGMA synchronous = EXTRA")
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    def _kept(self, database: sqlite3.Connection, order: SegmentOrder) -> SegmentReceipt | None:
        row = database.execute(
            "SELECT receipt FROM receipts"
            " WHERE domain = ? AND orchestrator = ? AND job = ? AND seq = ?",
            (self._separator, self._orchestrator, order.job_id, _seq(order)),
        ).fetchone()
        return SegmentReceipt.from_json(json.loads(row[0])) if row else None

    def _last_of_job(self, database: sqlite3.Connection, order: SegmentOrder) -> bytes:
        """Struct hash of the receipt signed before in this session, zero for the first.

        Before in time, not in number: segments may be finished in another order, and the chain has
        no forks all the same. A session is one gateway's: nobody else can use up its numbers.
        """
        row = database.execute(
            "SELECT receipt, gateway FROM receipts"
            " WHERE domain = ? AND orchestrator = ? AND job = ? ORDER BY place DESC LIMIT 1",
            (self._separator, self._orchestrator, order.job_id),
        ).fetchone()
        if row is None:
            return merkle.ZERO
        if row[1] != order.gateway:
            raise RefusedOrder("the job is another gateway's")
        return SegmentReceipt.from_json(json.loads(row[0])).struct_hash()

    def _keep(
        self, database: sqlite3.Connection, order: SegmentOrder, receipt: SegmentReceipt
    ) -> None:
        database.execute(
            "INSERT INTO receipts (domain, orchestrator, job, seq, gateway, receipt)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                self._separator,
                self._orchestrator,
                order.job_id,
                _seq(order),
                order.gateway,
                json.dumps(receipt.to_json()),
            ),
        )


def _seq(order: SegmentOrder) -> str:
    return f"{order.seq:020d}"
