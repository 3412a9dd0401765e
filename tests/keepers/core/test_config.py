from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keepers.core.config import Config, OwnOrchestrator
from keepers.core.config_fields import ConfigError
from keepers.core.config_file import load, reload
from keepers.core.networks import PRESETS
from tests.keepers.core.config_samples import ALICE, BOB, TOKEN, VALID, changed, problems, write

ROOT = Path(__file__).parents[3]


# -- what is read


def test_load__small_file__takes_defaults_of_network_and_keepers(tmp_path: Path) -> None:
    config = load(write(tmp_path, VALID), {})
    assert config.network.chain_id == 42_161
    assert config.network.controller == PRESETS["arbitrum-one"].controller
    assert config.network.confirmations == 20
    assert config.journal.url == f"sqlite:///{tmp_path}/keepers.sqlite"
    assert config.signers["caller"].path == tmp_path / "caller.json"
    assert config.reward_caller.orchestrators == (ALICE, BOB)
    assert config.reward_caller.enabled
    assert not config.round_initializer.enabled
    assert (config.fees.soft_cap, config.fees.hard_cap) == (10**8, 10**9)
    assert config.signers_in_use == ("caller",)
    assert config.poll_seconds == 2.0
    assert config.round_initializer.slot_seconds == 4.0


def test_load__example_of_the_guide__is_valid(tmp_path: Path) -> None:
    (tmp_path / "rpc.txt").write_text("https://a.example\nhttps://b.example\n")
    text = (ROOT / "docs" / "examples" / "keepers.toml").read_text()
    config = load(write(tmp_path, text), {})
    assert config.network.rpc == ("https://a.example", "https://b.example")
    assert config.fees.hard_cap == 10**9
    assert config.round_initializer.enabled


def test_load__amounts__are_exact_to_the_last_wei(tmp_path: Path) -> None:
    text = VALID + "[limits]\nper_day_eth = 0.123456789012345678\nper_round_eth = '0.1'\n"
    config = load(write(tmp_path, text + "min_balance_eth = 3"), {})
    assert config.limits.per_day == 123_456_789_012_345_678
    assert config.limits.per_round == 10**17
    assert config.limits.min_balance == 3 * 10**18


def test_load__least_that_is_allowed__is_allowed(tmp_path: Path) -> None:
    assert load(write(tmp_path, "poll_seconds = 0.1\n" + VALID), {}).poll_seconds == 0.1


def test_load__slot_shorter_than_a_look__is_allowed_to_one_that_is_alone(tmp_path: Path) -> None:
    text = "poll_seconds = 30\n" + VALID + '[round_initializer]\nsigner = "caller"\n'
    assert load(write(tmp_path, text), {}).round_initializer.slot_seconds == 4


def test_load__own_orchestrators__each_with_its_signer(tmp_path: Path) -> None:
    text = changed(f'    "{BOB}",\n', "")
    text += f'[[reward_caller.own]]\naddress = "{BOB}"\nsigner = "caller"\n'
    config = load(write(tmp_path, text), {})
    assert config.reward_caller.own == (OwnOrchestrator(BOB, "caller"),)


def test_load__every_type_of_signer__has_its_fields(tmp_path: Path) -> None:
    text = VALID + (
        '[signers.a]\ntype = "ape"\nalias = "ops"\npassword_file = "p"\n'
        f'[signers.r]\ntype = "remote"\nsocket = "/run/signer.sock"\naddress = "{ALICE}"\n'
        f'[signers.k]\ntype = "kms"\nkey = "alias/keeper"\naddress = "{ALICE}"\n'
    )
    signers = load(write(tmp_path, text), {}).signers
    assert signers["a"].alias == "ops"
    assert signers["r"].socket == Path("/run/signer.sock")
    assert (signers["k"].key, signers["k"].address) == ("alias/keeper", ALICE)


# -- environment


def test_load__environment__replaces_keys_of_every_type(tmp_path: Path) -> None:
    environment = {
        "KEEPERS_POLL_SECONDS": "0.5",
        "KEEPERS_NETWORK__CHAIN_ID": "42161",
        "KEEPERS_NETWORK__RPC": "https://a.example, https://b.example",
        "KEEPERS_FEES__SOFT_CAP_GWEI": "0.25",
        "KEEPERS_LOG__JSON": "true",
        "KEEPERS_LEASE__ENABLED": "false",
        "KEEPERS_SIGNERS__CALLER__PASSWORD_FILE": "/run/secrets/caller",
        "KEEPERS_REWARD_CALLER__ORCHESTRATORS": BOB,
        "OTHER": "1",
    }
    config = load(write(tmp_path, VALID), environment)
    assert config.poll_seconds == 0.5
    assert config.network.rpc == ("https://a.example", "https://b.example")
    assert config.fees.soft_cap == 250_000_000
    assert config.log.json is True
    assert config.lease.enabled is False
    assert config.signers["caller"].password_file == Path("/run/secrets/caller")
    assert config.reward_caller.orchestrators == (BOB,)


