"""What the keepers make of revert data: keepers spec (e1), R18 and R19."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from keepers.core.reverts import CLASS_OF, ERROR, LONGEST, PANIC, Class, classify, reason_of

CONTRACTS = Path(__file__).parents[3] / "contracts"


def error(text: str) -> bytes:
    return ERROR + encode(["string"], [text])


@pytest.mark.parametrize("reason", CLASS_OF)
def test_classify__known_reason__is_one_that_a_contract_gives(reason: str) -> None:
    sources = "\n".join(path.read_text() for path in CONTRACTS.rglob("*.vy"))
    assert f'"{reason}"' in sources
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
    for one in (data, ERROR + data, PANIC + data):
        _, text = classify(one, gas_exhausted=exhausted)
        assert text
        assert len(text) <= LONGEST
        assert "\n" not in text


@given(st.text())
def test_reason_of__any_text__is_read_back(text: str) -> None:
    encoded = text.encode("utf-8", "ignore").decode()
    assert reason_of(error(encoded)) == encoded
