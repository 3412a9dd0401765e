"""The configuration file: TOML, with environment variables over it, read as a whole or not at all.

    KEEPERS_<SECTION>__<KEY>   replaces a key, such as KEEPERS_FEES__SOFT_CAP_GWEI=0.2
    <key>_file                 names a file that holds the value, for what must stay secret

Source: keepers spec (e1), R22.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from keepers.core import config_keepers as keepers
from keepers.core import config_sections as sections
from keepers.core.config import Config
from keepers.core.config_fields import ConfigError, Problem, Report, Section
from keepers.core.config_kinds import seconds
from keepers.core.config_places import Places, parse

POLL_SECONDS = 2.0


def load(path: Path, environment: Mapping[str, str]) -> Config:
    """Raises ConfigError, with everything that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(str(path), "", f"cannot be read: {_why(error)}")]) from None
    try:
        tree = parse(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Problem(str(path), "", f"is not TOML: {error}")]) from None
    places = Places(str(path), text)
    misfits = places.overlay(tree, environment)
    report = Report(places)
    report.problems += [
        Problem(variable, "", "fits no key: KEEPERS_<SECTION>__<KEY>, and no list of tables")
        for variable in misfits
    ]
    config = read(Section(report, (), tree, path.resolve().parent))
    report.finish()
    return config


def reload(
    path: Path, old: Config, environment: Mapping[str, str]
) -> tuple[Config, tuple[str, ...]]:
    """`old` with the fees, limits and log of the file, and what needs a restart.

    The second are keys that differ too, but are what the process was built from. Raises ConfigError
    if the file is not sound; then nothing of it counts.
    """
    new = load(path, environment)
    config = replace(old, fees=new.fees, limits=new.limits, log=new.log)
    return config, tuple(_differences(config, new))


def read(root: Section) -> Config:
    """Every key of the file; trouble is in the report, and then the result is not to be used."""
    poll = root.take("poll_seconds", seconds(0.1, 300), POLL_SECONDS)
    network, preset = sections.read_network(root.section("network"))
    signers = sections.read_signers(root.section("signers"))
    config = Config(
        network=network,
        journal=sections.read_journal(root.section("journal")),
        poll_seconds=poll,
        signers=signers,
        fees=sections.read_fees(root.section("fees"), preset),
        limits=sections.read_limits(root.section("limits")),
        round_initializer=keepers.read_round_initializer(
            root.section("round_initializer"), signers
        ),
        reward_caller=keepers.read_reward_caller(root.section("reward_caller"), signers),
        lease=sections.read_lease(root.section("lease"), poll if root.is_sound else POLL_SECONDS),
        turn=sections.read_turn(root.section("turn")),
        log=sections.read_log(root.section("log")),
    )
    root.close()
    if root.is_sound:
        keepers.check_turns(root.section("round_initializer"), config)
    if root.is_sound and not config.signers_in_use:
        root.fail("", "no keeper is enabled: add [round_initializer] or [reward_caller]")
    return config


def _differences(old: Any, new: Any, name: str = "") -> list[str]:
    """Dotted names of the fields that differ; secrets are compared but never shown."""
    found = []
    for one in fields(old):
        before, after = getattr(old, one.name), getattr(new, one.name)
        dotted = f"{name}.{one.name}".lstrip(".")
        if is_dataclass(before) and type(before) is type(after):
            found += _differences(before, after, dotted)
        elif before != after:
            found.append(dotted)
    return found


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is not UTF-8"
