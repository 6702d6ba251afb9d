"""How one model is called: a sample for each API and language, with the reader's own address and the model's slug."""

from __future__ import annotations

import msgspec

from entrepot.values.model import Model
from entrepot.web.samples import Sample


class SurfaceSamples(msgspec.Struct, frozen=True):
    """The samples of one API, and where it is explained."""

    name: str
    path: str
    docs: str
    samples: tuple[Sample, ...]


def surfaces(model: Model, base_url: str) -> list[SurfaceSamples]:
    """Nothing for a model that makes neither text nor embeddings: those are not called through here."""
    if model.makes_embeddings:
        return [_surface("Embeddings", "/api/v1/embeddings", "/docs/do/embeddings", _EMBEDDINGS, model, base_url)]
    if "text" not in model.output_modalities:
        return []
    return [
        _surface("Chat Completions", "/api/v1/chat/completions", "/docs/do/python", _CHAT, model, base_url),
        _surface("Responses", "/api/v1/responses", "/docs/do/responses", _RESPONSES, model, base_url),
        _surface("Messages", "/api/v1/messages", "/docs/do/messages", _MESSAGES, model, base_url),
    ]


def _surface(name: str, path: str, docs: str, codes: tuple[str, str, str], model: Model, base_url: str) -> SurfaceSamples:
    titles = (("curl", "bash"), ("Python", "python"), ("JavaScript", "javascript"))
    filled = (code.replace("BASE", base_url).replace("SLUG", model.id) for code in codes)
    return SurfaceSamples(name, path, docs, tuple(Sample(*title, code) for title, code in zip(titles, filled, strict=True)))


_CHAT = (
    """curl BASE/api/v1/chat/completions \\
  -H "Authorization: Bearer $ENTREPOT_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "SLUG", "messages": [{"role": "user", "content": "Hello from the quay"}]}'""",
    """import os
from openai import OpenAI

client = OpenAI(base_url="BASE/api/v1", api_key=os.environ["ENTREPOT_API_KEY"])
answer = client.chat.completions.create(
    model="SLUG",
    messages=[{"role": "user", "content": "Hello from the quay"}],
)
print(answer.choices[0].message.content)
print("cost in US dollars:", answer.usage.cost)""",
    """const answer = await fetch("BASE/api/v1/chat/completions", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.ENTREPOT_API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ model: "SLUG", messages: [{ role: "user", content: "Hello from the quay" }] }),
});
const { choices, usage } = await answer.json();
console.log(choices[0].message.content, usage.cost);""",
)
_RESPONSES = (
    """curl BASE/api/v1/responses \\
  -H "Authorization: Bearer $ENTREPOT_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "SLUG", "input": "Hello from the quay"}'""",
    """import os
from openai import OpenAI

client = OpenAI(base_url="BASE/api/v1", api_key=os.environ["ENTREPOT_API_KEY"])
answer = client.responses.create(model="SLUG", input="Hello from the quay")
print(answer.output_text)
print("cost in US dollars:", answer.usage.cost)""",
    """const answer = await fetch("BASE/api/v1/responses", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.ENTREPOT_API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ model: "SLUG", input: "Hello from the quay" }),
});
const { output, usage } = await answer.json();
const message = output.find((item) => item.type === "message");
console.log(message.content[0].text, usage.cost);""",
)
_MESSAGES = (
    """curl BASE/api/v1/messages \\
  -H "x-api-key: $ENTREPOT_API_KEY" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "SLUG", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hello from the quay"}]}'""",
    """import os
from anthropic import Anthropic

client = Anthropic(base_url="BASE/api", api_key=os.environ["ENTREPOT_API_KEY"])
answer = client.messages.create(
    model="SLUG",
    max_tokens=1000,
    messages=[{"role": "user", "content": "Hello from the quay"}],
)
print(next(block.text for block in answer.content if block.type == "text"))""",
    """const answer = await fetch("BASE/api/v1/messages", {
  method: "POST",
  headers: {
    "x-api-key": process.env.ENTREPOT_API_KEY,
    "anthropic-version": "2023-06-01",
    "Content-Type": "application/json",
  },
  body: JSON.stringify({ model: "SLUG", max_tokens: 1000, messages: [{ role: "user", content: "Hello from the quay" }] }),
});
const { content } = await answer.json();
console.log(content.find((block) => block.type === "text").text);""",
)
_EMBEDDINGS = (
    """curl BASE/api/v1/embeddings \\
  -H "Authorization: Bearer $ENTREPOT_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "SLUG", "input": ["Hello from the quay"]}'""",
    """import os
from openai import OpenAI

client = OpenAI(base_url="BASE/api/v1", api_key=os.environ["ENTREPOT_API_KEY"])
answer = client.embeddings.create(model="SLUG", input=["Hello from the quay"])
print(len(answer.data[0].embedding), "numbers")""",
    """const answer = await fetch("BASE/api/v1/embeddings", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.ENTREPOT_API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ model: "SLUG", input: ["Hello from the quay"] }),
});
const { data, usage } = await answer.json();
console.log(data[0].embedding.length, "numbers", usage.cost);""",
)
