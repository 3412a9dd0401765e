"""The signer that a section [signers.<name>] of the configuration asks for."""

from __future__ import annotations

from typing import TypeVar

from keepers.core.config import SignerConfig
from keepers.core.kms import Kms, KmsSigner
from keepers.core.local_signer import LocalSigner
from keepers.core.remote_signer import RemoteSigner
from keepers.core.signing import Signer, SigningError
from keepers.keystore import KeystoreError, ape_keystore

T = TypeVar("T")


def build_signer(config: SignerConfig, *, kms: Kms | None = None) -> Signer:
    """`kms` is the client of the service for type kms. A keystore takes a second to open.

    Raises SigningError, with the name of the section.
    """
    if config.type == "remote":
        return RemoteSigner(_given(config.socket), _given(config.address))
    return open_key(config, kms=kms)


def open_key(config: SignerConfig, *, kms: Kms | None = None) -> LocalSigner | KmsSigner:
    """A key that this process holds or commands. Raises SigningError, as above."""
    try:
        return _open(config, kms)
    except (KeystoreError, SigningError) as error:
        trouble = f"signers.{config.name}: {error}"
    raise SigningError(trouble)


def _open(config: SignerConfig, kms: Kms | None) -> LocalSigner | KmsSigner:
    if config.type == "remote":
        raise SigningError("type remote is a signer elsewhere: name the key itself here")
    if config.type == "kms":
        if kms is None:
            raise SigningError("type kms needs a client of your service: see docs/signers.md")
        return KmsSigner(kms, _given(config.key), _given(config.address))
    path = ape_keystore(_given(config.alias)) if config.type == "ape" else _given(config.path)
    return LocalSigner.open(path, _given(config.password_file), config.address)


def _given(value: T | None) -> T:
    """A field that every configuration of its type has."""
    assert value is not None
    return value
