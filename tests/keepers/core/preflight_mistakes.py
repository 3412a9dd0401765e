"""Mistakes of operators, and trouble of nodes, one each: how it is made, the key, what is said."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from tests.keepers.core.preflight_site import (
    BATCHER,
    CALLER,
    ETHER,
    FIRST,
    GWEI,
    OWN,
    SECOND,
    TOKEN,
    Site,
)
from tests.keepers.core.scripted_node import BONDING, CONTROLLER, MINTER, ROUNDS


def set_all(site: Site, **values: Any) -> None:
    for endpoint in site.world.endpoints.values():
        for name, value in values.items():
            setattr(endpoint, name, value)


def dead_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def unreachable(site: Site) -> None:
    site.change(f'"{site.url}/a/{TOKEN}", "{site.url}/b/{TOKEN}"', f'"{dead_port()}/{TOKEN}"')


def other_journal(site: Site) -> None:
    site.journal(chain="1").close()


def foreign_database(site: Site) -> None:
    (site.folder / "keepers.sqlite").write_text("this is no database, but long enough" * 99)


def journal_in_a_file(site: Site) -> None:
    site.write("taken", "")
    site.add('[journal]\nurl = "sqlite:///taken/keepers.sqlite"\n')


def no_database_server(site: Site) -> None:
    port = dead_port().rpartition(":")[2]
    url = f"postgresql+psycopg://keeper:{TOKEN}@127.0.0.1:{port}/keepers"
    site.add(f'[journal]\nurl = "{url}"\n')


def quick_turns(site: Site) -> None:
    turns = f'peers = ["{FIRST}"]\nslot_seconds = 1\n'
    site.change("[reward_caller]", f"{turns}[reward_caller]")


def remote_signer(site: Site) -> None:
    files = 'type = "keystore"\npath = "caller.json"\npassword_file = "password"'
    site.change(files, f'type = "remote"\nsocket = "signer.sock"\naddress = "{CALLER.address}"')


def use_controller(site: Site, at: str) -> None:
    site.change('name = "arbitrum-one"', f'name = "arbitrum-one"\ncontroller = "{at}"')


def use_batcher(site: Site) -> None:
    site.change("[[reward_caller.own]]", f'batcher = "{BATCHER}"\n[[reward_caller.own]]')


def batcher_is_set(site: Site) -> None:
    use_batcher(site)
    site.world.callers |= dict.fromkeys((FIRST, SECOND), BATCHER)


def set_batcher(site: Site, controller: str | None) -> None:
    batcher_is_set(site)
    site.world.codes.add(BATCHER)
    if controller:
        site.world.owners[BATCHER] = controller


def small_limit_for_batches(site: Site) -> None:
    """Enough for one reward at 0.01 gwei, and not for two."""
    set_batcher(site, CONTROLLER)
    site.add('[limits]\nper_orchestrator_per_day_eth = "0.0000035"\n')


Seed = Callable[[Site], object]
# What is wrong, the key that must be named, and what must be said.
MISTAKES: dict[str, tuple[Seed, str, str]] = {
    # the file itself
    "unknown section": (lambda s: s.add("[fee]\n"), "fee", "did you mean fees?"),
    "unknown key": (
        lambda s: s.add("[fees]\nsoft_cap = 1\n"),
        "fees.soft_cap",
        "did you mean soft_cap_gwei?",
    ),
    "wrong type": (lambda s: s.add('[log]\njson = "yes"\n'), "log.json", "true or false"),
    "cap upside down": (
        lambda s: s.add("[fees]\nsoft_cap_gwei = 3\nhard_cap_gwei = 2\n"),
        "fees.hard_cap_gwei",
        "below soft_cap_gwei",
    ),
    "mistyped address": (
        lambda s: s.change(f'address = "{OWN.address}"', f'address = "{OWN.address.swapcase()}"'),
        "reward_caller.own[0].address",
        "must be an address",
    ),
    "slot shorter than a look": (
        quick_turns,
        "round_initializer.slot_seconds",
        "need at least 3: poll_seconds, which is 2",
    ),
    "signer that is not there": (
        lambda s: s.change('[reward_caller]\nsigner = "caller"', '[reward_caller]\nsigner = "x"'),
        "reward_caller.signer",
        "there is no signer x",
    ),
    "wrong variable": (
        lambda s: s.environment.update(KEEPERS_LEASE__TTL="9"),
        "lease.ttl",
        "(KEEPERS_LEASE__TTL)",
    ),
    "secret file that is not there": (
        lambda s: s.environment.update(KEEPERS_NETWORK__RPC_FILE="none"),
        "network.rpc_file",
        "cannot be read",
    ),
    # endpoints
    "dead endpoint": (unreachable, "network.rpc[0]", "cannot be reached"),
    "endpoints that hang": (lambda s: set_all(s, mode="hang"), "network.rpc[1]", "in time"),
    "endpoint of another chain": (
        lambda s: setattr(s.world.endpoints["b"], "chain_id", 1),
        "network.rpc[1]",
        "is of chain 1, not 42161",
    ),
    "wrong token": (
        lambda s: setattr(s.world.endpoints["a"], "mode", 401),
        "network.rpc[0]",
        "is the API token right?",
    ),
    "not a node": (
        lambda s: set_all(s, missing={"eth_chainId"}),
        "network.rpc[0]",
        "is no node",
    ),
    "too many requests": (
        lambda s: set_all(s, limited={"eth_call"}),
        "network.rpc[0]",
        "too many requests",
    ),
    "endpoint without a method": (
        lambda s: s.world.endpoints["a"].missing.add("eth_getLogs"),
        "network.rpc[0]",
        "does not offer eth_getLogs",
    ),
    "endpoint that takes no transactions": (
        lambda s: s.world.endpoints["a"].missing.add("eth_sendRawTransaction"),
        "network.rpc[0]",
        "does not offer eth_sendRawTransaction",
    ),
    "all endpoints lag": (
        lambda s: setattr(s.world, "clock_ahead", -900),
        "network.rpc",
        "s old: they lag",
    ),
    "clock behind": (lambda s: setattr(s.world, "clock_ahead", 90), "clock", "s behind the newest"),
    # contracts
    "no contract at the Controller": (
        lambda s: use_controller(s, FIRST),
        "network.controller",
        "no Controller there",
    ),
    "another contract as Controller": (
        lambda s: use_controller(s, ROUNDS),
        "network.controller",
        "no Controller there",
    ),
    "contract that is not registered": (
        lambda s: s.world.contracts.pop("RoundsManager"),
        "network.controller",
        "RoundsManager: not registered",
    ),
    "registered contract without code": (
        lambda s: s.world.owners.pop(MINTER),
        "network.controller",
        f"Minter at {MINTER} is no such contract",
    ),
    "contract of another system": (
        lambda s: s.world.owners.update({BONDING: FIRST}),
        "network.controller",
        f"obeys the Controller {FIRST}",
    ),
    "paused system": (lambda s: setattr(s.world, "paused", True), "network.controller", "paused"),
    # keys and accounts
    "no keystore": (lambda s: (s.folder / "own.json").unlink(), "signers.own", "cannot be read"),
    "keystore for all to read": (
        lambda s: (s.folder / "own.json").chmod(0o644),
        "signers.own",
        "chmod 600",
    ),
    "password for all to read": (
        lambda s: (s.folder / "password").chmod(0o640),
        "signers.caller",
        "chmod 600",
    ),
    "no password": (
        lambda s: (s.folder / "password").unlink(),
        "signers.caller",
        "password: cannot be read",
    ),
    "wrong password": (
        lambda s: s.write("password", "another"),
        "signers.caller",
        "cannot be decrypted with this password",
    ),
    "key of another account": (
        lambda s: s.change('path = "own.json"', f'path = "own.json"\naddress = "{FIRST}"'),
        "signers.own",
        f"holds the key of {OWN.address}, not of {FIRST}",
    ),
    "two signers with one account": (
        lambda s: s.change("own.json", "caller.json"),
        "signers.own",
        "has the same account as signers.caller",
    ),
    "remote signer that does not run": (
        remote_signer,
        "signers.caller",
        "does `python -m keepers signer` run?",
    ),
    "no balance": (
        lambda s: s.world.balances.pop(CALLER.address),
        "signers.caller",
        "holds no ETH and cannot pay gas: send it 0.01 ETH",
    ),
    # orchestrators
    "orchestrator that is not registered": (
        lambda s: s.world.registered.remove(SECOND),
        "reward_caller.orchestrators[1]",
        f"{SECOND} is not registered",
    ),
    "no reward caller set": (
        lambda s: s.world.callers.pop(SECOND),
        "reward_caller.orchestrators[1]",
        f"let {SECOND} call setRewardCaller({CALLER.address}) of {BONDING} (calldata 0x0103e60e",
    ),
    "another reward caller set": (
        lambda s: s.world.callers.update({FIRST: OWN.address}),
        "reward_caller.orchestrators[0]",
        f"the reward caller of {FIRST} is {OWN.address}, not {CALLER.address}",
    ),
    "no reward callers on this chain": (
        lambda s: setattr(s.world, "has_reward_callers", False),
        "reward_caller.orchestrators[0]",
        "use [[reward_caller.own]]",
    ),
    "own signer of another orchestrator": (
        lambda s: s.change('signer = "own"', 'signer = "caller"'),
        "reward_caller.own[0].signer",
        f"caller is the account {CALLER.address}, not {OWN.address}",
    ),
    "batcher that is not the reward caller": (
        use_batcher,
        "reward_caller.orchestrators[0]",
        f"is {CALLER.address}, not {BATCHER}: let {FIRST} call setRewardCaller({BATCHER})",
    ),
    "batcher without code": (batcher_is_set, "reward_caller.batcher", "has no code"),
    "batcher that is another contract": (
        lambda s: set_batcher(s, None),
        "reward_caller.batcher",
        f"{BATCHER} is no RewardBatcher",
    ),
    "batcher of another system": (
        lambda s: set_batcher(s, FIRST),
        "reward_caller.batcher",
        f"is of the Controller {FIRST}",
    ),
    "itself among its peers": (
        lambda s: s.change("[reward_caller]", f'peers = ["{CALLER.address}"]\n[reward_caller]'),
        "round_initializer.peers[0]",
        "is the account of this keeper itself",
    ),
    # caps
    "hard cap below the base fee": (
        lambda s: setattr(s.world, "base_fee", 2 * GWEI),
        "fees.hard_cap_gwei",
        "the base fee is 2 gwei",
    ),
    "limit below one reward": (
        lambda s: s.add('[limits]\nper_operation_eth = "0.000001"\n'),
        "limits.per_operation_eth",
        "more than is allowed",
    ),
    "limit below one batch": (
        small_limit_for_batches,
        "limits.per_orchestrator_per_day_eth",
        "a batch of 2 rewards costs about",
    ),
    # journal and disk
    "journal of another chain": (other_journal, "journal.url", "it is of chain 1, not 42161"),
    "journal that is no database": (foreign_database, "journal.url", "it is no SQLite database"),
    "journal that cannot be made": (journal_in_a_file, "journal.url", "no file can be made there"),
    "no database server": (
        no_database_server,
        "journal.url",
        "/keepers: connection failed",
    ),
}

WARNINGS: dict[str, tuple[Seed, str, str]] = {
    "endpoint that lags": (
        lambda s: setattr(s.world.endpoints["b"], "lag", 40),
        "network.rpc[1]",
        "lags by 40 blocks, 40 s",
    ),
    "soft cap below the base fee": (
        lambda s: setattr(s.world, "base_fee", GWEI // 2),
        "fees.soft_cap_gwei",
        "the base fee is 0.5 gwei",
    ),
    "little balance": (
        lambda s: s.world.balances.update({OWN.address: ETHER // 1000}),
        "signers.own",
        "holds 0.001 ETH, less than limits.min_balance_eth",
    ),
    "inactive orchestrator": (
        lambda s: s.world.active.remove(FIRST),
        "reward_caller.orchestrators[0]",
        "is not active in this round",
    ),
}
