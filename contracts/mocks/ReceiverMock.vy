# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ReceiverMock
@notice A recipient of ETH that needs a storage write for it, or refuses it in words. For tests only.
"""

refusal: public(String[32])
received: public(uint256)


@external
def setRefusal(_text: String[32]):
    self.refusal = _text


@external
@payable
def __default__():
    if self.refusal != "":
        raise self.refusal
    self.received += msg.value
