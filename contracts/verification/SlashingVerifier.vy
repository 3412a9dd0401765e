# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize codesize
"""
@title SlashingVerifier
@license MIT
@notice Takes stake from orchestrators whose cheating can be recomputed on chain.
@dev Assembly only: behaviour lives in ./modules, the ABI in ../interfaces/ISlashingVerifier.vyi. Registered as
     "Verifier", behind a proxy: its address is part of what gateways and orchestrators sign, and stays.
     Storage slots follow the order of `initializes` below: append, never reorder. No reentrancy guard: every function
     finishes its own books before it calls out, and the contracts it calls do not call back.
@custom:pause Pausing the Controller stops proofs, contests and slashes. Cases can still be dismissed and closed.
"""

from ..interfaces import ISlashingVerifier

implements: ISlashingVerifier

from ..modules import managed

initializes: managed

from ..modules import proxied

initializes: proxied

from .modules import terms

initializes: terms[managed := managed]

from .modules import signer_keys

initializes: signer_keys[managed := managed, terms := terms]

from .modules import brakes

initializes: brakes[managed := managed, terms := terms]

from .modules import cases

initializes: cases[managed := managed, terms := terms, brakes := brakes]

from .modules import proofs

initializes: proofs[managed := managed, terms := terms, signer_keys := signer_keys, cases := cases]

exports: (
    # Orchestrators
    signer_keys.registerSigner,
    cases.contestSource,
    # Anyone
    proofs.commitProof,
    proofs.proveEquivocation,
    proofs.proveContradiction,
    proofs.proveContent,
    cases.settleContest,
    cases.execute,
    cases.slashLocks,
    cases.close,
    cases.expire,
    # Guardian, Controller
    cases.cancel,
    managed.setController,
    # Controller owner
    brakes.resumeSlashing,
    terms.setArmedFaults,
    terms.setSlashes,
    terms.setFinderShare,
    terms.setDelays,
    terms.setWindows,
    terms.setContentDistance,
    terms.setSignerGrace,
    terms.setBrakes,
    terms.setGuardian,
    terms.setArbiter,
    # Views
    managed.controller,
    proxied.targetContractId,
    signer_keys.signerOf,
    signer_keys.isAccountableSigner,
    proofs.checkEquivocation,
    proofs.checkContradiction,
    proofs.checkContent,
    cases.getCase,
    cases.caseIdOf,
    cases.isJailed,
    cases.isLockSlashed,
    brakes.paused,
    terms.parameters,
)


@deploy
def __init__(_controller: address):
    """
    @param _controller Registry of the other contracts; not checked, not called.
    """
    managed.__init__(_controller)
