"""Keys from files: which are taken, and that no secret leaves them."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from keepers import keystore as keystores
from keepers.core.config import SignerConfig
from keepers.core.local_signer import LocalSigner
from keepers.core.model import Unsigned
from keepers.core.signers import build_signer
from keepers.core.signing import SigningError
from tests.keepers.core.signing_cases import (
    ADDRESS,
    KEY,
    OTHER,
    OTHER_KEY,
    PASSWORD,
    TX,
    decoded,
    fifty,
    write_keystore,
)

SECRETS = (PASSWORD, KEY.hex(), repr(KEY), str(int.from_bytes(KEY, "big")), "sentinel key")


def all_told(error: BaseException) -> str:
    """What the chattiest handler could print of it: every frame with its variables."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = [error, error.__context__, error.__cause__]
    return "\n".join([*told.format(), *map(repr, chain), *(repr(vars(e)) for e in chain if e)])


def assert_silent(error: BaseException) -> None:
    told = all_told(error)
    assert [secret for secret in SECRETS if secret.lower() in told.lower()] == []
    assert error.__context__ is None
    assert "\n" not in str(error)


def failure_of(act: Callable[[], object]) -> SigningError:
    with pytest.raises(SigningError) as caught:
        act()
    return caught.value


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write_keystore(tmp_path)


@pytest.fixture
def signer(files: tuple[Path, Path]) -> LocalSigner:
    return LocalSigner.open(*files)


def test_sign__fifty_transactions__each_is_what_was_asked(signer: LocalSigner) -> None:
    for tx in fifty():
        assert decoded(signer.sign(tx).raw) == (ADDRESS, tx)


def test_build_signer__keystore__signs_for_its_address(files: tuple[Path, Path]) -> None:
    config = SignerConfig("hot", "keystore", path=files[0], password_file=files[1], address=ADDRESS)
    assert build_signer(config).address == ADDRESS


def test_build_signer__ape__finds_the_account_by_alias(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystores, "APE_ACCOUNTS", files[0].parent)
    config = SignerConfig("hot", "ape", alias="caller", password_file=files[1])
    assert build_signer(config).address == ADDRESS


def test_build_signer__no_such_alias__names_the_section(tmp_path: Path) -> None:
    config = SignerConfig("hot", "ape", alias="../x", password_file=tmp_path)
    error = failure_of(lambda: build_signer(config))
    assert str(error).startswith("signers.hot: no Ape account '../x'")
    assert error.__context__ is None


def test_open__address_of_another__names_both(files: tuple[Path, Path]) -> None:
    error = failure_of(lambda: LocalSigner.open(*files, OTHER))
    assert str(error) == f"{files[0]}: holds the key of {ADDRESS}, not of {OTHER}"


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_open__others_have_access__is_refused(
    files: tuple[Path, Path], which: int, mode: int
) -> None:
    files[which].chmod(mode)
    error = failure_of(lambda: LocalSigner.open(*files))
    assert str(error).endswith(f"others have access to it; run chmod 600 {files[which]}")
    assert_silent(error)


@pytest.mark.parametrize("which", [0, 1])
def test_open__file_is_missing_or_a_folder__is_refused(
    files: tuple[Path, Path], which: int
) -> None:
    files[which].unlink()
    assert "cannot be read: No such file" in str(failure_of(lambda: LocalSigner.open(*files)))
    files[which].mkdir()
    assert "is not a file" in str(failure_of(lambda: LocalSigner.open(*files)))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"crypto": 1, "version": 3}',
        '{"crypto": {"kdf": "argon", "cipher": "x", "mac": "00"}, "version": 3}',
        KEY.hex(),
        '"' + PASSWORD + '"',
    ],
)
def test_open__broken_keystore__is_refused_silently(files: tuple[Path, Path], content: str) -> None:
    files[0].write_text(content)
    error = failure_of(lambda: LocalSigner.open(*files))
    assert str(files[0]) in str(error)
    assert_silent(error)


def test_open__wrong_password__is_refused_silently(files: tuple[Path, Path]) -> None:
    files[1].write_text(PASSWORD + "x")
    error = failure_of(lambda: LocalSigner.open(*files))
    assert str(error) == f"{files[0]}: cannot be decrypted with this password"
    assert_silent(error)


def test_open__library_breaks_with_the_password_in_its_error__is_silent(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_data: object, password: str) -> bytes:
        raise RuntimeError(f"cannot use {password} for {KEY.hex()}")

    monkeypatch.setattr(Account, "decrypt", explode)
    error = failure_of(lambda: LocalSigner.open(*files))
    assert str(error) == f"{files[0]}: cannot be decrypted: RuntimeError"
    assert_silent(error)


def test_sign__library_breaks_with_the_key_in_its_error__is_silent(
    signer: LocalSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(self: LocalAccount, _digest: bytes) -> None:
        raise ValueError(f"bad key {self.key.hex()}")

    monkeypatch.setattr(LocalAccount, "unsafe_sign_hash", explode)
    error = failure_of(lambda: signer.sign(TX))
    assert str(error) == f"the key of {ADDRESS} does not sign: ValueError"
    assert_silent(error)


def test_sign__key_is_swapped_behind_its_back__is_refused(signer: LocalSigner) -> None:
    signer.address = OTHER
    assert ADDRESS in str(failure_of(lambda: signer.sign(TX)))


def test_signer__shown_in_any_way__shows_its_address_only(
    signer: LocalSigner, files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    config = SignerConfig("hot", "keystore", path=files[0], password_file=files[1])
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().debug("%s %r %s", signer, signer, vars(signer))
        build_signer(config).sign(TX)
    told = f"{signer} {signer!r} {vars(signer)} {config} {signer.sign(TX)} {caplog.text}"
    assert f"LocalSigner({ADDRESS})" in told
    assert [secret for secret in SECRETS if secret in told] == []


def test_signer__pickled__is_refused(signer: LocalSigner) -> None:
    with pytest.raises(SigningError, match="must not be copied"):
        pickle.dumps(signer)


def test_assert_silent__secret_in_a_variable__is_noticed() -> None:
    def leaks(password: str) -> Unsigned:
        raise SigningError(f"{len(password)}")

    error = failure_of(lambda: leaks(PASSWORD))
    with pytest.raises(AssertionError):
        assert_silent(error)


def test_other_key__is_another_account(tmp_path: Path) -> None:
    assert LocalSigner.open(*write_keystore(tmp_path, OTHER_KEY)).address == OTHER
