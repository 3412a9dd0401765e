"""Fees, the journal, and the way to a key: what needs no chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account

from keepers.keystore import KeystoreError, address_in, ape_keystore, unlock
from keepers.sending import GWEI, FeePolicy, SendError
from keepers.slashing_journal import Attempt, Journal, JournalError

KEY = b"\x07" * 32
CASE = b"\x01" * 32


def attempt(name: str, nonce: int = 4, max_fee: int = GWEI) -> Attempt:
    return Attempt(name, nonce, "prove", "0x01", b"\x02", 21_000, max_fee, 1, b"\x03", 5.0)


# -- fees


def test_first__room_under_the_cap__covers_a_doubled_base_fee() -> None:
    assert FeePolicy(cap=10 * GWEI).first(2 * GWEI, GWEI) == (5 * GWEI, GWEI)


def test_first__little_room__stops_at_the_cap() -> None:
    assert FeePolicy(cap=3 * GWEI).first(2 * GWEI, 4 * GWEI) == (3 * GWEI, 3 * GWEI)


def test_first__cap_below_the_base_fee__waits() -> None:
    with pytest.raises(SendError, match="gas costs 2000000000 wei, the cap is 2000000000"):
        FeePolicy(cap=2 * GWEI).first(2 * GWEI, 0)


def test_next__below_the_cap__raises_both_by_an_eighth_at_least() -> None:
    most, tip = FeePolicy(cap=10 * GWEI).next(1_000, 100)
    assert most == 1_125
    assert tip * 8 >= 100 * 9


def test_next__at_the_cap__stays() -> None:
    assert FeePolicy(cap=1_100).next(1_000, 100) == (1_000, 100)


def test_fee_policy__no_cap__is_refused() -> None:
    with pytest.raises(ValueError, match="fee cap must be above 0"):
        FeePolicy(cap=0)


# -- journal


def test_journal__reopened__remembers(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    journal = Journal(path, identity={"account": "a"})
    journal.keep_salt(CASE, b"s" * 32)
    journal.keep_attempt(attempt("0xaa"))
    journal.keep_attempt(attempt("0xbb", max_fee=2 * GWEI))
    journal.book(CASE, {("0xcc", 1): 10**30}, final=True)
    journal.close()

    journal = Journal(path, identity={"account": "a"})
    assert journal.salt(CASE) == b"s" * 32
    assert [one.hash for one in journal.under_way()] == ["0xaa", "0xbb"]
    assert journal.is_settled(CASE)
    assert (journal.share(CASE), journal.share(b""), journal.share()) == (10**30, 0, 10**30)
    journal.close()


def test_journal__booked_twice__counts_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x", identity={})
    for _ in range(2):
        journal.book(CASE, {("0xcc", 1): 7, ("0xcc", 2): 5}, final=False)
    assert journal.share() == 12
    assert not journal.is_settled(CASE)
    journal.close()


def test_journal__finished_nonce__is_no_longer_under_way(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x", identity={})
    journal.keep_attempt(attempt("0xaa"))
    journal.finish(4, "mined")
    assert journal.under_way() == []
    journal.close()


def test_journal__of_another_chain__is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "x", identity={"chain": "1"}).close()
    with pytest.raises(JournalError, match="is of chain 1, not 2; choose another --journal"):
        Journal(tmp_path / "x", identity={"chain": "2"})


def test_journal__open_elsewhere__is_refused(tmp_path: Path) -> None:
    first = Journal(tmp_path / "x", identity={})
    with pytest.raises(JournalError, match="in use by another keeper"):
        Journal(tmp_path / "x", identity={})
    first.close()
    Journal(tmp_path / "x", identity={}).close()


def test_journal__not_a_database__is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("something else, long enough to be a header of a file" * 4)
    with pytest.raises(JournalError, match="file is not a database"):
        Journal(tmp_path / "x", identity={})


# -- key


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(KEY, "open sesame", kdf="pbkdf2", iterations=2)))
    return path


def password(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "password"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_unlock__right_password__is_the_account(keystore: Path, tmp_path: Path) -> None:
    account = unlock(keystore, password(tmp_path, "open sesame\n"))
    assert account.address == Account.from_key(KEY).address == address_in(keystore)


def test_unlock__wrong_password__says_so_and_no_more(keystore: Path, tmp_path: Path) -> None:
    with pytest.raises(KeystoreError) as error:
        unlock(keystore, password(tmp_path, "secret guess"))
    assert str(error.value) == f"{keystore}: cannot be decrypted with this password"


def test_unlock__password_others_can_read__is_refused(keystore: Path, tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="others can read it; run chmod 600"):
        unlock(keystore, password(tmp_path, "open sesame", mode=0o644))


def test_unlock__no_password_file__is_one_line(keystore: Path, tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="none: cannot be read: FileNotFoundError"):
        unlock(keystore, tmp_path / "none")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address": 5}', '{"address": "0x12"}'])
def test_address_in__other_file__is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(KeystoreError, match=r"^\S+/k: "):
        address_in(tmp_path / "k")


@pytest.mark.parametrize("alias", ["no-such-account-here", "../x"])
def test_ape_keystore__unknown_alias__says_how_to_list(alias: str) -> None:
    with pytest.raises(KeystoreError, match="`ape accounts list` shows"):
        ape_keystore(alias)
