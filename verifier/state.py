"""What a watching verifier remembers: receipts, draws, checks and epochs, in one SQLite file.

A receipt is SKIPPED or QUEUED by its draw, and QUEUED ends as CHECKED or FAILED. Every step is one
durable transaction, so after a crash nothing that was checked is checked again and nothing that was
drawn is lost. Invariant: each receipt has exactly one draw.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verifier.messages import Domain
from verifier.proofs import SignedSegment, conflict
from verifier.sampling import FOLLOW_UPS, Draw, Epoch
from verifier.standing import Sample, Standing, standing

SKIPPED, QUEUED, CHECKED, FAILED = "skipped", "queued", "checked", "failed"
VERSION = 1

_SCHEMA = """
create table if not exists facts (name text primary key, value text not null);
create table if not exists epochs (
    number integer primary key, commitment blob not null, committed_at integer not null,
    secret blob not null, revealed_at integer not null);
create table if not exists names (name text primary key, problem text not null);
create table if not exists receipts (
    id integer primary key, receipt blob unique not null, name text not null,
    job text not null, seq text not null, previous blob not null, orchestrator text not null,
    epoch integer not null, before integer not null, rate integer not null, reason text not null,
    drawn integer not null, at integer not null, forced integer not null default 0,
    state text not null, problem text not null default '', signed blob not null);
create index if not exists receipts_by_job on receipts (job, seq);
create index if not exists receipts_by_state on receipts (state, id);
create index if not exists receipts_by_orchestrator on receipts (orchestrator, id);
create table if not exists checks (
    id integer primary key, receipt blob not null, orchestrator text not null, job text not null,
    seq text not null, verdict text not null, lie integer not null, codes text not null,
    reports text not null, content text, at integer not null, checked integer not null);
