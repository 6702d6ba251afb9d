"""A first request in several languages, with the reader's own address."""

from __future__ import annotations

import msgspec


class Sample(msgspec.Struct, frozen=True):
    title: str
    language: str
    code: str


def samples(base_url: str) -> list[Sample]:
    return [
        Sample("curl", "bash", _CURL.replace("BASE", base_url)),
        Sample("Python", "python", _PYTHON.replace("BASE", base_url)),
        Sample("Python, streamed", "python", _STREAM.replace("BASE", base_url)),
        Sample("requests", "python", _REQUESTS.replace("BASE", base_url)),
        Sample("JavaScript", "javascript", _FETCH.replace("BASE", base_url)),
        Sample("TypeScript", "typescript", _TYPESCRIPT.replace("BASE", base_url)),
    ]


_CURL = """curl BASE/api/v1/chat/completions \\
  -H "Authorization: Bearer $ENTREPOT_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Hello from the quay"}]}'"""

_PYTHON = """import os
from openai import OpenAI

client = OpenAI(base_url="BASE/api/v1", api_key=os.environ["ENTREPOT_API_KEY"])
answer = client.chat.completions.create(
    model="openai/gpt-5.1",
    messages=[{"role": "user", "content": "Hello from the quay"}],
)
print(answer.choices[0].message.content)
print("cost in US dollars:", answer.usage.cost)"""

_STREAM = """import os
from openai import OpenAI

client = OpenAI(base_url="BASE/api/v1", api_key=os.environ["ENTREPOT_API_KEY"])
stream = client.chat.completions.create(
    model="openai/gpt-5.1",
    messages=[{"role": "user", "content": "Hello from the quay"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
    else:
        print("\\ncost in US dollars:", chunk.usage.cost)"""

_REQUESTS = """import os
import requests

answer = requests.post(
    "BASE/api/v1/chat/completions",
    headers={"Authorization": f"Bearer {os.environ['ENTREPOT_API_KEY']}"},
    json={"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Hello from the quay"}]},
    timeout=60,
).json()
print(answer["choices"][0]["message"]["content"], answer["usage"]["cost"])"""

_FETCH = """const answer = await fetch("BASE/api/v1/chat/completions", {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.ENTREPOT_API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({ model: "openai/gpt-5.1", messages: [{ role: "user", content: "Hello from the quay" }] }),
});
const { choices, usage } = await answer.json();
console.log(choices[0].message.content, usage.cost);"""

_TYPESCRIPT = """import OpenAI from "openai";

const client = new OpenAI({ baseURL: "BASE/api/v1", apiKey: process.env.ENTREPOT_API_KEY });
const answer = await client.chat.completions.create({
  model: "openai/gpt-5.1",
  messages: [{ role: "user", content: "Hello from the quay" }],
});
console.log(answer.choices[0].message.content);"""
