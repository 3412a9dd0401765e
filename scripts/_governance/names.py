"""What a report calls an address, an id or an account, and where it finds a contract's storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from eth_utils.address import to_checksum_address

from scripts._governance.layouts import Layout, Layouts
from scripts._lib.chain import ZERO
from scripts._lib.protocol import SOURCE_OF, contract_id

# A second name in the Controller for a contract that has another one.
ALIASES = frozenset({"JobsManager"})
CANDIDATE = " (candidate)"
# What contracts hash to get an id or a key, apart from the names of contracts.
HASHED = (
    "MINTER_ROLE",
    "BURNER_ROLE",
    "TIMELOCK_ADMIN_ROLE",
    "PROPOSER_ROLE",
    "EXECUTOR_ROLE",
    "CANCELLER_ROLE",
    "total active stake",
)


class Names:
    """Addresses by name, and what is known of the contract at each.

    `known` has contracts under their names in the Controller, candidates for them as "Minter
    (candidate)", and accounts under any other name. `contracts` says what contract is behind a
    name, where it is not the one of the name: "RoundsManager": "AdjustableRoundsManager". `sources`
    names, in `layouts`, the source whose storage a contract has, where it is not the contract's
    own: a build from changed sources. `layouts` are those of this build. For a system deployed from
    anything else give none: its slots then have no names, which is better than wrong ones.
    """

    def __init__(
        self,
        known: Mapping[str, str],
        *,
        contracts: Mapping[str, str] | None = None,
        sources: Mapping[str, str] | None = None,
        layouts: Mapping[str, Layout] | None = None,
    ) -> None:
        self.layouts: Mapping[str, Layout] = Layouts() if layouts is None else layouts
        self._contracts = dict(contracts or {})
        self._sources = dict(sources or {})
        self._names = {ZERO: "nobody"}
        for name in sorted(known, key=lambda name: name in ALIASES):  # stable: else as given
            self._names.setdefault(to_checksum_address(known[name]), name)

    def name(self, address: str) -> str | None:
        return self._names.get(to_checksum_address(address))

    def label(self, address: str) -> str:
        """The name of an address; the address itself if it has none."""
        checked = to_checksum_address(address)
        return self._names.get(checked, checked)

    def contract(self, address: str) -> str | None:
        """Which contract's functions and events there are at an address."""
        name = self.name(address)
        if name is None:
            return None
        base = name.removesuffix(CANDIDATE).removesuffix("Target")
        base = self._contracts.get(name, self._contracts.get(base, base))
        return base if SOURCE_OF.get(base, base) in self.layouts else None

    def layout(self, address: str) -> Layout | None:
        """Layout of the storage at an address; None if it is no contract of this project."""
        name, contract = self.name(address), self.contract(address)
        if name is None or contract is None:
            return None
        return self.layouts[self._sources.get(name, SOURCE_OF.get(contract, contract))]

    def word_label(self, word: bytes) -> str | None:
        """What a word stands for that is an id of the Controller, a role, or an address."""
        if word in self._ids:
            return self._ids[word]
        return self.name("0x" + word[12:].hex()) if not any(word[:12]) and any(word) else None

    @cached_property
    def _ids(self) -> dict[bytes, str]:
        targets = [f"{name}Target" for name in self.layouts]
        names: Iterable[str] = (*self._names.values(), *SOURCE_OF, *self.layouts, *targets)
        return {contract_id(text): text for text in (*names, *ALIASES, *HASHED)}