create index if not exists checks_by_orchestrator on checks (orchestrator, id);
create unique index if not exists checks_by_receipt on checks (receipt) where checked = 1;
create table if not exists pardons (orchestrator text primary key, after integer not null);
"""


class StateError(Exception):
    """The memory is of another chain, another version, or cannot be opened; one line."""


@dataclass(frozen=True)
class Receipt:
    """A remembered receipt. `forced`: a finding before it in its job made its check certain."""

    id: int
    hash: bytes
    name: str
    orchestrator: str
    draw: Draw
    forced: bool
    state: str
    signed: SignedSegment


class State:
    """One process at a time. `seq` is text because SQLite has no unsigned 64-bit integers."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=1)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.execute("pragma locking_mode = exclusive")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StateError(f"{path}: {error}: is another verifier using it?") from None
        self._path = path
        self._fact("version", str(VERSION), "another version of the verifier wrote it")

    def close(self) -> None:
        self._db.close()

    def bind(self, domain: Domain) -> None:
        """StateError when receipts of another chain or contract are remembered here."""
        text = f"{domain.chain_id}:{domain.verifying_contract}"
        self._fact("domain", text, "it remembers receipts of another chain or contract")

    def _fact(self, name: str, value: str, problem: str) -> None:
        self._db.execute("insert or ignore into facts values (?, ?)", (name, value))
        if self._one("select value from facts where name = ?", name)[0] != value:
            raise StateError(f"{self._path}: {problem}: name another --state")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    # -- epochs

    def epoch(self) -> Epoch | None:
        """The latest epoch, open or revealed."""
        row = self._one("select * from epochs order by number desc limit 1")
        return None if row is None else Epoch(row[0], row[1], row[2], row[3], row[4])

    def keep_epoch(self, epoch: Epoch) -> None:
        values = (epoch.number, epoch.commitment, epoch.committed_at, epoch.secret,
                  epoch.revealed_at)  # fmt: skip
        self._db.execute("insert or replace into epochs values (?, ?, ?, ?, ?)", values)

    def draws(self, epoch: int) -> list[Draw]:
        rows = self._all("select * from receipts where epoch = ? order by id", epoch)
        return [_receipt(row).draw for row in rows]

    # -- receipts

    def known_names(self) -> set[str]:
        return {row[0] for row in self._all("select name from names")}

    def note_name(self, name: str, problem: str) -> None:
        """Remember that a folder was read and is no receipt, and why."""
        self._db.execute("insert or ignore into names values (?, ?)", (name, problem))

    def knows(self, receipt: bytes) -> bool:
        return self._one("select 1 from receipts where receipt = ?", receipt) is not None

    def drawn_before(self, orchestrator: str) -> int:
        row = self._one(
            "select before from receipts where orchestrator = ? order by id desc limit 1",
            orchestrator,
        )
        return 0 if row is None else int(row[0]) + 1

    def add(self, name: str, signed: SignedSegment, draw: Draw) -> None:
        """Remember a receipt with its draw: queued if drawn, else skipped."""
        receipt = signed.receipt
        text = json.dumps(signed.to_json(), separators=(",", ":"))
        self._db.execute(
            "insert into receipts (receipt, name, job, seq, previous, orchestrator, epoch, before,"
            " rate, reason, drawn, at, state, signed) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (receipt.struct_hash(), name, receipt.job_id.hex(), str(receipt.seq),
             receipt.prev_receipt, receipt.orchestrator, draw.epoch, draw.before, draw.rate,
             draw.reason, draw.drawn, draw.at, QUEUED if draw.drawn else SKIPPED,
             zlib.compress(text.encode())),
        )  # fmt: skip
        self.note_name(name, "")

    def queue(self) -> list[Receipt]:
        """Drawn and not checked yet; those that follow a finding first, then by arrival."""
        rows = self._all(
            "select * from receipts where state = ? order by forced desc, rate desc, id", QUEUED
        )
        return [_receipt(row) for row in rows]

    def queued(self) -> int:
        return int(self._one("select count(*) from receipts where state = ?", QUEUED)[0])

    def conflicting(self, signed: SignedSegment) -> list[SignedSegment]:
        """Remembered receipts that cannot be honest beside this one."""
        receipt = signed.receipt
        rows = self._all(
            "select * from receipts where orchestrator = ? and job = ? and receipt != ?"
            " and (seq = ? or previous = ?)",
            receipt.orchestrator, receipt.job_id.hex(), receipt.struct_hash(), str(receipt.seq),
            receipt.prev_receipt,
        )  # fmt: skip
        others = [_receipt(row).signed for row in rows]
        return [other for other in others if conflict(other.receipt, receipt)]

    def force_after(self, job: str, seq: int) -> int:
        """Queue those of the five next receipts of a job that were skipped; returns how many."""
        following = [str(seq + step) for step in range(1, FOLLOW_UPS + 1)]
        marks = ",".join("?" * len(following))
        return self._db.execute(
            "update receipts set state = ?, forced = 1 where state = ? and job = ?"
            f" and seq in ({marks})",
            (QUEUED, SKIPPED, job, *following),
        ).rowcount

    def fail(self, receipt: bytes, problem: str) -> None:
        self._db.execute(
            "update receipts set state = ?, problem = ? where receipt = ?",
            (FAILED, problem, receipt),
        )

    # -- checks

    def record(
        self, signed: SignedSegment, verdict: str, *, checked: bool, lie: bool,
        codes: Iterable[str], now: int, reports: Sequence[Any] = (), content: str | None = None,
    ) -> None:  # fmt: skip
        """Remember a finished check, or a lie that needed none; `content` is a ContentSegment."""
        receipt = signed.receipt
        hash_ = receipt.struct_hash()
        self._db.execute(
            "insert into checks (receipt, orchestrator, job, seq, verdict, lie, codes, reports,"
            " content, at, checked) values (?,?,?,?,?,?,?,?,?,?,?)",
            (hash_, receipt.orchestrator, receipt.job_id.hex(), str(receipt.seq), verdict, lie,
             " ".join(codes), json.dumps(list(reports)), content, now, checked),
        )  # fmt: skip
        if checked:
            self._db.execute("update receipts set state = ? where receipt = ?", (CHECKED, hash_))

    def samples(self, orchestrator: str) -> list[Sample]:
        rows = self._all(
            "select job, seq, verdict, lie from checks where orchestrator = ? and id >"
            " coalesce((select after from pardons where orchestrator = ?), 0) order by id",
            orchestrator, orchestrator,
        )  # fmt: skip
        return [Sample(job, int(seq), verdict, bool(lie)) for job, seq, verdict, lie in rows]

    def reports(self, since: int, until: int) -> list[Any]:
        """Signed reports of the checks in a stretch of time, in order."""
        rows = self._all(
            "select reports from checks where at >= ? and at <= ? order by id", since, until
        )
        return [report for row in rows for report in json.loads(row[0])]

    def standings(self) -> dict[str, Standing]:
        rows = self._all("select distinct orchestrator from receipts order by 1")
        return {row[0]: standing(self.samples(row[0])) for row in rows}

    def pardon(self, orchestrator: str) -> None:
        """Let an orchestrator start anew: what was found so far counts no more."""
        last = self._one("select coalesce(max(id), 0) from checks")[0]
        self._db.execute("insert or replace into pardons values (?, ?)", (orchestrator, last))

    def follows_finding(self, job: str, seq: int) -> bool:
        """Whether one of the five segments before this one in its job was found gravely wrong."""
        rows = self._all("select job, seq, verdict, lie from checks where job = ?", job)
        samples = (
            Sample(job, int(number), verdict, bool(lie)) for job, number, verdict, lie in rows
        )
        return any(one.is_grave and 0 < seq - one.seq <= FOLLOW_UPS for one in samples)

    def contents(self, job: str) -> list[tuple[int, str]]:
        """Provable content faults of a job: number and ContentSegment as JSON, in order."""
        rows = self._all(
            "select seq, content from checks where job = ? and content is not null", job
        )
        return sorted((int(seq), content) for seq, content in rows)

    def prune(self, before: int) -> int:
        """Forget messages and contents older than a time; draws and verdicts stay."""
        with self.transaction():
            self._db.execute("update checks set content = null where at < ?", (before,))
            return self._db.execute(
                "delete from receipts where at < ? and state != ? and epoch in"
                " (select number from epochs where revealed_at > 0 and revealed_at < ?)"
                " and id not in (select max(id) from receipts group by orchestrator)",
                (before, QUEUED, before),
            ).rowcount

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(self._db.execute(query, values)) as cursor:
            return cursor.fetchall()

    def _one(self, query: str, *values: Any) -> Any:
        with closing(self._db.execute(query, values)) as cursor:
            return cursor.fetchone()


def _receipt(row: tuple[Any, ...]) -> Receipt:
    (id_, hash_, name, job, seq, _, orchestrator, epoch, before, rate, reason, drawn, at, forced,
     state, _, signed) = row  # fmt: skip
    draw = Draw(epoch, f"0x{hash_.hex()}", orchestrator, job, int(seq), before, rate, reason,
                bool(drawn), at)  # fmt: skip
    message = SignedSegment.from_json(json.loads(zlib.decompress(signed)))
    return Receipt(id_, hash_, name, orchestrator, draw, bool(forced), state, message)