def test_load__secret_file_by_environment__replaces_the_value_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("https://a.example\n")
    config = load(write(tmp_path, VALID), {"KEEPERS_NETWORK__RPC_FILE": "urls"})
    assert config.network.rpc == ("https://a.example",)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("KEEPERS_FEES__SOFT_CAP", "1", "fees.soft_cap: unknown key; did you mean soft_cap_gwei?"),
        ("KEEPERS_FEE__SOFT_CAP_GWEI", "1", "fee: unknown key; did you mean fees?"),
        ("KEEPERS_LEASE__ENABLED", "0", "lease.enabled: must be true or false, without quotes"),
        (
            "KEEPERS_LEASE__TTL_SECONDS",
            "x",
            "lease.ttl_seconds: must be seconds from 2 to 900, without quotes",
        ),
        (
            "KEEPERS_TURN__OF",
            "1.0",
            "turn.of: must be a whole number from 1 to 100, without quotes",
        ),
        (
            "KEEPERS_REWARD_CALLER__OWN",
            BOB,
            "reward_caller.own: must be tables: write [[reward_caller.own]]",
        ),
        (
            "KEEPERS_NETWORK__NAME__X",
            "1",
            "fits no key: KEEPERS_<SECTION>__<KEY>, and no list of tables",
        ),
    ],
)
def test_load__mistake_in_environment__names_the_variable(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    assert problems(tmp_path, VALID, {variable: value}) == [f"{variable}: {expected}"]


# -- secrets


def test_load__value_and_file_of_a_secret__is_refused(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("https://a.example\n")
    text = changed('name = "arbitrum-one"', 'name = "arbitrum-one"\nrpc_file = "urls"')
    assert problems(tmp_path, text) == [
        "keepers.toml:3: network.rpc_file: rpc is given too: remove one of them"
    ]


def test_load__wrong_url_in_a_file__names_the_key_and_not_the_url(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"wss://a.example/{TOKEN}\n")
    (found,) = problems(tmp_path, VALID, {"KEEPERS_NETWORK__RPC_FILE": "urls"})
    assert found.startswith("KEEPERS_NETWORK__RPC_FILE: network.rpc_file[0]: an RPC URL must start")
    assert TOKEN not in found


def test_repr__config__shows_no_secret(tmp_path: Path) -> None:
    text = VALID + '[journal]\nurl = "postgresql+psycopg://k:hunter22@db/keepers"\n'
    config = load(write(tmp_path, text), {})
    assert "hunter22" in config.journal.url
    assert TOKEN not in repr(config)
    assert "hunter22" not in repr(config)


# -- reload


@pytest.fixture
def running(tmp_path: Path) -> Config:
    return load(write(tmp_path, VALID), {})


def test_reload__caps_and_limits__are_taken(tmp_path: Path, running: Config) -> None:
    text = (
        VALID + '[fees]\nhard_cap_gwei = "2"\n[limits]\nper_day_eth = 1\n[log]\nlevel = "debug"\n'
    )
    config, restart = reload(write(tmp_path, text), running, {})
    assert restart == ()
    assert config.fees.hard_cap == 2 * 10**9
    assert config.limits.per_day == 10**18
    assert config.log.level == "debug"
    assert replace(config, fees=running.fees, limits=running.limits, log=running.log) == running


def test_reload__other_keys__are_named_and_kept(tmp_path: Path, running: Config) -> None:
    text = VALID.replace(f'    "{BOB}",\n', "").replace(TOKEN, "other").replace("caller.json", "x")
    config, restart = reload(write(tmp_path, "poll_seconds = 1\n" + text), running, {})
    assert restart == ("network.rpc", "poll_seconds", "signers", "reward_caller.orchestrators")
    assert config == running


def test_reload__mistake__changes_nothing(tmp_path: Path, running: Config) -> None:
    path = write(tmp_path, VALID + "[fees]\nhard_cap_gwei = 0\n")
    with pytest.raises(ConfigError, match="fees.hard_cap_gwei"):
        reload(path, running, {})
