"""A host and a chain for a preflight, on which everything is as it should be."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from eth_account import Account

from keepers.cli import cli
from keepers.core.journal import Journal
from tests.keepers.core.scripted_node import CONTROLLER, Endpoint, World, address

TOKEN = "sentinel-token-0123456789"
PASSWORD = "sentinel of the password"
CALLER = Account.from_key("0x" + "11" * 32)
OWN = Account.from_key("0x" + "22" * 32)
FIRST, SECOND, BATCHER = address(0x01), address(0x02), address(0xBA)
IDENTITY = {"chain": "42161", "controller": CONTROLLER}
GWEI, ETHER = 10**9, 10**18
CONFIG = """\
[network]
name = "arbitrum-one"
rpc = ["{url}/a/{token}", "{url}/b/{token}"]
[signers.caller]
type = "keystore"
path = "caller.json"
password_file = "password"
[signers.own]
type = "keystore"
path = "own.json"
password_file = "password"
[round_initializer]
signer = "caller"
[reward_caller]
signer = "caller"
orchestrators = ["{first}", "{second}"]
[[reward_caller.own]]
address = "{own}"
signer = "own"
"""


@dataclass
class Site:
    """`text` is the configuration, `environment` what is set beside it."""

    folder: Path
    url: str
    world: World
    text: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {"url": self.url, "token": TOKEN, "own": OWN.address}
        self.text = CONFIG.format(**names, first=FIRST, second=SECOND)
        for name, account in (("caller", CALLER), ("own", OWN)):
            secret = Account.encrypt(account.key, PASSWORD, kdf="pbkdf2", iterations=2)
            self.write(f"{name}.json", json.dumps(secret))
        self.write("password", PASSWORD + "\n")
        world = self.world
        world.endpoints |= {"a": Endpoint(), "b": Endpoint()}
        world.registered |= {FIRST, SECOND, OWN.address}
        world.active |= world.registered
        world.callers |= dict.fromkeys((FIRST, SECOND), CALLER.address)
        world.balances |= dict.fromkeys((CALLER.address, OWN.address), ETHER)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)

    def change(self, old: str, new: str) -> None:
        assert self.text.count(old) == 1, old
        self.text = self.text.replace(old, new)

    def add(self, text: str) -> None:
        self.text += text

    def journal(self, **other: str) -> Journal:
        url = f"sqlite:///{self.folder}/keepers.sqlite"
        return Journal.open(url, identity={**IDENTITY, **other})

    def check(self, *options: str) -> Result:
        self.write("keepers.toml", self.text)
        arguments = ["check", "--config", str(self.folder / "keepers.toml"), *options]
        result = CliRunner(mix_stderr=False).invoke(cli, arguments, env=self.environment)
        for secret in (TOKEN, PASSWORD, CALLER.key.hex(), OWN.key.hex()):
            assert secret not in result.stdout + result.stderr + str(result.exception)
        assert isinstance(result.exception, (SystemExit, type(None))), result.exception
        return result

    def findings(self) -> tuple[int, list[dict[str, Any]]]:
        result = self.check("--json")
        answer = json.loads(result.stdout)
        assert answer["ok"] == (result.exit_code == 0)
        return result.exit_code, answer["findings"]
