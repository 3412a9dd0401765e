"""The keys of the sections that are not a keeper's: type, range, default, what must fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from keepers.core.amounts import ETHER, GWEI
from keepers.core.config import (
    FeeConfig,
    JournalConfig,
    LeaseConfig,
    LimitsConfig,
    LogConfig,
    NetworkConfig,
    SignerConfig,
    SignerType,
    TurnConfig,
    percent,
)
from keepers.core.config_fields import REQUIRED, Section
from keepers.core.config_kinds import (
    Kind,
    address,
    amount,
    boolean,
    choice,
    seconds,
    several,
    text,
    whole,
)
from keepers.core.model import KeeperError
from keepers.core.networks import PRESETS, UNNAMED, Preset
from keepers.core.rpc import name_of

JOURNAL = "keepers.sqlite"
TTL_SECONDS = 8.0
BEATS = 3  # signs of life that a lease waits for
LEVELS = ("debug", "info", "warning", "error")
SIGNER_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

gwei = amount(GWEI, "gwei", 10_000)
ether = amount(ETHER, "ETH", 1_000)


def read_network(section: Section) -> tuple[NetworkConfig, Preset]:
    name = section.take("name", choice(*PRESETS), None)
    preset = PRESETS.get(name or "", UNNAMED)
    chains = whole(1, 2**53)
    if name or not section.is_sound:  # a name with a mistake in it stands for a preset too
        chain_id = section.take("chain_id", chains, preset.chain_id)
        why = f"no Controller of {name} is built in"
        controller = section.take("controller", address, preset.controller or REQUIRED, why)
    else:
        chain_id = section.take("chain_id", chains, why="or give name")
        why = "every other contract is found by it"
        controller = section.take("controller", address, why=why)
    if name and chain_id not in (preset.chain_id, None):
        section.fail("chain_id", f"{name} is chain {preset.chain_id}, not {chain_id}")
    rpc = section.take_secret("rpc", several(rpc_url))
    if rpc == ():
        section.fail("rpc", "needs at least one URL of a node")
    confirmations = section.take("confirmations", whole(1, 10_000), preset.confirmations)
    section.close()
    return NetworkConfig(name, chain_id, controller, rpc, confirmations), preset


def read_journal(section: Section) -> JournalConfig:
    url = section.take_secret(
        "url", journal_url(section.base), f"sqlite:///{section.base}/{JOURNAL}"
    )
    section.close()
    return JournalConfig(url)


def read_signers(section: Section) -> dict[str, SignerConfig]:
    found = {}
    for name in section.table:
        one = section.section(name)
        if not SIGNER_NAME.fullmatch(name):
            one.fail("", "a signer's name has small letters, digits and single underscores")
        found[name] = _read_signer(name, one)
    section.close()
    return found


def _read_signer(name: str, section: Section) -> SignerConfig:
    kind = cast(SignerType, section.take("type", choice("keystore", "ape", "remote", "kms")))
    given: dict[str, Any] = {}
    if kind == "keystore":
        given["path"] = section.take("path", section.file())
    elif kind == "ape":
        given["alias"] = section.take("alias", text)
    elif kind == "remote":
        given["socket"] = section.take("socket", section.file())
    elif kind == "kms":
        given["key"] = section.take("key", text)
    if kind in ("keystore", "ape"):
        given["password_file"] = section.take("password_file", section.file())
        given["address"] = section.take("address", address, None)
    elif kind is not None:
        given["address"] = section.take("address", address)
    if kind is not None:
        section.close()  # else nobody knows which keys it should have
    return SignerConfig(name, kind, **given)


def read_fees(section: Section, preset: Preset) -> FeeConfig:
    soft = section.take("soft_cap_gwei", gwei, preset.soft_cap)
    hard = section.take("hard_cap_gwei", gwei, max(preset.hard_cap, soft or 0))
    rise_from = section.take("rise_from_percent", whole(0, 100), 65)
    rise_to = section.take("rise_to_percent", whole(0, 100), 85)
    replace_after = section.take("replace_after_seconds", whole(5, 3_600), 30)
    section.close()
    if section.is_sound and hard < soft:
        section.fail("hard_cap_gwei", "is below soft_cap_gwei: the soft cap is the lower one")
    if section.is_sound and rise_to <= rise_from:
        section.fail("rise_to_percent", f"must be above rise_from_percent, which is {rise_from}")
    if not section.is_sound:
        return FeeConfig(0, 0, 0, 0, 0)
    return FeeConfig(soft, hard, percent(rise_from), percent(rise_to), replace_after)


def read_limits(section: Section) -> LimitsConfig:
    milli = 10 ** (ETHER - 3)
    found = LimitsConfig(
        per_operation=section.take("per_operation_eth", ether, 20 * milli),
        per_round=section.take("per_round_eth", ether, 100 * milli),
        per_day=section.take("per_day_eth", ether, 200 * milli),
        per_orchestrator_per_day=section.take("per_orchestrator_per_day_eth", ether, 10 * milli),
        min_balance=section.take("min_balance_eth", ether, 10 * milli),
    )
    section.close()
    return found


def read_lease(section: Section, poll: float) -> LeaseConfig:
    """A holder that gives a sign of life each poll must not be taken for dead between two."""
    least = BEATS * poll
    found = LeaseConfig(
        enabled=section.take("enabled", boolean, True),
        owner=section.take("owner", text, None),
        ttl=section.take("ttl_seconds", seconds(2, BEATS * 300), max(TTL_SECONDS, least)),
    )
    if section.is_sound and found.ttl < least:
        section.fail(
            "ttl_seconds",
            f"is {found.ttl:g}, and must be at least {least:g}: {BEATS} times poll_seconds, which "
            f"is {poll:g}",
        )
    section.close()
    return found


def read_turn(section: Section) -> TurnConfig:
    found = TurnConfig(
        index=section.take("index", whole(0, 99), 0), of=section.take("of", whole(1, 100), 1)
    )
    section.close()
    if section.is_sound and found.index >= found.of:
        section.fail("index", f"must be below of, which is {found.of}: the first host is 0")
    return found


def read_log(section: Section) -> LogConfig:
    found = LogConfig(
        level=section.take("level", choice(*LEVELS), "info"),
        json=section.take("json", boolean, False),
    )
    section.close()
    return found


# -- kinds that only one section has


def rpc_url(value: Any) -> str:
    url = text(value)
    try:
        name_of(url)
    except KeeperError as error:
        raise ValueError(str(error)) from None
    return url


def journal_url(base: Path) -> Kind[str]:
    """A relative SQLite file is beside the configuration, wherever the process runs."""

    def read(value: Any) -> str:
        try:
            url = make_url(text(value))
        except ArgumentError:
            raise ValueError("must be a URL such as sqlite:///keepers.sqlite") from None
        if url.drivername == "sqlite":
            if url.database in (None, "", ":memory:"):
                raise ValueError("must name a file: what is in memory is lost with the process")
            return f"sqlite:///{base / Path(str(url.database)).expanduser()}"
        if url.drivername != "postgresql+psycopg":
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return str(url.render_as_string(hide_password=False))

    return read
