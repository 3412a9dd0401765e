"""The keeper's key, from an encrypted keystore file as Ape and geth write it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address, to_checksum_address

APE_ACCOUNTS = Path.home() / ".ape" / "accounts"


class KeystoreError(RuntimeError):
    """The key cannot be had; one line that says what to do, and never anything of the key."""


def ape_keystore(alias: str) -> Path:
    """Keystore file of an account made by `ape accounts generate` or `import`."""
    path = APE_ACCOUNTS / f"{alias}.json"
    if Path(alias).name != alias or not path.is_file():
        raise KeystoreError(f"no Ape account {alias!r}: `ape accounts list` shows those there are")
    return path


def address_in(keystore: Path) -> str:
    """Address in the clear part of a keystore; needs no password."""
    address = _read(keystore).get("address", "")
    if not isinstance(address, str) or not is_address(address):
        raise KeystoreError(f"{keystore}: has no address; is it a keystore file?")
    return str(to_checksum_address(address))


def unlock(keystore: Path, password_file: Path) -> LocalAccount:
    """The account. The password file must be readable by its owner alone."""
    data = _read(keystore)
    try:
        if password_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeystoreError(f"{password_file}: others can read it; run chmod 600")
        password = password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KeystoreError(f"{password_file}: cannot be read: {type(error).__name__}") from None
    try:
        key = Account.decrypt(data, password)
    except (ValueError, TypeError, KeyError):
        raise KeystoreError(f"{keystore}: cannot be decrypted with this password") from None
    account: LocalAccount = Account.from_key(key)
    return account


def _read(keystore: Path) -> dict[str, Any]:
    try:
        data = json.loads(keystore.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KeystoreError(f"{keystore}: cannot be read: {type(error).__name__}") from None
    if not isinstance(data, dict):
        raise KeystoreError(f"{keystore}: is not a keystore file")
    return data
