"""The step that initialises a contract whose `initialize` is open to whoever comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from scripts._lib.context import Context, Due, Finding, StepError, Unchanged, Verdict, Waiting
from scripts._lib.roles import Holders
from scripts._lib.steps import as_text, call_of

INITIALIZED = bytes(keccak(text="Initialized(uint8)"))


@dataclass(frozen=True)
class Initialise:
    """Initialise a contract, once, and notice if somebody else has done so.

    `reads` are views and what they return afterwards; `at_clock` the same for views that are asked
    about the contract's present time. `holders` are the only accounts with roles after it.
    """

    contract: str
    args: tuple[Any, ...]
    reads: tuple[tuple[str, Any], ...]
    at_clock: tuple[tuple[str, Any], ...] = ()
    holders: Holders | None = None

    @property
    def name(self) -> str:
        return f"initialise {self.contract}"

    def judge(self, context: Context) -> Verdict:
        by = None if context.is_future(self.contract) else self._initialiser(context)
        if by is None:
            if context.waiting:
                return Waiting(f"first {', '.join(context.waiting)}")
            args = tuple(context.resolve(value) for value in self.args)
            detail = ", ".join(as_text(value) for value in args if value != ())
            return Due(call_of(context, self.contract, "initialize", *args), detail)
        wrong = [
            f"{what} is {found}, not {wanted}"
            for what, wanted, found in self._values(context)
            if wanted != found
        ]
        address = context.address(self.contract)
        if context.happened(self.name, address):
            return Waiting(f"{'; '.join(wrong)}: only a vote changes it") if wrong else _DONE
        if self.holders:
            wrong += self.holders.others(context)
        if not wrong:
            return _DONE
        raise StepError(
            f"{self.name}: {context.describe(by)} was first at {address}: {'; '.join(wrong)}; "
            f"take {self.contract} out of {context.records.path} and run again, to deploy another"
        )

    def findings(self, context: Context) -> Iterator[Finding]:
        by = self._initialiser(context)
        if by is None:
            yield Finding(f"{self.contract}: initialised", "yes", "no")
            return
        others = "" if by == context.deployer else f" (initialised by {by})"
        for what, wanted, found in self._values(context):
            note = "" if wanted == found else others
            yield Finding(f"{self.contract}.{what}", wanted, found + note)

    def _values(self, context: Context) -> Iterator[tuple[str, str, str]]:
        for view, value in self.reads:
            found = context.read(self.contract, view)
            yield view, as_text(context.resolve(value)), as_text(found)
        for view, value in self.at_clock:
            found = context.read(self.contract, view, context.read(self.contract, "clock"))
            yield f"{view} now", as_text(context.resolve(value)), as_text(found)

    def _initialiser(self, context: Context) -> str | None:
        """Who sent the transaction that initialised the contract; None if nobody has."""
        for log in context.events(self.contract, INITIALIZED):
            mined = context.chain.find(log.tx)
            return mined.sender if mined else "somebody"
        return None


_DONE = Unchanged("done")
