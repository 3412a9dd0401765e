"""Numbers of a running verifier in Prometheus' text format: as a file, or from a small server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from verifier.store import write_durably

HELP = {
    "verifier_receipts_total": ("counter", "Receipts read, by what became of them."),
    "verifier_checks_total": ("counter", "Segments checked, by verdict."),
    "verifier_findings_total": ("counter", "Findings, by code."),
    "verifier_evidence_total": ("counter", "Cases written to the store, by kind."),
    "verifier_check_seconds_total": ("counter", "Seconds spent on checks."),
    "verifier_failures_total": ("counter", "Segments that could not be read or checked, by kind."),
    "verifier_queue": ("gauge", "Segments drawn and not checked yet."),
    "verifier_orchestrators": ("gauge", "Orchestrators, by standing."),
    "verifier_last_poll_seconds": ("gauge", "Unix time of the last look at the place."),
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters and gauges by name and labels; safe to read from another thread."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, Labels], float] = {}
        self._lock = Lock()

    def add(self, name: str, value: float = 1, **labels: str) -> None:
        key = _key(name, labels)
        with self._lock:
            self._values[key] = self._values.get(key, 0) + value

    def set(self, name: str, value: float, **labels: str) -> None:
        with self._lock:
            self._values[_key(name, labels)] = value

    def value(self, name: str, **labels: str) -> float:
        with self._lock:
            return self._values.get(_key(name, labels), 0)

    def text(self) -> str:
        with self._lock:
            values = sorted(self._values.items())
        lines = []
        for name, (kind, about) in HELP.items():
            lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
            lines += [
                f"{name}{_labels(labels)} {value:.12g}"
                for (of, labels), value in values
                if of == name
            ]
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> None:
        """For the text-file collector of a node exporter: replaced as a whole."""
        write_durably(path, self.text().encode())

    @contextmanager
    def served(self, port: int, host: str = "127.0.0.1") -> Iterator[int]:
        """Serve /metrics while the block runs; yields the port, a free one for 0.

        OSError when the port is taken.
        """
        server = ThreadingHTTPServer((host, port), _handler(self))
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            body = metrics.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: a scrape every few seconds is no news."""

    return Handler


def _key(name: str, labels: Mapping[str, str]) -> tuple[str, Labels]:
    if name not in HELP:
        raise KeyError(f"no metric {name}")
    return name, tuple(sorted(labels.items()))


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = (
        (name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n"))
        for name, value in labels
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
