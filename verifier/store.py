"""Content-addressed evidence: a local folder, or any URL that fsspec can write to.

An object's name is the keccak256 of its bytes, the same hash that orders, receipts and reports
sign, so a juror can fetch a file by what was signed and nothing can be swapped under its name. A
case is a small named list of objects with a time to live. Layout below the URL:

    objects/ab/abcd...      bytes
    cases/<id>.json         {"id", "kind", "createdAt", "held", "about", "files": {name: hash}}

Invariant: every hash a case names is in `objects`: objects are durable before their case is, and
pruned after it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import fsspec
from eth_utils.crypto import keccak

# Five rounds of 5,760 blocks of 12 seconds: the evidence window of verification spec 8.4.
EVIDENCE_WINDOW = 5 * 5_760 * 12
# An object is written before the case that names it; it is not swept in between.
GRACE = 3_600
MAX_CASE = 1_000_000


class StoreError(Exception):
    """The store cannot be read or written, or what it holds is damaged; one line."""


@dataclass(frozen=True)
class Case:
    """Objects that belong together. Times are unix seconds; a held case is not pruned.

    `kind` says what it is about ("proof", "finding", "draws"), `about` what a reader wants to know
    before opening a file (small, JSON), `files` maps names to hex object hashes.
    """

    id: str
    kind: str
    created_at: int
    files: Mapping[str, str]
    about: Mapping[str, Any] = field(default_factory=dict)
    held: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "createdAt": self.created_at,
            "held": self.held,
            "about": dict(self.about),
            "files": dict(self.files),
        }

    @classmethod
    def from_json(cls, data: Any) -> Case:
        try:
            files = {str(name): _checked(value) for name, value in data["files"].items()}
            return cls(
                _checked(data["id"]), str(data["kind"]), int(data["createdAt"]), files,
                dict(data["about"]), bool(data["held"]),
            )  # fmt: skip
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"case is not well-formed: {error}") from None


def address(data: bytes) -> str:
    """Name of an object: 64 hex digits of its keccak256."""
    return keccak(data).hex()


def canonical(value: Any) -> bytes:
    """JSON that is the same bytes for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class EvidenceStore:
    """Objects and cases below a URL. Writes are atomic; local ones are on disk when they return."""

    def __init__(self, url: str | Path) -> None:
        try:
            self._fs, root = fsspec.core.url_to_fs(str(url))
        except (ImportError, ValueError) as error:
            raise StoreError(f"store {url}: {error}") from None
        self.url = str(url)
        self._root = root.rstrip("/")
        protocols = self._fs.protocol
        self._is_local = "file" in ([protocols] if isinstance(protocols, str) else protocols)

    # -- objects

    def put(self, data: bytes) -> str:
        """Keep bytes; returns their name. The same bytes again cost nothing."""
        name = address(data)
        path = self._object(name)
        if not self._holds(path, len(data)):
            self._write(path, data)
        return name

    def get(self, name: str) -> bytes:
        """Bytes by name, verified. StoreError when missing or not what the name says."""
        data = self._read(self._object(_checked(name)))
        if address(data) != name:
            raise StoreError(f"object {name} is damaged: delete it and write the evidence again")
        return data

    def has(self, name: str) -> bool:
        return bool(self._fs.exists(self._object(_checked(name))))

    # -- cases

    def save(
        self,
        kind: str,
        files: Mapping[str, bytes],
        *,
        key: bytes,
        now: int,
        about: Mapping[str, Any] | None = None,
    ) -> Case:
        """Keep files as one case; its id is the hash of kind and `key`. Again replaces it."""
        hashes = {name: self.put(data) for name, data in files.items()}
        case = Case(address(kind.encode() + b"\0" + key), kind, now, hashes, about or {})
        before = self.find(case.id)
        if before is not None:
            case = replace(case, created_at=before.created_at, held=before.held)
        self._save(case)
        return case

    def find(self, case_id: str) -> Case | None:
        path = self._case(_checked(case_id))
        if not self._fs.exists(path):
            return None
        return self._parse(path)

    def cases(self, kind: str | None = None) -> Iterator[Case]:
        """All cases, oldest first; only those of a kind if one is given."""
        found = [self._parse(path) for path in self._list("cases") if path.endswith(".json")]
        yield from sorted(
            (case for case in found if kind in (None, case.kind)),
            key=lambda case: (case.created_at, case.id),
        )

    def hold(self, case_id: str, held: bool = True) -> None:
        """Keep a case beyond its window, as while it is open on chain; or let it go again."""
        case = self.find(case_id)
        if case is None:
            raise StoreError(f"no case {case_id} in {self.url}")
        self._save(replace(case, held=held))

    def prune(self, now: int, *, window: int = EVIDENCE_WINDOW) -> int:
        """Forget cases older than the window and objects no case names; returns objects deleted."""
        needed: set[str] = set()
        expired = []
        for case in self.cases():
            if case.held or now <= case.created_at + window:
                needed.update(case.files.values())
            else:
                expired.append(case)
        for case in expired:
            self._fs.rm_file(self._case(case.id))
        swept = 0
        for folder in self._list("objects"):
            for path in self._list(f"objects/{folder.rsplit('/', 1)[-1]}"):
                if path.rsplit("/", 1)[-1] in needed or now < self._written(path) + GRACE:
                    continue
                self._fs.rm_file(path)
                swept += 1
        return swept

    # -- below

    def _save(self, case: Case) -> None:
        self._write(self._case(case.id), canonical(case.to_json()))

    def _parse(self, path: str) -> Case:
        data = self._read(path, MAX_CASE)
        try:
            case = Case.from_json(json.loads(data))
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{path}: not a case: {error}") from None
        if not path.endswith(f"/{case.id}.json"):
            raise StoreError(f"{path}: holds case {case.id}")
        return case

    def _object(self, name: str) -> str:
        return f"{self._root}/objects/{name[:2]}/{name}"

    def _case(self, case_id: str) -> str:
        return f"{self._root}/cases/{case_id}.json"

    def _holds(self, path: str, size: int) -> bool:
        """Whether a file is there in full; one that is cut short is written again."""
        return bool(self._fs.exists(path)) and int(self._fs.info(path)["size"]) == size

    def _list(self, part: str) -> list[str]:
        folder = f"{self._root}/{part}"
        if not self._fs.exists(folder):
            return []
        self._fs.invalidate_cache(folder)
        names = [str(path) for path in self._fs.ls(folder, detail=False)]
        return sorted(path for path in names if not path.rsplit("/", 1)[-1].startswith("."))

    def _written(self, path: str) -> float:
        modified: float = self._fs.modified(path).timestamp()
        return modified

    def _read(self, path: str, limit: int | None = None) -> bytes:
        try:
            data: bytes = self._fs.cat_file(path, end=limit)
        except FileNotFoundError:
            raise StoreError(f"{path} is not in the store") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error}") from None
        return data

    def _write(self, path: str, data: bytes) -> None:
        """Through a name nobody reads on a file system, elsewhere as one upload: atomic both."""
        try:
            if self._is_local:
                write_durably(Path(path), data)
            else:
                self._fs.pipe_file(path, data)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error}") from None


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that it is whole and on disk whatever happens: write, sync, rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checked(name: Any) -> str:
    """A hash as 64 lower-case hex digits: never a path."""
    text = str(name).removeprefix("0x")
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise StoreError(f"{name!r:.80} is not a hash of 64 hex digits")
    return text
