"""The evidence store: names are hashes, writes are whole, old cases go."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest
from eth_utils import keccak

from verifier.store import EVIDENCE_WINDOW, GRACE, EvidenceStore, StoreError, write_durably

NOW = 1_800_000_000


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EvidenceStore]:
    if request.param == "folder":
        yield EvidenceStore(tmp_path / "store")
        return
    url = f"memory://{uuid4().hex}"
    yield EvidenceStore(url)
    memory = fsspec.filesystem("memory")
    if memory.exists(url):
        memory.rm(url, recursive=True)


def save(store: EvidenceStore, key: bytes, now: int, **files: bytes) -> str:
    return store.save("finding", files, key=key, now=now).id


def test_put__bytes__are_named_by_their_keccak_and_come_back(store: EvidenceStore) -> None:
    name = store.put(b"picture")
    assert name == keccak(b"picture").hex()
    assert store.put(b"picture") == name
    assert store.get(name) == b"picture"
    assert store.has(name)


def test_get__missing__is_an_error(store: EvidenceStore) -> None:
    with pytest.raises(StoreError, match="is not in the store"):
        store.get("ab" * 32)


def test_get__damaged_object__is_refused(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    name = store.put(b"picture")
    (tmp_path / "objects" / name[:2] / name).write_bytes(b"pictura")
    with pytest.raises(StoreError, match="is damaged"):
        store.get(name)


def test_put__object_that_was_cut_short__is_written_again(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    name = store.put(b"picture")
    (tmp_path / "objects" / name[:2] / name).write_bytes(b"pict")
    assert store.put(b"picture") == name
    assert store.get(name) == b"picture"


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab", "zz" * 32, "AB" * 32])
def test_get__name_that_is_no_hash__is_refused(store: EvidenceStore, name: str) -> None:
    with pytest.raises(StoreError, match="is not a hash"):
        store.get(name)


def test_save__same_key_twice__is_one_case_with_its_first_time(store: EvidenceStore) -> None:
    first = save(store, b"key", NOW, a=b"one")
    store.hold(first)
    again = save(store, b"key", NOW + 50, a=b"two")
    assert first == again
    (case,) = store.cases()
    assert (case.created_at, case.held) == (NOW, True)
    assert store.get(case.files["a"]) == b"two"


def test_cases__several__are_oldest_first_and_by_kind(store: EvidenceStore) -> None:
    late, early = save(store, b"late", NOW + 9, a=b"1"), save(store, b"early", NOW, a=b"2")
    proof = store.save("proof", {}, key=b"proof", now=NOW + 20, about={"accused": "0x1"})
    assert [case.id for case in store.cases()] == [early, late, proof.id]
    assert [case.about for case in store.cases("proof")] == [{"accused": "0x1"}]


def test_prune__after_the_window__forgets_case_and_objects(store: EvidenceStore) -> None:
    save(store, b"old", NOW, a=b"only here", b=b"shared")
    young = save(store, b"young", NOW + EVIDENCE_WINDOW, b=b"shared")
    assert store.prune(NOW + EVIDENCE_WINDOW) == 0
    assert len(list(store.cases())) == 2
    far = NOW * 2  # the age of an object is that of its file
    store.hold(young)
    assert store.prune(far) == 1
    assert [case.id for case in store.cases()] == [young]
    assert not store.has(keccak(b"only here").hex())
    assert store.get(keccak(b"shared").hex()) == b"shared"


def test_prune__object_whose_case_is_still_to_come__stays(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    name = store.put(b"just written")
    written = int((tmp_path / "objects" / name[:2] / name).stat().st_mtime)
    assert store.prune(written + GRACE) == 0
    assert store.has(name)
    assert store.prune(written + GRACE + 2) == 1


def test_prune__held_case__stays_until_it_is_let_go(store: EvidenceStore) -> None:
    case = save(store, b"open on chain", NOW, a=b"evidence")
    store.hold(case)
    store.prune(NOW * 2)
    assert store.has(keccak(b"evidence").hex())
    store.hold(case, False)
    store.prune(NOW * 2)
    assert list(store.cases()) == []
    assert not store.has(keccak(b"evidence").hex())


def test_hold__unknown_case__is_an_error(store: EvidenceStore) -> None:
    with pytest.raises(StoreError, match="no case"):
        store.hold("ab" * 32)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"id": 1}', "[" * 5_000, '{"id":"../x","kind":"","files":{}}']
)
def test_cases__file_that_is_no_case__is_one_line(tmp_path: Path, text: str) -> None:
    store = EvidenceStore(tmp_path)
    save(store, b"key", NOW, a=b"one")
    next((tmp_path / "cases").iterdir()).write_text(text)
    with pytest.raises(StoreError) as caught:
        list(store.cases())
    assert "\n" not in str(caught.value)


def test_cases__case_under_another_name__is_refused(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    save(store, b"key", NOW, a=b"one")
    path = next((tmp_path / "cases").iterdir())
    data = json.loads(path.read_text()) | {"id": "cd" * 32}
    path.write_text(json.dumps(data))
    with pytest.raises(StoreError, match="holds case"):
        list(store.cases())


def test_write_durably__disk_fails__leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_put__disk_is_full__is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="cannot be written"):
        EvidenceStore(tmp_path).put(b"picture")


def test_store__unknown_protocol__is_one_line() -> None:
    with pytest.raises(StoreError, match="nowhere"):
        EvidenceStore("nowhere://bucket/evidence")
