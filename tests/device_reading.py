"""A device's text, what a model should claim of it, and the reading of it from a scripted server."""

import json
from typing import Any

from openai_server import Scene, Server, serving

from llamas_bpf.advise.model import device
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.config import Config, LlmConfig
from llamas_bpf.contracts.profile import DeviceProfile
from llamas_bpf.machine.texts.text import DeviceText, parse

KEY = "sk-very-secret-0123456789"
TEXT = """
A memory expander behind CXL, 256 GB of it. Reads take 250 ns and writes 0.4 µs, at 28 GB/s either way.
It forgets everything without power. Fine for data that is
rarely used; serial numbers are like CX-80-2.
"""
RIGHT: list[dict[str, Any]] = [
    {"words": "memory expander", "field": "kind", "value": "memory"},
    {"words": "256 GB of it", "field": "capacity_bytes", "value": 256, "unit": "GB"},
    {"words": "Reads take 250 ns", "field": "read_latency_ns", "value": 250, "unit": "ns"},
    {"words": "writes 0.4 µs", "field": "write_latency_ns", "value": 0.4, "unit": "µs"},
    {"words": "28 GB/s either way", "field": "read_bandwidth_bytes_per_s", "value": 28, "unit": "GB/s"},
    {"words": "28 GB/s either way", "field": "write_bandwidth_bytes_per_s", "value": 28, "unit": "GB/s"},
    {"words": "It forgets everything without power", "field": "persistent", "value": False},
    {"words": "Fine for data that is rarely used", "field": "good_at", "value": "rare_access"},
]


def answer(*claims: Any) -> str:
    return json.dumps({"claims": claims})


def text(body: str = TEXT) -> DeviceText:
    return parse("cxl", f"+++\nnode = 2\n+++\n{body}".encode())


def read(server: Server, of: DeviceText | None = None, timeout_s: float = 20, **llm: Any) -> DeviceProfile:
    config = Config(llm=LlmConfig(**llm))
    return device.read(Endpoint(server.url, None, KEY), of or text(), timeout_s, config)


def whys(profile: DeviceProfile, field: str) -> str:
    return "; ".join(doubt.why for doubt in profile.doubts if doubt.field == field)


def sayings(*scenes: Scene, **more: Any) -> DeviceProfile:
    with serving(*scenes) as server:
        return read(server, **more)
