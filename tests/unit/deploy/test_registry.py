"""The record keeps to its schema, the digest list to the sources, and both to the Controller."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts._lib import registry, schema
from scripts._lib.artifacts import sources
from scripts._lib.chain import ZERO
from scripts._lib.protocol import contract_id
from scripts._lib.records import SCHEMA, Contract, Existing, Pending, RecordError, Records
from scripts._lib.reproduce import ReproduceError, source_archive, target_of
from scripts._lib.source import ROOT
from tools import digests

ADDRESS, HASH, COMMIT = "0x" + "aa" * 20, "0x" + "bb" * 32, "cc" * 20
CONTRACT = Contract(
    address=ADDRESS,
    args=("1", ADDRESS),
    block=None,
    code_hash=HASH,
    commit=COMMIT,
    deployer=ADDRESS,
    dirty=False,
    evm="cancun",
    initcode_hash=HASH,
    optimize="codesize",
    runtime_size=10,
    source="contracts/registry/ServiceRegistry.vy",
    supersedes=None,
    tx=None,
    vyper="0.4.3",
)


@pytest.fixture
def saved(path: Path) -> Path:
    """A record with everything that a record can have."""
    records = Records.open(path, chain_id=42161, genesis=HASH, live=False)
    records.note_existing("LivepeerToken", Existing(ADDRESS, COMMIT))
    records.begin(Pending("deploy ServiceRegistry", ADDRESS, 4, HASH, None, CONTRACT))
    records.finish(tx=HASH, block=9)
    records.begin(Pending("unpause Controller", ADDRESS, 5, None, ADDRESS, None))
    return path


def edit(path: Path, place: str, value: Any) -> None:
    """Write a value into the file; `place` is its keys, between dots. None removes the last one."""
    data = json.loads(path.read_text())
    *parents, last = place.split(".")
    entry = data
    for key in parents:
        entry = entry[int(key) if key.isdecimal() else key]
    if value is None:
        del entry[last]
    else:
        entry[last] = value
    path.write_text(json.dumps(data))


# Schema


def test_read__as_it_was_saved__keeps_to_the_schema(saved: Path) -> None:
    records = Records.read(saved)
    assert records.contracts["ServiceRegistry"].block == 9
    assert records.pending is not None


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        ("chain_id", 0, "chain_id is 0, below 1"),
        ("genesis", "0x12", "genesis is '0x12', which does not match"),
        (
            "contracts.ServiceRegistry.address",
            "0xAA",
            "contracts.ServiceRegistry.address is '0xAA'",
        ),
        ("contracts.ServiceRegistry.commit", "cc" * 19, "ServiceRegistry.commit is 'cc"),
        ("contracts.ServiceRegistry.runtime_size", True, "runtime_size is not of type integer"),
        ("contracts.ServiceRegistry.dirty", 0, "dirty is not of type boolean"),
        ("contracts.ServiceRegistry.args", [1], "args[0] is not of type string"),
        ("contracts.ServiceRegistry.source", "x.vy", "source is 'x.vy', which does not match"),
        ("contracts.ServiceRegistry.optimize", "all", "optimize is 'all', which does not match"),
        ("contracts.ServiceRegistry.block", "9", "block is not of type"),
        ("existing.LivepeerToken.commit", "main", "existing.LivepeerToken.commit is 'main'"),
        ("transactions.0.nonce", -1, "transactions[0].nonce is -1, below 0"),
        ("transactions.0.to", "nobody", "transactions[0].to is 'nobody'"),
        ("pending.tx", 12, "pending.tx is not of type"),
    ],
)
def test_read__edited_value__is_named(saved: Path, place: str, value: Any, complaint: str) -> None:
    edit(saved, place, value)
    with pytest.raises(RecordError) as raised:
        Records.read(saved)
    assert complaint in str(raised.value)
    assert str(raised.value).endswith("; restore it from git")


def test_problems__missing_unknown_and_misnamed__are_named(saved: Path) -> None:
    edit(saved, "contracts.ServiceRegistry.tx", None)
    edit(saved, "contracts.ServiceRegistry.colour", "blue")
    edit(saved, "existing.a token", {"address": ADDRESS, "commit": COMMIT})
    found = schema.problems(json.loads(saved.read_text()), json.loads(SCHEMA.read_text()))
    assert found == [
        "contracts.ServiceRegistry has no tx",
        "contracts.ServiceRegistry has an unknown colour",
        "the name of existing.a token is 'a token', which does not match [A-Z][A-Za-z0-9]*",
    ]


@pytest.mark.parametrize("word", [{"oneOf": []}, {"type": "decimal"}])
def test_problems__word_the_checker_does_not_know__is_an_error(word: dict[str, Any]) -> None:
    with pytest.raises(schema.SchemaError, match="unknown"):
        schema.problems({}, word)


# Controller and digests


class Chain:
    """Answers as a Controller does."""

    def __init__(self, address: str, commit: str) -> None:
        self.info = SimpleNamespace(address=address, commit=bytes.fromhex(commit))

    def read(self, _artifact: Any, address: str, function: str, name: bytes) -> Any:
        assert (address, function) == (ADDRESS, "getContractInfo")
        assert name == contract_id("ServiceRegistry")
        return self.info.address, self.info.commit


@pytest.mark.parametrize(
    ("address", "commit", "wrong"),
    [
        (ADDRESS, COMMIT, []),
        (ZERO, "00" * 20, []),  # not registered under this name: `ape run check` knows what must be
        (ADDRESS, "dd" * 20, ["commit"]),
        ("0x" + "ab" * 20, COMMIT, ["address"]),
    ],
)
def test_registration__against_the_controller__difference_is_named(
    address: str, commit: str, wrong: list[str]
) -> None:
    findings = registry.registration("ServiceRegistry", CONTRACT, Chain(address, commit), ADDRESS)
    assert [finding.subject.split(" ")[1] for finding in findings if not finding.matches] == wrong


def test_digests__each_listed_source__archive_and_layout_are_fresh() -> None:
    """`make check` builds all of them; here only what needs no compiler run."""
    listed = registry.read_digests()
    files = {path.relative_to(ROOT).as_posix(): path for path in sources().values()}
    assert listed.keys() == files.keys(), "run `python -m tools.digests --write`"
    stale = [
        source
        for source, path in files.items()
        if sha256(source_archive(path)).hexdigest() != listed[source].archive
    ]
    assert stale == [], "run `python -m tools.digests --write`"
    layouts = {
        path.stem: sha256(path.read_bytes()).hexdigest() for path in registry.LAYOUTS.iterdir()
    }
    found = {Path(source).stem: item.layout for source, item in listed.items() if item.layout}
    assert found == layouts, "run `python -m tools.digests --write`"


def test_problems__list_differs_from_the_sources__names_source_and_digest() -> None:
    listed = registry.read_digests()
    one, two, three = sorted(listed)[:3]
    found = dict(listed)
    found[one] = replace(found[one], runtime="00" * 32, abi="00" * 32)
    found["contracts/New.vy"] = found.pop(two)
    assert digests.problems(listed, found) == [
        f"{one}: abi, runtime differ",
        f"{two}: listed, and gone",
        "contracts/New.vy: not listed",
    ]
    assert three in found
    assert digests.problems(listed, listed) == []


def test_read_digests__damaged__says_how_to_make_it(tmp_path: Path) -> None:
    file = tmp_path / "digests.json"
    file.write_text('{"contracts/A.vy": {"abi": "00"}}')
    with pytest.raises(RecordError, match="run `python -m tools.digests --write`"):
        registry.read_digests(file)


# Where the sources come from


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout whose work tree has moved on since its only commit."""
    root = tmp_path / "checkout"
    source = root / "contracts" / "Vault.vy"
    source.parent.mkdir(parents=True)
    source.write_text("# pragma version 0.4.3\n# pragma evm-version cancun\nold: uint256\n")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    source.write_text(source.read_text().replace("old", "new"))
    return root


