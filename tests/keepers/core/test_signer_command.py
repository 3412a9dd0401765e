"""signer.toml: what is read from it, and every mistake in it."""
# ruff: noqa: E501

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from keepers.core.config_fields import ConfigError
from keepers.core.signer_config import load_signer_config
from keepers.core.signer_policy import selector_of
from keepers.signer_command import signer
from tests.keepers.core.signing_cases import (
    ADDRESS,
    TARGET,
    write_keystore,
)

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "signer.toml"
VALID = f"""\
socket = "s"

[signers.caller]
type = "keystore"
path = "caller.json"
password_file = "caller.password"

[policy.caller]
chain_id = 42161
max_fee_gwei = "0.5"
max_gas = 1_000_000
per_day = 10

[[policy.caller.allow]]
contract = "{TARGET}"
functions = ["reward()", "rewardForTranscoder(address)"]
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="k") as name:
        write_keystore(Path(name))
        yield Path(name)


def write(folder: Path, text: str = VALID) -> Path:
    path = folder / "signer.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


# -- configuration


def test_load__example_of_the_documentation__is_valid() -> None:
    found = load_signer_config(EXAMPLE)
    key, policy = found.keys["caller"]
    assert key.type == "keystore"
    assert (policy.max_fee, policy.per_day, len(policy.rules)) == (10**9, 500, 2)
    assert found.users == {os.getuid()}
    assert found.group is None


def test_load__valid__has_exact_limits(folder: Path) -> None:
    found = load_signer_config(write(folder))
    _, policy = found.keys["caller"]
    assert (policy.chain_id, policy.max_fee, policy.max_gas) == (42161, 5 * 10**8, 10**6)
    assert policy.rules[0].functions[selector_of("reward()")] == "reward()"
    assert policy.rules[0].max_value == 0
    assert found.socket == folder.resolve() / "s"
    assert found.count == folder.resolve() / "signer.count"


def test_load__users_by_name_with_a_group__are_ids(folder: Path) -> None:
    text = 'users = ["root", 4321]\ngroup = "root"\n' + VALID
    found = load_signer_config(write(folder, text))
    assert found.users == {0, 4321}
    assert found.group == 0


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("max_gas", "max_gass", "signer.toml:11: policy.caller.max_gass: unknown key; did you mean max_gas?"),
        ("max_gas = 1_000_000", "", "signer.toml:8: policy.caller.max_gas: is missing"),
        ('"0.5"', '"-1"', "signer.toml:10: policy.caller.max_fee_gwei: must be an amount"),
        ("per_day = 10", "per_day = 0", "signer.toml:12: policy.caller.per_day: must be from 1 to"),
        ("[policy.caller]", "[policy.other]", "policy.other: unknown key; nearest is caller"),
        (TARGET, TARGET.lower(), "policy.caller.allow[0].contract: has no checksum: write"),
        ("reward()", "reward", 'reward: write name and types, such as "setRewardCaller(address)"'),
        ("reward()", "reward(uint)", 'reward(uint): write name and types'),
        ("reward()", "rewardForTranscoder(address)", "is in the list twice"),
        ("functions", "function", "policy.caller.allow[0].function: unknown key; did you mean functions?"),
        ("[[policy.caller.allow]]", "[policy.caller.allow]", "write [[policy.caller.allow]]"),
        (VALID[VALID.index("[[") :], "", "policy.caller.allow: no contract is allowed: add [[policy.caller.allow]]"),
        ('socket = "s"', "", "socket: is missing"),
        ('socket = "s"', 'socket = "s"\nusers = ["nobody-of-this-name"]', "signer.toml:2: users[0]: there is no user nobody-of-this-name"),
        ('socket = "s"', 'socket = "s"\nusers = [4321]', "users: only its own user can open a socket of mode 0600: give group too"),
        ('socket = "s"', 'socket = "s"\ngroup = "no-such-group"', "signer.toml:2: group: there is no group no-such-group"),
        (VALID, 'socket = "s"', "there is no key: add [signers.<name>]"),
        (VALID, "socket = ", "is not TOML"),
        (
            'type = "keystore"\npath = "caller.json"\npassword_file = "caller.password"',
            f'type = "remote"\nsocket = "x"\naddress = "{ADDRESS}"',
            "policy.caller: a remote signer cannot guard another one",
        ),
    ],
)  # fmt: skip
def test_load__mistake__is_named_with_its_place(
    folder: Path, old: str, new: str, text: str
) -> None:
    assert old in VALID
    with pytest.raises(ConfigError) as caught:
        load_signer_config(write(folder, VALID.replace(old, new, 1)))
    assert text in str(caught.value)


def test_load__others_can_write_the_policy__is_refused(folder: Path) -> None:
    path = write(folder)
    path.chmod(0o620)
    with pytest.raises(ConfigError, match="others can write the policy; run chmod go-w"):
        load_signer_config(path)


def test_check__opens_every_key__says_what_it_may(folder: Path) -> None:
    found = CliRunner().invoke(signer, ["--config", str(write(folder)), "--check"])
    assert found.exit_code == 0
    assert found.output == (
        f"{ADDRESS}: 2 functions of 1 contracts on chain 42161, at most 1000000 gas at 500000000 "
        "wei and 10 a day\n"
    )
    assert not (folder / "s").exists()


def test_check__one_key_in_two_sections__is_refused(folder: Path) -> None:
    again = VALID[VALID.index("[signers") :].replace("[signers.caller]", "[signers.again]")
    text = VALID + again.replace("policy.caller", "policy.again")
    found = CliRunner().invoke(signer, ["--config", str(write(folder, text)), "--check"])
    assert found.exit_code == 1
    assert f"signers.again: {ADDRESS} has a section already; keep one" in found.output
