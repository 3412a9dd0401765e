# pragma version 0.4.3
# pragma evm-version cancun
"""
@title MinterMock
@notice A vault that lets anyone in and out. It answers `depositETH` with false: callers must not care.
@dev Test only.
"""


event Deposited:
    sender: address
    amount: uint256


event Withdrawn:
    to: address
    amount: uint256


@external
@payable
def depositETH() -> bool:
    log Deposited(sender=msg.sender, amount=msg.value)
    return False


@external
def trustedWithdrawETH(_to: address, _amount: uint256):
    send(_to, _amount)
    log Withdrawn(to=_to, amount=_amount)
