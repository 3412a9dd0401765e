"""Reads signer.toml: which keys a remote signer has, what each may sign, and who may ask.

An example is docs/examples/signer.toml. Source: keepers spec (e1), R22 and R24.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepers.core.amounts import ETHER, parse_units
from keepers.core.config import SignerConfig
from keepers.core.config_fields import ConfigError, Problem, Report, Section
from keepers.core.config_kinds import Kind, address, several, text, whole
from keepers.core.config_places import Places, parse
from keepers.core.config_sections import gwei, read_signers
from keepers.core.signer_policy import Policy, Rule, selector_of

_TYPE = r"(?:address|bool|string|bytes(?:[1-9]|[12]\d|3[0-2])?|u?int\d{1,3})(?:\[\d*\])*"
_FUNCTION = re.compile(rf"[A-Za-z_]\w*\((?:{_TYPE}(?:,{_TYPE})*)?\)")
MOST_GAS = 2**32


@dataclass(frozen=True)
class SignerServerConfig:
    """`users` are ids, `group` is one. `keys` has a key and its policy for each name."""

    socket: Path
    count: Path
    users: frozenset[int]
    group: int | None
    keys: dict[str, tuple[SignerConfig, Policy]]


def load_signer_config(path: Path) -> SignerServerConfig:
    """Raises ConfigError, with everything that is wrong."""
    try:
        content = path.read_text(encoding="utf-8")
        tree = parse(content)
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        why = f"cannot be read: {type(error).__name__}"
        raise ConfigError([Problem(str(path), "", why)]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Problem(str(path), "", f"is not TOML: {error}")]) from None
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        why = f"others can write the policy; run chmod go-w {path}"
        raise ConfigError([Problem(str(path), "", why)])
    report = Report(Places(str(path), content))
    found = _read(Section(report, (), tree, path.resolve().parent))
    report.finish()
    return found


def _read(root: Section) -> SignerServerConfig:
    nobody: tuple[int, ...] = ()
    signers = read_signers(root.section("signers"))
    policies = root.section("policy")
    keys = {name: (one, _read_policy(name, one, policies)) for name, one in signers.items()}
    policies.close()
    if not signers:
        root.fail("", "there is no key: add [signers.<name>]")
    socket = root.take("socket", root.file())
    count = root.take("count", root.file(), root.base / "signer.count")
    users = root.take("users", several(_id_of("user", _user)), nobody) or (os.getuid(),)
    group = root.take("group", _id_of("group", _group), None)
    root.close()
    if group is None and set(users) != {os.getuid()}:
        root.fail("users", "only its own user can open a socket of mode 0600: give group too")
    return SignerServerConfig(socket, count, frozenset(users), group, keys)


def _read_policy(name: str, signer: SignerConfig, policies: Section) -> Policy:
    if signer.type == "remote":
        policies.fail(name, "a remote signer cannot guard another one: name the key itself")
    section = policies.section(name)
    rules = tuple(_read_rule(one) for one in section.tables("allow"))
    if not rules:
        section.fail("allow", f"no contract is allowed: add [[policy.{name}.allow]]")
    found = Policy(
        chain_id=section.take("chain_id", whole(1, 2**53)),
        rules=rules,
        max_fee=section.take("max_fee_gwei", gwei),
        max_gas=section.take("max_gas", whole(21_000, MOST_GAS)),
        per_day=section.take("per_day", whole(1, 1_000_000)),
    )
    section.close()
    return found


def _read_rule(section: Section) -> Rule:
    contract = section.take("contract", address)
    functions: Sequence[str] = section.take("functions", several(_function)) or ()
    most = section.take("max_value_eth", _ether, 0)
    section.close()
    return Rule(contract, {selector_of(one): one for one in functions}, most)


def _function(value: Any) -> str:
    found = text(value).replace(" ", "")
    if not _FUNCTION.fullmatch(found):
        raise ValueError(f'{found}: write name and types, such as "setRewardCaller(address)"')
    return found


def _ether(value: Any) -> int:
    return parse_units(value, ETHER)


def _user(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _group(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _id_of(what: str, find: Callable[[str], int]) -> Kind[int]:
    """A number, or the name of a user or group of this host."""

    def read(value: Any) -> int:
        if not isinstance(value, str):
            return whole(0, 2**32 - 2)(value)
        try:
            return find(value)
        except KeyError:
            raise ValueError(f"there is no {what} {value} on this host") from None

    return read
