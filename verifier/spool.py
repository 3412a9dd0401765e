"""Where a gateway or a node leaves signed segments for a verifier, and how they are read.

    <place>/domain.json                      {"chainId", "verifyingContract"}
    <place>/signers.json                     {orchestrator: signing key's address}; optional
    <place>/index.txt                        one line "<job>/<seq>" per finished segment
    <place>/<job>/<seq>/segment.json         SignedSegment
    <place>/<job>/<seq>/source.ts            the bytes that were ordered
    <place>/<job>/<seq>/<profile>.ts         the bytes that were delivered, by place in the order

<job> is the job id in hex. A second, different receipt for the same order goes to <seq>.1, <seq>.2
and so on: it is the best evidence there is. A folder appears with all its files at once, and its
line in the index after that. A place is a local folder, or an http(s) URL that serves one.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from eth_utils.address import to_checksum_address

from verifier.media import Limits
from verifier.messages import Domain, MessageError
from verifier.proofs import SignedSegment
from verifier.store import sync_folder, write_durably

# A signed segment is a few kilobytes; eight renditions and a long order stay far below.
MAX_MESSAGE = 256_000
MAX_INDEX = 64_000_000
MAX_MEDIA = Limits().bytes
TIMEOUT = 20.0
_NAME = re.compile(r"(?:0x)?[0-9a-f]{64}/[0-9]{1,20}(?:\.[0-9]{1,4})?")


class SpoolError(Exception):
    """A place or a segment in it that cannot be read; one line."""


class Place(Protocol):
    """Signed segments to read, by name "<job>/<seq>"."""

    where: str

    def names(self) -> Iterator[str]:
        """Every finished segment, in order of job and number."""

    def read(self, path: str, limit: int) -> bytes:
        """A file below the place. SpoolError when it is missing or longer than the limit."""


def open_place(where: str) -> Place:
    """A folder or an http(s) URL. SpoolError when it is neither."""
    if where.startswith(("http://", "https://")):
        return RemotePlace(where)
    if "://" in where:
        raise SpoolError(f"{where}: a place is a folder or an http(s) URL")
    if not Path(where).is_dir():
        raise SpoolError(f"{where}: no such folder")
    return FolderPlace(Path(where))


class FolderPlace:
    """A local folder; needs no index."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.where = str(root)

    def names(self) -> Iterator[str]:
        found = []
        for job in self._root.iterdir():
            if job.is_dir() and not job.name.startswith("."):
                found += [f"{job.name}/{one.name}" for one in job.iterdir() if one.is_dir()]
        yield from sorted((name for name in found if _NAME.fullmatch(name)), key=_order)

    def read(self, path: str, limit: int) -> bytes:
        file = self._root / path
        try:
            with file.open("rb") as handle:
                data = handle.read(limit + 1)
        except OSError as error:
            raise SpoolError(f"{file}: {error.strerror}") from None
        return _bounded(data, limit, str(file))


class RemotePlace:
    """The same files served by a node; new segments are found in its index."""

    def __init__(self, url: str) -> None:
        self.where = url.rstrip("/")
        self._read_to = 0
        self._known: list[str] = []

    def names(self) -> Iterator[str]:
        fresh = self._fetch("index.txt", MAX_INDEX, start=self._read_to)
        whole = fresh[: fresh.rfind(b"\n") + 1]  # the last line may still be being written
        self._read_to += len(whole)
        lines = whole.decode("ascii", "replace").splitlines()
        self._known += [line for line in lines if _NAME.fullmatch(line)]
        yield from sorted(self._known, key=_order)

    def read(self, path: str, limit: int) -> bytes:
        return self._fetch(path, limit)

    def _fetch(self, path: str, limit: int, *, start: int = 0) -> bytes:
        url = f"{self.where}/{path}"
        request = urllib.request.Request(url)
        if start:
            request.add_header("Range", f"bytes={start}-")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                data: bytes = answer.read(limit + 1 + (start if answer.status == 200 else 0))
                if start and answer.status == 200:
                    data = data[start:]  # a server without ranges sends everything
        except urllib.error.HTTPError as error:
            if start and error.code == 416:
                return b""  # nothing after what was read already
            raise SpoolError(f"{url}: {error.code} {error.reason}") from None
        except (OSError, ValueError) as error:
            raise SpoolError(f"{url}: {getattr(error, 'reason', error)}") from None
        return _bounded(data, limit, url)


# -- reading


def read_segment(place: Place, name: str) -> SignedSegment:
    """The messages of a segment. SpoolError when malformed or in the wrong folder."""
    path = f"{name}/segment.json"
    data = _object(place, path)
    try:
        signed = SignedSegment.from_json(data)
    except MessageError as error:
        raise SpoolError(f"{place.where}/{path}: {error}") from None
    if segment_name(signed) != name.removeprefix("0x").split(".")[0]:
        raise SpoolError(f"{place.where}/{path}: holds segment {segment_name(signed)}")
    return signed


