"""Many reads of the protocol in one request, decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keepers.core.chain import Chain
from keepers.core.contracts import Book, interface
from keepers.core.model import Call, KeeperError, Reverted


@dataclass(frozen=True)
class Question:
    """A view function of a contract, by the Controller's name for it."""

    contract: str
    function: str
    args: tuple[Any, ...] = ()


def ask(chain: Chain, book: Book, questions: Sequence[Question], block: int | str) -> list[Any]:
    """One answer for each, in order. Raises KeeperError, also when one of them reverts."""
    places = book.addresses([one.contract for one in questions], block)
    calls = [
        Call(places[one.contract], interface(one.contract).encode(one.function, *one.args))
        for one in questions
    ]
    answers = chain.call_many(calls, block)
    return [_decode(one, answer) for one, answer in zip(questions, answers, strict=True)]


def _decode(one: Question, answer: bytes | Reverted) -> Any:
    if isinstance(answer, Reverted):
        raise KeeperError(f"{one.contract}.{one.function}{one.args} {answer}")
    return interface(one.contract).decode(one.function, answer, inputs=len(one.args))
