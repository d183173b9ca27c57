"""An OpenAI-compatible server on loopback that does as a script says: real HTTP, well or badly spoken."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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


def calls(name: str, arguments: Any, content: str | None = None) -> Scene:
    """Answers with the call of a tool that nobody offered."""
    body = completion("")
    body["choices"][0]["finish_reason"] = "tool_calls"
    body["choices"][0]["message"] = {
        "role": "assistant",
        "content": content,
        "tool_calls": [
            {"id": "t1", "type": "function", "function": {"name": name, "arguments": arguments}},
            {"id": "t2", "type": "function", "function": {"name": "other", "arguments": "{}"}},
        ],
    }
    return sends(json.dumps(body).encode())


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
    handler.server.ending.wait(300)


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


def drips_headers(handler: "Handler") -> None:
    """Never comes to the body."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.ending.wait(0.05):
        handler.wfile.write(b"X-More: of them\r\n")


def goes_on(piece: bytes, first: bytes = b"") -> Scene:
    """These bytes, then that piece again and again, as fast as it can."""

    def scene(handler: Handler) -> None:
        handler.wfile.write(first)
        while not handler.server.ending.is_set():
            handler.wfile.write(piece)

    return scene


def in_pieces(body: bytes, size: int = 7, pause_s: float = 0.0) -> Scene:
    """The same, chunked."""

    def scene(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            handler.server.ending.wait(pause_s)
        handler.wfile.write(b"0\r\n\r\n")

    return scene


def breaks_off(sent: bytes, reset: bool = False) -> Scene:
    """Hangs up after these bytes; ``reset``: with a RST, as a server that was killed."""

    def scene(handler: Handler) -> None:
        handler.wfile.write(sent)
        if reset:
            handler.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.server.close_request(handler.connection)

    return scene


def fails(status: int, message: str, **headers: str) -> Scene:
    """An error as servers tell it."""
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error"}})
    return sends(body.encode(), status, {name.replace("_", "-"): value for name, value in headers.items()})


def form(question: dict[str, Any]) -> str:
    """In which form the answer is asked for: ``json_schema``, ``json_object+schema``, … or ``none``."""
    asked = question.get("response_format", {"type": "none"})
    return str(asked["type"]) + ("+schema" if "schema" in asked else "")


def refusing(*forms: str, then: Scene, status: int = 400, limit: str = "") -> Scene:
    """A server that does not take these forms, nor a ``limit`` of tokens by that name; ``then`` answers."""

    def scene(handler: Handler) -> None:
        question = handler.server.questions[-1]
        if limit in question:
            fails(status, f"Unsupported parameter: '{limit}' is not supported with this model.")(handler)
        elif form(question) in forms:
            fails(status, f"response_format of type {form(question)} is not supported")(handler)
        else:
            then(handler)

    return scene


class Server(ThreadingHTTPServer):
    """``script`` is played a scene a question, the last one again and again."""

    def __init__(self, script: list[Scene]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.questions: list[dict[str, Any]] = []
        #: What a gullible model was told to call, and has called.
        self.obeyed: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.encodings: list[str | None] = []
        self.ending = threading.Event()

    @property
    def url(self) -> str:
        """What to set OPENAI_BASE_URL to."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def speak_tls(self, certificate: Path) -> str:
        """From now on, at this address; a file with the key too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        return f"https://localhost:{self.server_port}/v1"

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
