"""Everything that is known of a deployed contract, and whether it holds: record, digests, chain.

The record (deployments/<network>.json) says where a contract is and what it was made of; the digest
list (deployments/digests.json) says what each source builds to, its ABI and its storage layout. An
edit of either is a mismatch with the other, with a build from the sources, or with the chain.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from typing import Any

from scripts._lib.artifacts import Artifact
from scripts._lib.bytecode import compare
from scripts._lib.chain import ZERO, Chain, ChainError
from scripts._lib.context import Finding
from scripts._lib.networks import DEPLOYMENTS
from scripts._lib.protocol import contract_id
from scripts._lib.records import Contract, RecordError
from scripts._lib.reproduce import Build, ReproduceError, rebuild_archives, source_archive
from scripts._lib.source import ROOT, Source, read_source

DIGESTS = DEPLOYMENTS / "digests.json"
LAYOUTS = DEPLOYMENTS / "layouts"


@dataclass(frozen=True)
class Digest:
    """What one source builds to. Hashes are SHA-256 of bytes, of the ABI as sorted JSON."""

    abi: str
    archive: str
    evm: str
    initcode: str
    layout: str | None
    optimize: str
    runtime: str
    vyper: str


def digest_of(archive: bytes, build: Build, *, layouts: Path = LAYOUTS) -> Digest:
    artifact = build.artifact
    layout = layouts / f"{artifact.name}.json"
    return Digest(
        abi=_sha256(json.dumps(artifact.abi, sort_keys=True, separators=(",", ":")).encode()),
        archive=_sha256(archive),
        evm=artifact.evm,
        initcode=_sha256(bytes.fromhex(artifact.initcode)),
        layout=_sha256(layout.read_bytes()) if layout.exists() else None,
        optimize=artifact.optimize,
        runtime=_sha256(bytes.fromhex(artifact.runtime)),
        vyper=artifact.vyper,
    )


def read_digests(path: Path = DIGESTS) -> dict[str, Digest]:
    """The digest list, by source. Raises RecordError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {source: Digest(**item) for source, item in data.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise RecordError(f"{path}: {error}; run `python -m tools.digests --write`") from None


def archives_of(
    contracts: Mapping[str, Contract], *, folder: Path | None, root: Path = ROOT
) -> dict[str, bytes]:
    """The source archive of each contract, by source and commit as `key_of` names them.

    From `folder`, if one is given; else made from the commit that the record names, or from the
    work tree if the record says that it differed from any commit. Raises ReproduceError.
    """
    found: dict[str, bytes] = {}
    here = read_source(root)
    for name, contract in contracts.items():
        key = key_of(contract)
        if folder is not None:
            found.setdefault(key, _from_folder(folder, contract, name))
        elif key not in found and _is_here(contract, here):
            found[key] = source_archive(root / contract.source, root=root)
        elif key not in found:
            with TemporaryDirectory() as place:
                _export(root, contract.commit, Path(place))
                found[key] = source_archive(Path(place, contract.source), root=Path(place))
    return found


def verify(
    contracts: Mapping[str, Contract],
    archives: Mapping[str, bytes],
    chain: Chain,
    *,
    controller: str | None,
    digests: Mapping[str, Digest],
) -> list[Finding]:
    """Rebuild each contract and compare it with record and chain, and with the digest list where
    that list has the same archive. Raises ReproduceError."""
    builds = rebuild_archives(archives)
    findings = []
    for name, contract in contracts.items():
        key = key_of(contract)
        findings += compare(name, builds[key], contract, chain)
        findings += _digest(name, contract, archives[key], builds[key], digests)
        if controller is not None and name != "Controller":
            findings += registration(name, contract, chain, controller)
    return findings


def key_of(contract: Contract) -> str:
    """Contracts of the same source and commit have one archive."""
    return f"{Path(contract.source).stem}-{contract.commit[:12]}"


def _digest(
    name: str,
    contract: Contract,
    archive: bytes,
    build: Build,
    digests: Mapping[str, Digest],
) -> Iterator[Finding]:
    listed, made = digests.get(contract.source), digest_of(archive, build)
    if listed is not None and listed.archive == made.archive:
        for key, value in vars(made).items():
            yield Finding(f"{name}: digests.json, {key}", str(value), str(getattr(listed, key)))


def registration(name: str, contract: Contract, chain: Chain, controller: str) -> Iterator[Finding]:
    """What the Controller has under the name, if it has something: the address, and the commit."""
    try:
        info = chain.read(_CONTROLLER, controller, "getContractInfo", contract_id(name))
    except ChainError as error:
        yield Finding(f"{name}: readable in the Controller", "readable", str(error))
        return
    address, commit = str(info[0]), bytes(info[1]).hex()
    if address != ZERO:
        yield Finding(f"{name}: address in the Controller", contract.address, address)
        yield Finding(f"{name}: commit in the Controller", contract.commit, commit)


#: As much of the Controller as is asked of it here.
_CONTROLLER = Artifact(
    name="Controller",
    source="contracts/Controller.vy",
    abi=(
        {
            "type": "function",
            "name": "getContractInfo",
            "stateMutability": "view",
            "inputs": [{"name": "_id", "type": "bytes32"}],
            "outputs": [{"name": "", "type": "address"}, {"name": "", "type": "bytes20"}],
        },
    ),
    initcode="",
    runtime="",
    optimize="",
    evm="",
    vyper="",
)


def _is_here(contract: Contract, here: Source) -> bool:
    return contract.dirty or (contract.commit == here.commit and not here.dirty)


def _from_folder(folder: Path, contract: Contract, name: str) -> bytes:
    for file in (folder / f"{name}.vyz", folder / f"{Path(contract.source).stem}.vyz"):
        if file.exists():
            return file.read_bytes()
    raise ReproduceError(f"{name}: neither {name}.vyz nor its source's archive is in {folder}")


def _export(root: Path, commit: str, place: Path) -> None:
    """The contracts as they were at a commit."""
    done = run(
        ["git", "-C", str(root), "archive", commit, "contracts"], capture_output=True, check=False
    )
    if done.returncode != 0:
        raise ReproduceError(
            f"commit {commit}: not in this repository; fetch it, or give --archives"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        for member in tar.getmembers():
            if (file := tar.extractfile(member)) is not None:
                path = place / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.read())


def _sha256(data: bytes) -> str:
    return sha256(data).hexdigest()


def written(digests: Mapping[str, Digest]) -> str:
    """The digest list as its file holds it."""
    data: dict[str, Any] = {source: vars(digest) for source, digest in digests.items()}
    return json.dumps(data, indent=1, sort_keys=True) + "\n"
