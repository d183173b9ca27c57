"""Writes a language model that makes no sense, half a megabyte large: random weights, a token for each byte.

Run by the engine's own interpreter: ``python tiny_gguf.py FILE``.
"""

import sys
from pathlib import Path

import gguf
import numpy as np

_LAYERS, _WIDTH, _HEADS, _INNER = 2, 64, 4, 128
_WINDOW = 32_768


def write(path: Path, seed: int = 0) -> None:
    """Of llama's architecture, in GGUF, as every llama.cpp reads it."""
    tokens, scores, types = _vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(_WINDOW)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, shape in _shapes(len(tokens)):
        writer.add_tensor(name, _weights(np.random.default_rng([seed, len(name), *name.encode()]), shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary() -> tuple[list[bytes], list[float], list[int]]:
    """Three that are no text, all bytes, and the 95 characters that ASCII can show (``▁`` is a space)."""
    special = [b"<unk>", b"<s>", b"</s>"]
    whole = [f"<0x{byte:02X}>".encode() for byte in range(256)]
    seen = ["▁".encode(), *(bytes([code]) for code in range(33, 127))]
    kinds = gguf.TokenType
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256, *[kinds.NORMAL] * 95]
    return special + whole + seen, [0.0] * 354, [int(kind) for kind in types]


def _shapes(tokens: int) -> list[tuple[str, tuple[int, ...]]]:
    layer = {
        "attn_norm": (_WIDTH,),
        "attn_q": (_WIDTH, _WIDTH),
        "attn_k": (_WIDTH, _WIDTH),
        "attn_v": (_WIDTH, _WIDTH),
        "attn_output": (_WIDTH, _WIDTH),
        "ffn_norm": (_WIDTH,),
        "ffn_gate": (_INNER, _WIDTH),
        "ffn_up": (_INNER, _WIDTH),
        "ffn_down": (_WIDTH, _INNER),
    }
    return [
        ("token_embd.weight", (tokens, _WIDTH)),
        *((f"blk.{n}.{name}.weight", shape) for n in range(_LAYERS) for name, shape in layer.items()),
        ("output_norm.weight", (_WIDTH,)),
        ("output.weight", (tokens, _WIDTH)),
    ]


def _weights(random: np.random.Generator, shape: tuple[int, ...]) -> "np.typing.NDArray[np.float32]":
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    return random.normal(0, shape[1] ** -0.5, shape).astype(np.float32)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
