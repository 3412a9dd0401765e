# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ActionMock
@notice What an action of a governor may meet: takes any call and logs it, refuses with given bytes,
        or calls back, once. For tests only.
"""


event Called:
    sender: address
    amount: uint256
    size: uint256


counterpart: address
call_back: Bytes[8192]


@external
def refuse(_data: Bytes[8192]):
    raw_revert(_data)


@external
def arm(_counterpart: address, _data: Bytes[8192]):
    """
    @notice Say whom the next `comeBack` calls, and with what; or with what `refuseArmed` refuses.
    """
    self.counterpart = _counterpart
    self.call_back = _data


@external
def refuseArmed():
    """
    @notice Refuse with more bytes than an action can carry.
    """
    raw_revert(self.call_back)


@external
def comeBack():
    """
    @notice Make the armed call and pass on its failure; nothing the second time.
    """
    counterpart: address = self.counterpart
    self.counterpart = empty(address)
    if counterpart != empty(address):
        raw_call(counterpart, self.call_back)


@external
@payable
def __default__():
    log Called(sender=msg.sender, amount=msg.value, size=len(msg.data))
