"""Takes the place of the model's process: keeps to the pipe's protocol, and answers what no honest one does.

``MODE PATH STATE USER KEY_FD``; all but the mode is what the controller gives.
"""

import json
import os
import sys
from typing import Any

mode, path, *_ = sys.argv[1:]
sys.path += path.split(os.pathsep)

from llamas_bpf.advise.confined.frames import Frames, framed  # noqa: E402


def say(**message: Any) -> None:
    rest = framed(json.dumps(message).encode())
    while rest:
        rest = rest[os.write(1, rest) :]


def exchange(**changed: Any) -> dict[str, Any]:
    """Nothing in it is true."""
    return {
        "id": "mine",
        "window": 77,
        "model": "a better one",
        "prompt_hash": "mine",
        "prompt": [{"role": "user", "content": "x" * 4000}],
        "answer": "y" * 400,
        "status": "ok",
        "latency_ns": 0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "known_ids": ["w99"],
        "step": 5,
    } | changed


def answer(question: str) -> None:
    hint = {"kind": "leave", "workload": "w99", "reason": "r", "confidence": 1}
    match mode:
        case "dies":
            os._exit(1)
        case "dies later":
            for _ in range(3):
                say(kind="asking", question=question)
            os._exit(1)
        case "asks on":
            say(kind="asking", question=question)
            say(kind="asking", question=question)
        case "asks without end":
            while True:
                say(kind="asking", question=question)
        case "knows of no call":
            say(kind="answered", question=question, exchanges=[exchange(prompt=[])])
        case "needs no call":
            nothing = exchange(prompt=[], answer=None)
            say(kind="answered", question=question, exchanges=[nothing], hints=[hint])
        case "lies":
            say(kind="answered", question=question, exchanges=[exchange()], hints=[hint])
        case "no numbers":
            prompt = [{"role": "user", "content": float("nan")}]
            say(kind="answered", question=question, exchanges=[exchange(prompt=prompt)])
        case "refunds":
            say(kind="answered", question=question, exchanges=[exchange(prompt_tokens=-(10**9))])


frames = Frames()
say(kind="ready")
while data := os.read(0, 1 << 16):
    frames.feed(data)
    while (body := frames.next()) is not None:
        message = json.loads(body)
        if message.get("question"):
            answer(message["question"]["id"])
        say(kind="figures", context_tokens=1, flushes=0, recalled_entries=0)
