"""JSON-RPC over HTTP to one endpoint: bounded in time, never repeated, every trouble of one kind.

    EndpointError   the way to the node, or the node as a whole: nothing is known about the question
    NodeError       the node's own answer to one question: a JSON-RPC error object

The URL may hold an API token. Only `name` is ever shown, and texts from outside are searched for
parts of the URL before they are kept.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from itertools import count
from math import isfinite
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from keepers.core.model import KeeperError

BATCH = 100  # questions in one request, until an endpoint wants fewer
MAX_ANSWER = 64 * 2**20  # bytes; more is no answer to anything that is asked here
MAX_WAIT = 3_600.0  # seconds; the most that a Retry-After is believed
CHUNK = 2**16
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
# Status codes with which endpoints refuse an array of questions.
NO_BATCH = (400, 405, 413, 415, 422, 501)
# What a node says of some question in an array when the array is too much for it.
TOO_MUCH = ("batch", "response too large")


class Fault(StrEnum):
    UNREACHABLE = "cannot be reached"  # the request was not sent
    TIMEOUT = "does not answer in time"
    LOST = "closed the connection"
    LIMITED = "too many requests"
    SERVER = "server error"
    REFUSED = "refuses"  # any other HTTP status: a wrong token, a wrong path
    INVALID = "invalid answer"


class EndpointError(Exception):
    """`retry_after`: seconds that the endpoint asks to be left alone, if it says so."""

    def __init__(self, fault: Fault, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{fault}: {detail}" if detail else str(fault))
        self.fault, self.retry_after = fault, retry_after

    @property
    def may_have_arrived(self) -> bool:
        """Whether the node may have done what was asked all the same."""
        return self.fault not in (Fault.UNREACHABLE, Fault.LIMITED, Fault.REFUSED)


class NodeError(Exception):
    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


@dataclass(frozen=True)
class Ask:
    method: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


Post = Callable[[bytes, float], Answer]
"""Sends a body and waits that many seconds. Raises EndpointError."""


class Rpc:
    """One endpoint. Arrays of questions shrink for good when it refuses them."""

    def __init__(self, url: str, *, post: Post | None = None) -> None:
        """Raises KeeperError if it is no URL."""
        self.name = name_of(url)
        self._secrets = secrets_of(url)
        self._post = post or Http(url)
        self._batch = BATCH
        self._ids = count(1)

    def __repr__(self) -> str:
        return f"Rpc({self.name})"

    def ask(self, method: str, *params: Any, timeout: float) -> Any:
        """The result. Raises EndpointError, NodeError."""
        answer = self._ask_one(Ask(method, params), timeout)
        if isinstance(answer, NodeError):
            raise answer
        return answer

    def ask_many(self, asks: Sequence[Ask], timeout: float) -> list[Any]:
        """A result or a NodeError for each. `timeout` is for each request. Raises EndpointError."""
        found: list[Any] = []
        while len(found) < len(asks):
            part = asks[len(found) : len(found) + self._batch]
            if len(part) == 1:
                found.append(self._ask_one(part[0], timeout))
            elif (answers := self._ask_batch(part, timeout)) is not None:
                found += answers
            else:
                self._batch = len(part) // 2
        return found

    def _ask_one(self, ask: Ask, timeout: float) -> Any:
        number = next(self._ids)
        answer = self._post(_encode(_question(ask, number)), timeout)
        content = self._content(answer)
        if isinstance(content, dict):
            is_error = isinstance(content.get("error"), dict)
            # A node that could not read the question does not know its number.
            if content.get("id") == number or (is_error and content.get("id") is None):
                return self._result(content)
        raise self._unfit(answer)

    def _ask_batch(self, asks: Sequence[Ask], timeout: float) -> list[Any] | None:
        """None if the endpoint does not take so many at once."""
        numbers = [next(self._ids) for _ in asks]
        body = [_question(ask, number) for ask, number in zip(asks, numbers, strict=True)]
        answer = self._post(_encode(body), timeout)
        content = self._content(answer)
        if isinstance(content, dict) and isinstance(content.get("error"), dict):
            return None
        if not isinstance(content, list):
            if answer.status in NO_BATCH:
                return None
            raise self._unfit(answer)
        if any(_is_too_much(item) for item in content):
            return None
        by_number = {item.get("id"): item for item in content if isinstance(item, dict)}
        if len(content) != len(asks) or not all(number in by_number for number in numbers):
            raise EndpointError(Fault.INVALID, f"{len(content)} answers to {len(asks)} questions")
        return [self._result(by_number[number]) for number in numbers]

    def _content(self, answer: Answer) -> Any:
        """The JSON whatever the status: some nodes send their errors with 4xx or 5xx."""
        if answer.status == 429:
            raise EndpointError(Fault.LIMITED, retry_after=_retry_after(answer.headers))
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            return None

    def _unfit(self, answer: Answer) -> EndpointError:
        if answer.status >= 500:
            wait = _retry_after(answer.headers)
            return EndpointError(Fault.SERVER, f"HTTP {answer.status}", wait)
        if answer.status != 200:
            hint = "; is the API token right?" if answer.status in (401, 403) else ""
            return EndpointError(Fault.REFUSED, f"HTTP {answer.status}{hint}")
        return EndpointError(Fault.INVALID, f"{len(answer.body)} bytes that answer nothing")

    def _result(self, content: Mapping[str, Any]) -> Any:
        error = content.get("error")
        if isinstance(error, dict):
            code = error.get("code")
            message = self._clean(str(error.get("message", "")))
            return NodeError(code if isinstance(code, int) else 0, message, error.get("data"))
        if "result" not in content:
            raise EndpointError(Fault.INVALID, "neither result nor error")
        return content["result"]

    def _clean(self, text: str) -> str:
        """One line without parts of the URL: nodes repeat what they were asked."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:300]