def read_media(place: Place, name: str, signed: SignedSegment) -> tuple[bytes, list[bytes]]:
    """Source and renditions as they are there: whether they are what was signed is for a check.

    SpoolError when a file is missing or longer than any segment.
    """
    source = place.read(f"{name}/source.ts", MAX_MEDIA)
    return source, [place.read(f"{name}/{at}.ts", MAX_MEDIA) for at in range(len(signed.leaves))]


def read_domain(place: Place) -> Domain:
    """The chain and contract the signatures are for."""
    data = _object(place, "domain.json")
    chain, contract = data.get("chainId"), data.get("verifyingContract")
    if type(chain) is not int or not isinstance(contract, str):
        raise SpoolError(f"{place.where}/domain.json: needs chainId and verifyingContract")
    try:
        return Domain(chain, to_checksum_address(contract))
    except ValueError:
        raise SpoolError(f"{place.where}/domain.json: {contract!r} is not an address") from None


def read_signers(place: Place) -> dict[str, str]:
    """Signing keys by orchestrator; empty when the place lists none."""
    try:
        data = _object(place, "signers.json")
    except SpoolError:
        return {}
    return signers_from(data, f"{place.where}/signers.json")


def signers_from(data: Mapping[str, Any], where: str) -> dict[str, str]:
    try:
        return {to_checksum_address(a): to_checksum_address(b) for a, b in data.items()}
    except (TypeError, ValueError) as error:
        raise SpoolError(f"{where}: {error}") from None


def _object(place: Place, path: str) -> dict[str, Any]:
    try:
        data = json.loads(place.read(path, MAX_MESSAGE))
    except (ValueError, RecursionError) as error:
        raise SpoolError(f"{place.where}/{path}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise SpoolError(f"{place.where}/{path}: must be an object")
    return data


# -- writing


class SpoolWriter:
    """Leaves segments in a folder, one process per folder. A finished segment survives a crash."""

    def __init__(
        self, root: Path, domain: Domain, signers: Mapping[str, str] | None = None
    ) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)
        head = {"chainId": domain.chain_id, "verifyingContract": domain.verifying_contract}
        write_durably(root / "domain.json", _text(head))
        self.set_signers(signers or {})
        self._complete_index()

    def set_signers(self, signers: Mapping[str, str]) -> None:
        write_durably(self._root / "signers.json", _text(dict(signers)))

    def write(self, signed: SignedSegment, source: bytes, renditions: Sequence[bytes]) -> str:
        """Keep one delivered segment; returns its name. The same receipt again changes nothing."""
        if len(renditions) != len(signed.leaves):
            raise ValueError(f"{len(renditions)} renditions for {len(signed.leaves)} leaves")
        message = _text(signed.to_json())
        job = self._root / signed.order.job_id.hex()
        job.mkdir(exist_ok=True)
        name = self._free_name(job, signed.order.seq, message)
        folder = job / name
        if not folder.exists():
            aside = job / f".{name}.{secrets.token_hex(4)}"
            aside.mkdir()
            try:
                write_durably(aside / "segment.json", message)
                write_durably(aside / "source.ts", source)
                for at, data in enumerate(renditions):
                    write_durably(aside / f"{at}.ts", data)
                aside.rename(folder)
            except OSError:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            sync_folder(job)
            with (self._root / "index.txt").open("a") as index:
                index.write(f"{job.name}/{name}\n")
        return f"{job.name}/{name}"

    def _complete_index(self) -> None:
        """Add what a crash left out: the folder of a segment appears before its line."""
        index = self._root / "index.txt"
        listed = set(index.read_text().splitlines()) if index.exists() else set()
        missing = [name for name in FolderPlace(self._root).names() if name not in listed]
        with index.open("a") as file:
            file.writelines(f"{name}\n" for name in missing)

    @staticmethod
    def _free_name(job: Path, seq: int, message: bytes) -> str:
        """The first of seq, seq.1, ... that is free or already holds this very message."""
        name, at = str(seq), 0
        while (job / name).exists() and (job / name / "segment.json").read_bytes() != message:
            at += 1
            name = f"{seq}.{at}"
        return name


def segment_name(signed: SignedSegment) -> str:
    """<job>/<seq> as the order has it."""
    return f"{signed.order.job_id.hex()}/{signed.order.seq}"


def _order(name: str) -> tuple[str, int, int]:
    job, _, rest = name.removeprefix("0x").partition("/")
    seq, _, again = rest.partition(".")
    return job, int(seq), int(again or 0)


def _text(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def _bounded(data: bytes, limit: int, where: str) -> bytes:
    if len(data) > limit:
        raise SpoolError(f"{where}: longer than {limit} bytes")
    return data
