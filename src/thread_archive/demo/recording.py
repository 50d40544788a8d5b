"""The recorded answers, and a server of them on loopback."""

import json
import lzma
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from thread_archive.exceptions import InputError, InstanceUnreachableError

# The thread as its mirror shows it: a comment less than its home has.
CAPTURES = ("mirrored-mirror", "mirrored-home")
# In a wheel the captures lie beside this file, in a checkout among the fixtures.
_FOLDERS = (Path(__file__).parent / "captures", Path(__file__).parents[3] / "fixtures" / "captures")

Key = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A recorded answer; `body` as it goes over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def _key(host: str, target: str) -> Key:
    parts = urlsplit(target)
    # To ask for the first page or for none in particular is the same to Lemmy.
    query = frozenset(parse_qsl(parts.query, keep_blank_values=True)) - {("page", "1")}
    return host, parts.path, query


class Recording:
    """Serves the recorded answers on a port of 127.0.0.1 while the `with` block lasts; the Host header says whose."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self._answers: dict[Key, Answer] = {}
        for name in CAPTURES:
            self._load(_folder(name))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._answers))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def _load(self, folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        base = str(manifest["base"])
        self.threads.append(f"{base}/post/{manifest['post']}")
        with lzma.open(folder / "exchanges.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                recorded = json.loads(line)
                key = _key(base.partition("://")[2], recorded["path"])
                self._answers.setdefault(key, _answer(recorded))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def resolver(self, host: str, port: int) -> list[tuple[str, int]]:
        """Where the recorded hosts are: here. Every other host is unknown."""
        if any(host == key[0].partition(":")[0] for key in self._answers):
            return [("127.0.0.1", self._server.server_port)]
        raise InstanceUnreachableError(
            f"{host}:{port} is not part of the demonstration.", next="Use `thread-archive add` for other servers."
        )


def _folder(name: str) -> Path:
    for folder in _FOLDERS:
        if (folder / name / "manifest.json").is_file():
            return folder / name
    raise InputError("The demonstration's recorded thread is not installed.", next="Install thread-archive again.")


def _answer(recorded: dict[str, Any]) -> Answer:
    body = recorded["body"]
    content = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
    headers = {
        name: value for name, value in recorded["headers"].items() if name.lower() in ("content-type", "location")
    }
    return Answer(status=recorded["status"], headers=headers, body=content)


def _handler(answers: dict[Key, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            unknown = Answer(status=404, headers={}, body=b"")
            answer = answers.get(_key(self.headers.get("host", ""), self.path), unknown)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
