"""What a node, or the way to it, throws, as one line for an operator."""

from __future__ import annotations

import requests
from web3.exceptions import Web3Exception

from scripts._governance.node import NodeError

NODE = (requests.RequestException, Web3Exception, NodeError)


def line_of(error: Exception) -> str:
    if isinstance(error, requests.RequestException):
        return f"the node does not answer: {type(error).__name__}"
    return " ".join(str(error).split())[:300]
