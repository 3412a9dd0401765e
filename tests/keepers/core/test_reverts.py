"""What the keepers make of revert data: keepers spec (e1), R14."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from keepers.core.revert_reasons import ERRORS, REASONS
from keepers.core.reverts import CLASS_OF, ERROR, LONGEST, PANIC, Class, classify, reason_of

CONTRACTS = Path(__file__).parents[3] / "contracts"
SOURCES = [
    path.read_text() for path in sorted(CONTRACTS.rglob("*.vy")) if "mocks" not in path.parts
]


def error(text: str) -> bytes:
    return ERROR + encode(["string"], [text])


def custom(signature: str, *values: Any) -> bytes:
    types = re.findall(r"[a-z0-9]+", signature.partition("(")[2])
    return keccak(text=signature)[:4] + encode(types, values)


def reasons_in(source: str) -> Iterator[str]:
    """Texts at the end of an assert or a raise, and those given to a function called _check."""
    callees: list[str] = []
    before, asserts = "", False
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NL, tokenize.COMMENT):
            continue
        if token.type == tokenize.NEWLINE:
            asserts = False
        elif token.string in ("assert", "raise"):
            asserts = True
        elif token.string in ("(", "[", "{"):
            callees.append(before)
        elif token.string in (")", "]", "}"):
            callees.pop()
        elif token.type == tokenize.STRING:
            checked = callees and callees[-1] == "_check" and before == ","
            if checked or (asserts and not callees):
                yield token.string[1:-1]
        before = token.string


def test_reasons__contracts_and_table__are_the_same() -> None:
    given_ = {reason for source in SOURCES for reason in reasons_in(source)}
    assert len(given_) > 150
    assert given_ == set(CLASS_OF)
    assert sum(map(len, REASONS.values())) == len(CLASS_OF)  # none is in two classes


def test_errors__contracts_and_table__are_the_same() -> None:
    raised = {
        signature
        for source in SOURCES
        for statement in re.findall(r"raw_revert\((.*?)\n\n", source + "\n\n", re.DOTALL)
        for signature in re.findall(r'method_id\(\s*"([A-Z]\w+\([^"]*\))"', statement)
    }
    assert raised - {"Error(string)", "Panic(uint256)"} == set(ERRORS)


@pytest.mark.parametrize("reason", CLASS_OF)
def test_classify__known_reason__is_of_its_class(reason: str) -> None:
    assert classify(error(reason)) == (CLASS_OF[reason], reason)
    assert classify(error(reason), gas_exhausted=True) == (CLASS_OF[reason], reason)


@pytest.mark.parametrize(
    ("data", "exhausted", "expected"),
    [
        (b"", False, (Class.UNKNOWN, "reverted without a reason")),
        (b"", True, (Class.OUT_OF_GAS, "it used up its gas")),
        (error("something new"), False, (Class.UNKNOWN, "something new")),
        (error("two\nlines"), False, (Class.UNKNOWN, "two lines")),
        (PANIC + (0x11).to_bytes(32), True, (Class.UNKNOWN, "panic 0x11, an overflow")),
        (
            PANIC + (0x99).to_bytes(32),
            False,
            (Class.UNKNOWN, "panic 0x99, see the Solidity manual"),
        ),
        (error(""), False, (Class.UNKNOWN, "reverted without a reason")),
        (
            error("AccessControl: account 0x00 is missing role 0x01"),
            False,
            (Class.NOT_YET, "AccessControl: account 0x00 is missing role 0x01"),
        ),
        (
            custom("FutureLookup(uint256,uint256)", 102, 101),
            True,
            (Class.NOT_YET, "FutureLookup(102, 101)"),
        ),
        (
            custom("MustCallBondingManager(string)", "bond"),
            False,
            (Class.NEVER, "MustCallBondingManager(bond)"),
        ),
        (custom("VoteAlreadyCast()"), False, (Class.DONE, "VoteAlreadyCast()")),
        (b"\x01\x02\x03\x04\x05", False, (Class.UNKNOWN, "custom error 0x01020304")),
        (ERROR, False, (Class.UNKNOWN, "custom error 0x08c379a0")),
    ],
)
def test_classify__other_data__says_what_it_is(
    data: bytes, exhausted: bool, expected: tuple[Class, str]
) -> None:
    assert classify(data, gas_exhausted=exhausted) == expected


@given(st.binary(max_size=300), st.booleans())
def test_classify__anything__is_one_short_line(data: bytes, exhausted: bool) -> None:
    known = [keccak(text=signature)[:4] + data for signature in ERRORS]
    for one in (data, ERROR + data, PANIC + data, *known):
        _, text = classify(one, gas_exhausted=exhausted)
        assert text
        assert len(text) <= LONGEST
        assert "\n" not in text


@given(st.text())
def test_reason_of__any_text__is_read_back(text: str) -> None:
    encoded = text.encode("utf-8", "ignore").decode()
    assert reason_of(error(encoded)) == encoded
