"""No implementation returns more than ManagerProxy passes on."""

from __future__ import annotations

import re

import pytest

from tests.support.contracts import deployer_of, source_of
from tests.support.protocol import PROXIED


def proxy_bound() -> int:
    found = re.search(
        r"^MAX_RETURN: .* = (\d+)", source_of("ManagerProxy").read_text(), re.MULTILINE
    )
    assert found
    return int(found.group(1))


def widest_return(name: str) -> int:
    """Bytes of the longest return data that the declared types allow."""
    module = deployer_of(name).compiler_data.annotated_vyper_module._metadata["type"]
    widths = [0]
    for function in module.exposed_functions:
        if (returned := function.return_type) is not None:
            head = (
                32
                if returned.abi_type.is_dynamic() and not returned.abi_type.is_complex_type()
                else 0
            )
            widths.append(head + returned.abi_type.size_bound())
    return max(widths)


def test_bound__longest_service_uri__is_exactly_it() -> None:
    assert widest_return("ServiceRegistry") == proxy_bound()


@pytest.mark.parametrize("name", [*PROXIED, "AdjustableRoundsManager"])
def test_bound__every_implementation__returns_no_more(name: str) -> None:
    assert 0 < widest_return(name) <= proxy_bound()
