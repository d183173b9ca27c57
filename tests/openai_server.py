"""An OpenAI-compatible server on loopback that does as a script says: real HTTP, well or badly spoken."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Writes the whole response to a request.
Scene = Callable[["Handler"], None]


def completion(text: str, finish_reason: str = "stop") -> dict[str, Any]:
    """A chat completion as servers send it."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234},
    }


def says(text: str, finish_reason: str = "stop") -> Scene:
    """Answers with ``text``."""
    return sends(json.dumps(completion(text, finish_reason)).encode())


def hints(*given: dict[str, Any]) -> Scene:
    """Answers with these hints; a reason and a confidence are filled in."""
    filled = [{"reason": "because of 3 figures", "confidence": 0.5} | hint for hint in given]
    return says(json.dumps({"hints": filled}))


def sends(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Scene:
    """Answers with these very bytes."""

    def scene(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return scene


def hangs(handler: "Handler") -> None:
    """Takes the question and says nothing until the test ends."""
    handler.server.ending.wait(30)


def drips(handler: "Handler") -> None:
    """Begins an answer and goes on, a byte at a time, until the test ends."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.ending.wait(0.05):
        handler.wfile.write(b" ")


def hangs_up(handler: "Handler") -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')


class Server(ThreadingHTTPServer):
    """``script`` is played a scene a question, the last one again and again."""

    def __init__(self, script: list[Scene]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.questions: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.encodings: list[str | None] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        """What to set OPENAI_BASE_URL to."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has hung up is no news here."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        models = {"object": "list", "data": [{"id": "scripted", "object": "model"}, {"id": "other"}]}
        sends(json.dumps(models).encode(), 200 if self.path == "/v1/models" else 404)(self)

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.encodings.append(self.headers.get("Accept-Encoding"))
        self.server.questions.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests are quiet."""


@contextmanager
def serving(*script: Scene) -> Iterator[Server]:
    """A server on a free port of loopback, for a while."""
    server = Server(list(script))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
