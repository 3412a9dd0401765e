"""The signer that a section [signers.<name>] of the configuration asks for."""

from __future__ import annotations

from keepers.core.config import SignerConfig
from keepers.core.local_signer import LocalSigner
from keepers.core.signing import Signer, SigningError
from keepers.keystore import KeystoreError, ape_keystore


def build_signer(config: SignerConfig) -> Signer:
    """Raises SigningError, with the name of the section. A keystore takes a second to open."""
    try:
        return _build(config)
    except (KeystoreError, SigningError) as error:
        trouble = f"signers.{config.name}: {error}"
    raise SigningError(trouble)


def _build(config: SignerConfig) -> Signer:
    if config.type == "keystore":
        assert config.path
        assert config.password_file
        return LocalSigner.open(config.path, config.password_file, config.address)
    if config.type == "ape":
        assert config.alias
        assert config.password_file
        return LocalSigner.open(ape_keystore(config.alias), config.password_file, config.address)
    raise SigningError(f"type {config.type} is not supported")