class Http:
    """`Post` by HTTP, over one connection that is kept open. No retries, no redirects."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: requests.Session | None = None

    def __repr__(self) -> str:
        return f"Http({name_of(self._url)})"

    def __call__(self, body: bytes, timeout: float) -> Answer:
        end = time.monotonic() + timeout
        if self._session is None:
            self._session = requests.Session()
            # It writes the path of each request, which may be a token, at the level DEBUG.
            logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        try:
            with self._session.post(
                self._url,
                data=body,
                headers=HEADERS,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                return Answer(response.status_code, _read(response, end), response.headers)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            trouble = _trouble(error)
        # Not inside the handler: the first error holds the URL, and would be kept as context.
        raise trouble


def name_of(url: str) -> str:
    """Scheme and host, which may be shown. Raises KeeperError."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise KeeperError("an RPC URL is not a URL: it must read https://host/path") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise KeeperError("an RPC URL must start with http:// or https://, and name a host")
    return f"{parts.scheme}://{parts.hostname}{port}"


def secrets_of(url: str) -> list[str]:
    """Every part of a URL that may be a token, longest first."""
    parts = urlsplit(url)
    pieces = [parts.username or "", parts.password or "", *parts.path.split("/")]
    pieces += [piece for pair in parts.query.split("&") for piece in pair.split("=")]
    known = {url, *pieces, *(unquote(piece) for piece in pieces)}
    return sorted((piece for piece in known if len(piece) >= 8), key=len, reverse=True)


def _read(response: requests.Response, end: float) -> bytes:
    """The body, piece by piece: a node that trickles must not hold us beyond `end`."""
    found = bytearray()
    while piece := response.raw.read1(CHUNK, decode_content=True):
        found += piece
        if len(found) > MAX_ANSWER:
            raise EndpointError(Fault.INVALID, f"more than {MAX_ANSWER} bytes")
        if time.monotonic() > end:
            raise EndpointError(Fault.TIMEOUT)
    return bytes(found)


def _trouble(error: Exception) -> EndpointError:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    never_sent = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return EndpointError(Fault.UNREACHABLE)
    if isinstance(reason, never_sent):
        return EndpointError(Fault.UNREACHABLE)
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)):
        return EndpointError(Fault.TIMEOUT)
    return EndpointError(Fault.LOST, type(error).__name__)


def _question(ask: Ask, number: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": ask.method, "params": list(ask.params)}


def _encode(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _is_too_much(item: Any) -> bool:
    error = item.get("error") if isinstance(item, dict) else None
    if not isinstance(error, dict):
        return False
    message = str(error.get("message", "")).lower()
    return any(text in message for text in TOO_MUCH)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. A date is compared with the endpoint's own clock: ours may be wrong."""
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        until, now = _date(text), _date(headers.get("Date", ""))
        if until is None or now is None:
            return None
        seconds = until - now
    return min(max(seconds, 0.0), MAX_WAIT) if isfinite(seconds) else None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
