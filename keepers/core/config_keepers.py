"""The keys of each keeper's section: type, range, default, and what must fit together.

A keeper is enabled by its section being there, unless that says otherwise.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, cast

from keepers.core.amounts import ETHER
from keepers.core.config import (
    Config,
    OwnOrchestrator,
    Profitability,
    RewardCallerConfig,
    RoundInitializerConfig,
    SignerConfig,
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

NOBODY: tuple[str, ...] = ()
SLOT_SECONDS = 4.0
SEEN_AFTER = 1  # seconds until the others see a transaction


def read_round_initializer(
    section: Section, signers: dict[str, SignerConfig]
) -> RoundInitializerConfig:
    enabled = section.take("enabled", boolean, section.is_there)
    found = RoundInitializerConfig(
        enabled=enabled,
        signer=section.take("signer", known(signers), REQUIRED if enabled else ""),
        slot_seconds=section.take("slot_seconds", seconds(0.1, 120), SLOT_SECONDS),
        peers=section.take("peers", several(address), NOBODY),
    )
    section.close()
    return found


def check_turns(section: Section, config: Config) -> None:
    """A slot that ends before the transaction in it is seen sends a second keeper after the first.

    Keepers see a boundary up to a poll apart: keepers/turns.py.
    """
    rounds, poll = config.round_initializer, config.poll_seconds
    takes_turns = rounds.enabled and (rounds.peers or config.turn.of > 1)
    if takes_turns and rounds.slot_seconds < poll + SEEN_AFTER:
        section.fail(
            "slot_seconds",
            f"is {rounds.slot_seconds:g}, and keepers that take turns need at least "
            f"{poll + SEEN_AFTER:g}: poll_seconds, which is {poll:g}, and {SEEN_AFTER} until the "
            "others see a transaction",
        )


def read_reward_caller(section: Section, signers: dict[str, SignerConfig]) -> RewardCallerConfig:
    enabled = section.take("enabled", boolean, section.is_there)
    orchestrators = section.take("orchestrators", several(address), NOBODY)
    own = []
    for one in section.tables("own"):
        own.append(
            OwnOrchestrator(one.take("address", address), one.take("signer", known(signers)))
        )
        one.close()
    needs_signer = enabled and orchestrators
    why = "the reward caller of `orchestrators`, as they set it with setRewardCaller"
    signer = section.take("signer", known(signers), REQUIRED if needs_signer else None, why)
    words = choice("off", "warn", "enforce")
    profitability = cast(Profitability, section.take("profitability", words, "off"))
    found = RewardCallerConfig(
        enabled=enabled,
        signer=signer,
        orchestrators=orchestrators,
        own=tuple(own),
        batcher=section.take("batcher", address, None),
        profitability=profitability,
        lpt_price=section.take("lpt_price_eth", amount(ETHER, "ETH", 1_000), None),
        margin_percent=section.take("margin_percent", whole(0, 1_000), 20),
    )
    section.close()
    if section.is_sound:
        _check_rewards(section, found)
    return found


def _check_rewards(section: Section, found: RewardCallerConfig) -> None:
    if found.enabled and not found.orchestrators and not found.own:
        section.fail("orchestrators", "is missing, and there is no [[reward_caller.own]] either")
    seen = set(found.orchestrators)
    for index, one in enumerate(found.own):
        if one.address in seen:
            section.report.add(
                (*section.path, "own", index, "address"), f"{one.address} is given twice"
            )
        seen.add(one.address)
    if found.batcher and not found.orchestrators:
        section.fail("batcher", "calls for `orchestrators`, and there are none")
    if found.profitability != "off" and found.lpt_price is None:
        section.fail(
            "lpt_price_eth", f'is missing: profitability = "{found.profitability}" needs it'
        )


def known(signers: dict[str, SignerConfig]) -> Kind[str]:
    def read(value: Any) -> str:
        name = text(value)
        if name not in signers:
            near = get_close_matches(name, signers, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"add [signers.{name}]"
            raise ValueError(f"there is no signer {name}; {hint}")
        return name

    return read
