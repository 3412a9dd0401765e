"""The linked list of the contract against a plain sorted list; few keys, so that many are equal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.models.arithmetic import Reverted
from tests.models.pool import Pool
from tests.models.records import ZERO
from tests.stateful.views import pool_order
from tests.support.pyrevm_chain import Chain

OWNER = "0x" + "0e" * 20
MEMBERS = [f"0x{n:040x}" for n in range(1, 9)]
SIZE = 6

members = st.sampled_from(MEMBERS)
hints = st.sampled_from((ZERO, *MEMBERS))
keys = st.integers(1, 5)
insertions = st.tuples(st.just("insert"), members, keys, hints, hints)
updates = st.tuples(st.just("update_key"), members, st.integers(0, 5), hints, hints)
removals = st.tuples(st.just("remove"), members)


@given(st.lists(st.one_of(insertions, insertions, updates, removals), max_size=40))
def test_transcoder_pool__any_changes__order_as_in_a_plain_list(
    changes: list[tuple[str, str, int, str, str] | tuple[str, str]],
) -> None:
    contract = Chain(1).deploy("TranscoderPoolHarness", sender=OWNER)
    contract.must("set_max_size", SIZE, sender=OWNER)
    model = Pool(max_size=SIZE)
    for what, member, *rest in changes:
        if what == "update_key" and member not in model:
            continue  # BondingManager never does
        receipt = contract.transact(what, member, *rest, sender=OWNER)
        assert receipt.reverted == refusal(model, what, member, *rest)
        assert pool_order(contract) == model.order
        assert contract.view("last") == model.last
        assert contract.view("getTranscoderPoolSize") == len(model.order)
        assert {m: contract.view("key_of", m) for m in model.order} == model.keys


def refusal(model: Pool, what: str, *arguments: object) -> str | None:
    """Do it to the model; says why not."""
    try:
        getattr(model, what)(*arguments)
    except Reverted as failure:
        return failure.reason
    return None
