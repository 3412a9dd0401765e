"""A small configuration, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepers.core.config_fields import ConfigError
from keepers.core.config_file import load

ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
BOB = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
TOKEN = "s3cr3tT0ken1234567"
VALID = f"""\
[network]
name = "arbitrum-one"
rpc = ["https://node.example/{TOKEN}", "https://other.example"]
[signers.caller]
type = "keystore"
path = "caller.json"
password_file = "caller.password"
[reward_caller]
signer = "caller"
orchestrators = [
    "{ALICE}",
    "{BOB}",
]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "keepers.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    """Without the folder."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path, environment or {})
    error: ConfigError = caught.value
    return [str(one).removeprefix(f"{folder}/") for one in error.problems]


def changed(line: str, new: str) -> str:
    assert VALID.count(line) == 1
    return VALID.replace(line, new)
