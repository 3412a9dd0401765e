"""Files with 32 secret bytes in hex, readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SIZE = 32


class KeyFileError(Exception):
    """A file that is no secret, or that others can read; one line."""


def read_or_create(path: Path) -> bytes:
    """The secret in a file; a new random one if there is no file. Never printed, never logged."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    secret = secrets.token_bytes(SIZE)
    with os.fdopen(handle, "w") as file:
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(handle)
    return secret


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path}: others can read it: chmod 600 it, or use a new one")
        secret = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from None
    except ValueError:
        secret = b""
    if len(secret) != SIZE:
        raise KeyFileError(f"{path}: not {SIZE} bytes in hex")
    return secret
