"""Serves a random language model with llama.cpp's own server: `python tiny_model.py FOLDER` prints where it listens.

The model is written on the spot: 2 layers of width 64 and a byte-level BPE of 1024 tokens trained on Python's own library, half
a megabyte of GGUF. Its text is noise; usage, finish reasons, grammars, limits and cancellation are those of a real engine.
"""

import json
import signal
import sys
import sysconfig
import zlib
from pathlib import Path

import gguf
import numpy as np
import xllamacpp
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

WIDTH, LAYERS, HEADS, INNER, CONTEXT, SLOTS = 64, 2, 4, 128, 16384, 2
END, FIRST, LAST = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = [END, FIRST, LAST]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_model(path: Path) -> None:
    tokens, merges = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index(END))
    writer.add_eos_token_id(tokens.index(LAST))
    writer.add_chat_template(TEMPLATE)
    for name, shape in shapes(len(tokens)).items():
        writer.add_tensor(name, weights(name, shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vocabulary() -> tuple[list[str], list[str]]:
    """Tokens in the order of their ids, and merges in the order of their rank."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1024, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train([str(path) for path in sorted(Path(sysconfig.get_path("stdlib")).glob("a*.py"))], trainer)
    trained = json.loads(tokenizer.to_str())["model"]
    return sorted(trained["vocab"], key=trained["vocab"].get), [" ".join(pair) for pair in trained["merges"]]


def shapes(tokens: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {"token_embd": (tokens, WIDTH), "output": (tokens, WIDTH), "output_norm": (WIDTH,)}
    for layer in range(LAYERS):
        block = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (WIDTH, WIDTH))
        block |= {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
        block |= {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}
        found |= {f"blk.{layer}.{name}": shape for name, shape in block.items()}
    return {name + ".weight": shape for name, shape in found.items()}


def weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
    if len(shape) == 1:
        return np.ones(shape, dtype=np.float32)
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return (random.standard_normal(shape) * 0.05).astype(np.float16)


def serve(folder: Path, *, embeds: bool = False) -> None:
    """`embeds`: it makes vectors, and nothing else, for the engine does one of the two."""
    path = folder / "tiny.gguf"
    write_model(path)
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(path)
    wanted.n_ctx, wanted.n_parallel = CONTEXT * SLOTS, SLOTS
    wanted.cpuparams.n_threads = 1
    wanted.endpoint_slots, wanted.endpoint_metrics, wanted.warmup = True, True, False
    if embeds:
        wanted.embedding, wanted.pooling_type = True, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    wanted.port = 0
    server = xllamacpp.Server(wanted)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    serve(Path(sys.argv[1]), embeds="embeds" in sys.argv[2:])
