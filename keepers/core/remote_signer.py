"""A signer in another process, over a unix socket: this one never has the key.

It is asked on a new connection each time, so it can be stopped, changed and started again while
keepers run. What it answers is not trusted: `seal` makes the transaction here.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from keepers.core.model import Signed, Unsigned
from keepers.core.signer_wire import MAX_ANSWER, WireError, question, read_answer, receive, send
from keepers.core.signing import Signature, SigningError, digest_of, seal

TIMEOUT = 5.0  # seconds for all of one question; a KMS behind the signer takes its time
REST = 5.0  # seconds without another try after no answer: a tick has many questions


class RemoteSigner:
    def __init__(
        self,
        path: Path,
        address: str,
        *,
        timeout: float = TIMEOUT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._timeout, self._monotonic = path, timeout, monotonic
        self._trouble, self._rests_until = "", 0.0
        self.address = address

    def __repr__(self) -> str:
        return f"RemoteSigner({self.address}, {self._path})"

    def sign(self, tx: Unsigned) -> Signed:
        """Raises SigningError."""
        digest_of(tx)  # before anybody is asked: is it a transaction at all?
        if self._monotonic() < self._rests_until:
            raise SigningError(self._trouble)
        try:
            if (found := self._ask(tx)) is None:
                raise WireError("the answer has no signature")
        except WireError as error:
            self._trouble = f"signer at {self._path}: {error}"
            self._rests_until = self._monotonic() + REST
            raise SigningError(self._trouble) from None
        return seal(tx, found, self.address)

    def check(self) -> None:
        """Raises SigningError unless the signer runs, answers this user and has this key."""
        try:
            self._ask(None)
        except WireError as error:
            raise SigningError(f"signer at {self._path}: {error}") from None

    def _ask(self, tx: Unsigned | None) -> Signature | None:
        deadline = time.monotonic() + self._timeout
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(self._timeout)
            try:
                link.connect(str(self._path))
            except TimeoutError:
                raise WireError("takes no connection in time") from None
            except OSError as error:
                why = error.strerror or str(error)
                raise WireError(f"{why}; does `python -m keepers signer` run?") from None
            with suppress(WireError):  # it may have refused already: its answer says more
                send(link, question(self.address, tx), deadline)
            found = read_answer(receive(link, MAX_ANSWER, deadline))
        if isinstance(found, str):
            raise SigningError(f"signer at {self._path} refuses: {found}")
        return found
