"""The record file: whole or unchanged, strict about its content, bound to its chain."""

from __future__ import annotations

import json

import pytest

from scripts._lib.records import Contract, Existing, Pending, RecordError, Records

GENESIS, OTHER = "0x" + "01" * 32, "0x" + "02" * 32
ADDRESS, TX = "0x" + "aa" * 20, "0x" + "12" * 32
CONTRACT = Contract(
    address=ADDRESS,
    args=("1", "0x" + "bb" * 20),
    block=None,
    code_hash="0x" + "cc" * 32,
    commit="dd" * 20,
    deployer="0x" + "ee" * 20,
    dirty=False,
    evm="cancun",
    initcode_hash="0x" + "ff" * 32,
    optimize="codesize",
    runtime_size=10,
    source="contracts/A.vy",
    supersedes=None,
    tx=None,
    vyper="0.4.3",
)
DEPLOYS = Pending("deploy A", CONTRACT.deployer, 4, TX, None, CONTRACT)


def open_records(path, *, genesis=GENESIS, live=False, keep_file=False) -> Records:
    return Records.open(path, chain_id=1, genesis=genesis, live=live, keep_file=keep_file)


def test_begin__pending_transaction__is_on_disk(path):
    open_records(path).begin(DEPLOYS)
    assert open_records(path).pending == DEPLOYS


def test_finish__deployment__is_on_disk_with_its_transaction(path):
    records = open_records(path)
    records.begin(DEPLOYS)
    records.finish(tx=TX, block=9)

    found = open_records(path)
    assert found == records
    assert found.pending is None
    assert (found.contracts["A"].tx, found.contracts["A"].block) == (TX, 9)
    assert found.contracts["A"].args == CONTRACT.args
    assert [(item.step, item.tx, item.nonce) for item in found.transactions] == [
        ("deploy A", TX, 4)
    ]


def test_finish__nothing_under_way__is_an_error(path):
    with pytest.raises(RecordError, match="no transaction is under way"):
        open_records(path).finish(tx=TX, block=9)


def test_note_existing__deployed_name__replaces_it(path):
    records = open_records(path)
    records.begin(DEPLOYS)
    records.finish(tx=TX, block=9)
    records.note_existing("A", Existing("0x" + "11" * 20, "22" * 20))

    found = open_records(path)
    assert found.contracts == {}
    assert found.address("A") == "0x" + "11" * 20
    assert found.commit("A") == "22" * 20
    assert found.address("B") is None


def test_save__file__has_sorted_keys_and_a_final_newline(path):
    records = open_records(path)
    records.begin(DEPLOYS)
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_save__disk_full__leaves_the_old_file(path, monkeypatch):
    records = open_records(path)
    records.begin(DEPLOYS)
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        records.finish(tx=TX, block=9)
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_open__other_local_chain__starts_anew(path):
    open_records(path).begin(DEPLOYS)
    assert open_records(path, genesis=OTHER).pending is None


def test_open__other_chain_on_a_live_network__is_refused(path):
    open_records(path).begin(DEPLOYS)
    with pytest.raises(RecordError, match="recorded on chain 1 .* check --network, or move"):
        open_records(path, genesis=OTHER, live=True)


def test_open__keep_file__never_writes(path):
    records = open_records(path, keep_file=True)
    records.begin(DEPLOYS)
    records.finish(tx=TX, block=9)
    records.note_existing("B", Existing(ADDRESS, "22" * 20))
    assert records.address("A") == ADDRESS
    assert not path.exists()


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda data: data.pop("chain_id"), "unexpected content: the file has no chain_id"),
        (lambda data: data["contracts"]["A"].pop("tx"), "contracts.A has no tx"),
        (lambda data: data["contracts"]["A"].update(size=1), "contracts.A has an unknown size"),
        (lambda data: data.update(contracts=[]), "contracts is not of type object"),
    ],
)
def test_read__edited_file__says_what_is_wrong(path, edit, problem):
    records = open_records(path)
    records.begin(DEPLOYS)
    records.finish(tx=TX, block=9)
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))
    with pytest.raises(RecordError) as error:
        Records.read(path)
    assert problem in str(error.value)
    assert str(error.value).endswith("; restore it from git")


def test_read__no_file__says_what_to_run(path):
    with pytest.raises(RecordError, match="No such file or directory; run `ape run deploy` first"):
        Records.read(path)


def test_read__half_a_file__says_so(path):
    path.write_text('{"chain_id": ')
    with pytest.raises(RecordError, match="not JSON: .*; restore it from git"):
        Records.read(path)
