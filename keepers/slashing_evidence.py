"""Evidence that a verifier left: a folder of JSON files, or its evidence store (any fsspec URL)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from verifier.dossier import PROOF
from verifier.proofs import (
    Evidence,
    EvidenceError,
    ProofCall,
    accused,
    evidence_from_json,
    proof_calls,
)
from verifier.store import EvidenceStore, StoreError

MAX_BYTES = 20_000_000
FILE = "evidence.json"


class SourceError(RuntimeError):
    """The place of the evidence cannot be read; one line."""


@dataclass(frozen=True)
class Found:
    """One piece of evidence with the calls that prove it; `error` instead if there are none.

    `name` tells a person which file or store case it is.
    """

    name: str
    evidence: Evidence | None = None
    calls: tuple[ProofCall, ...] = ()
    error: str = ""

    @property
    def case_id(self) -> bytes:
        return self.calls[0].case_id if self.calls else b""

    @property
    def accused(self) -> str:
        return accused(self.evidence) if self.evidence else ""


class EvidenceSource:
    """Reads what is there at each call; what was read once is not parsed again.

    A store names chain and contract of each proof; those of others are left out.
    """

    def __init__(self, place: str, *, chain_id: int, verifier: str) -> None:
        self._place, self._chain_id, self._verifier = place, chain_id, verifier
        self._known: dict[str, Found] = {}

    def found(self) -> list[Found]:
        """Raises SourceError if the place itself is not readable."""
        folder = Path(self._place)
        is_store = "://" in self._place or (folder / "cases").is_dir()
        present = dict(self._of_store() if is_store else self._of_folder(folder))
        self._known = present
        return list(present.values())

    def _of_folder(self, folder: Path) -> Iterator[tuple[str, Found]]:
        if not folder.is_dir():
            raise SourceError(f"{folder} is not a folder: give the verifier's evidence")
        for path in sorted(folder.glob("*.json")):
            try:
                stat = path.stat()
                key = f"{path} {stat.st_mtime_ns} {stat.st_size}"
                yield key, self._known.get(key) or _read(path.name, path.read_bytes())
            except OSError as error:
                yield str(path), Found(path.name, error=f"cannot be read: {error.strerror}")

    def _of_store(self) -> Iterator[tuple[str, Found]]:
        try:
            store = EvidenceStore(self._place)
            cases = [case for case in store.cases(PROOF) if self._is_ours(case.about)]
        except StoreError as error:
            raise SourceError(str(error)) from None
        for case in cases:
            name, key = f"case {case.id[:12]}", case.files.get(FILE, case.id)
            try:
                yield key, self._known.get(key) or _read(name, store.get(case.files[FILE]))
            except KeyError:
                yield key, Found(name, error=f"has no {FILE}")
            except StoreError as error:
                yield key, Found(name, error=str(error))

    def _is_ours(self, about: Any) -> bool:
        try:
            contract = to_checksum_address(about["verifyingContract"])
            return (int(about["chainId"]), contract) == (self._chain_id, self._verifier)
        except (KeyError, TypeError, ValueError):
            return True  # it does not say: the contract does


def _read(name: str, data: bytes) -> Found:
    if len(data) > MAX_BYTES:
        return Found(name, error=f"is larger than {MAX_BYTES} bytes")
    try:
        evidence = evidence_from_json(json.loads(data))
        return Found(name, evidence, tuple(proof_calls(evidence)))
    except EvidenceError as error:
        return Found(name, error=str(error))
    except (ValueError, RecursionError) as error:
        return Found(name, error=f"is not evidence: {error}")
