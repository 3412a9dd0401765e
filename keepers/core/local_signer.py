"""A key in this process, from an encrypted keystore file and a file with its password.

Libraries raise errors that may hold a key or a password, or have one in their frames. None of them
leaves this file: each becomes a fresh error, raised outside of the handler, without that history.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NoReturn

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from keepers.core.model import Signed, Unsigned
from keepers.core.signing import Signature, SigningError, digest_of, seal
from keepers.keystore import KeystoreError, unlock


class LocalSigner:
    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self.address = str(account.address)

    @classmethod
    def open(cls, keystore: Path, password_file: Path, address: str | None = None) -> LocalSigner:
        """Raises SigningError: a file that others can read, a wrong password, another `address`."""
        for path in (keystore, password_file):
            require_private(path)
        try:
            signer, trouble = cls(unlock(keystore, password_file)), ""
        except KeystoreError as error:
            trouble = str(error)
        except Exception as error:  # a keystore from elsewhere can break its parser in many ways
            trouble = f"{keystore}: cannot be decrypted: {type(error).__name__}"
        if trouble:
            raise SigningError(trouble)
        if address not in (None, signer.address):
            raise SigningError(f"{keystore}: holds the key of {signer.address}, not of {address}")
        return signer

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    def __reduce__(self) -> NoReturn:
        raise SigningError("a signer with a key must not be copied out of its process")

    def sign(self, tx: Unsigned) -> Signed:
        """Raises SigningError."""
        return seal(tx, self.sign_digest(digest_of(tx)), self.address)

    def sign_digest(self, digest: bytes) -> Signature:
        """Raises SigningError."""
        try:
            found = self._account.unsafe_sign_hash(Hash32(digest))
            return Signature(found.v - 27, found.r, found.s)
        except Exception as error:
            trouble = f"the key of {self.address} does not sign: {type(error).__name__}"
        raise SigningError(trouble)


def require_private(path: Path) -> None:
    """Raises SigningError if anybody but its owner can read or change a file."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SigningError(f"{path}: cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise SigningError(f"{path}: is not a file")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SigningError(f"{path}: others have access to it; run chmod 600 {path}")