def commit_of(repository: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def archive_of(repository: Path, contract: Contract, folder: Path | None = None) -> bytes:
    (archive,) = registry.archives_of({"Vault": contract}, folder=folder, root=repository).values()
    return archive


def test_archives_of__recorded_commit__is_built_from_not_the_work_tree(repository: Path) -> None:
    recorded = replace(CONTRACT, source="contracts/Vault.vy", commit=commit_of(repository))
    committed = archive_of(repository, recorded)
    edited = archive_of(repository, replace(recorded, dirty=True))
    assert b"old: uint256" in committed
    assert b"new: uint256" in edited
    assert target_of(committed) == target_of(edited) == "contracts/Vault.vy"


def test_archives_of__folder__takes_the_file_of_the_name_or_of_the_source(
    repository: Path, tmp_path: Path
) -> None:
    recorded = replace(CONTRACT, source="contracts/Vault.vy")
    with pytest.raises(ReproduceError, match="Vault: neither Vault.vyz nor its source's archive"):
        archive_of(repository, recorded, tmp_path)
    (tmp_path / "Vault.vyz").write_bytes(b"archive")
    assert archive_of(repository, recorded, tmp_path) == b"archive"


def test_archives_of__commit_that_is_not_there__is_one_line(repository: Path) -> None:
    recorded = replace(CONTRACT, source="contracts/Vault.vy", commit="ab" * 20)
    with pytest.raises(ReproduceError, match="not in this repository; fetch it, or give"):
        archive_of(repository, recorded)
