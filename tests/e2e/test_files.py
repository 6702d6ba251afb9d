"""PDFs and pictures in chat requests: fetched and read here when the model cannot, and not read twice."""

import base64
from typing import Any

import httpx
import pytest

from entrepot.testing.gateway import Gateway
from entrepot.testing.upstream import FakeUpstream, Reply, plain


def pdf(text: str) -> bytes:
    """A one-page PDF that shows a text."""
    shown = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join([b"%010d 00000 n \n" % place for place in places])
    return out + b"xref\n0 6\n0000000000 65535 f \n%btrailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


DATA = "data:application/pdf;base64," + base64.b64encode(pdf("High water at noon")).decode()


def asking(file_data: str, *more: dict[str, Any], **members: Any) -> dict[str, Any]:
    parts = [{"type": "text", "text": "When?"}, {"type": "file", "file": {"filename": "tide.pdf", "file_data": file_data}}]
    return {"model": "ai21/jamba-large-1.7", "messages": [{"role": "user", "content": parts}, *more], **members}


def gateway_to(upstream: FakeUpstream, **settings: Any) -> Gateway:
    return Gateway(
        providers={"p": {"base_url": upstream.url, "api_key": ""}},
        endpoints=[{"model": "ai21/jamba-large-1.7", "provider": "p"}],
        **settings,
    )


def client_of(gateway: Gateway) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=gateway.url, headers={"Authorization": f"Bearer {gateway.live_key}"}, timeout=60)


async def test_a_pdf_is_read_for_a_model_that_reads_no_files_and_not_again_on_the_next_turn() -> None:
    async with FakeUpstream([plain("At noon.")]) as upstream, gateway_to(upstream) as gateway, client_of(gateway) as client:
        answer = (await client.post("/v1/chat/completions", json=asking(DATA))).json()
        sent = upstream.seen[0].json()["messages"][0]["content"]
        assert sent[1]["text"] == '<file name="tide.pdf">\nHigh water at noon\n</file>'
        message = answer["choices"][0]["message"]
        (annotation,) = message["annotations"]
        assert annotation["file"]["content"] == [{"type": "text", "text": "High water at noon"}]
        annotation["file"]["content"][0]["text"] = "what was read before"
        again = asking(DATA, message, {"role": "user", "content": "Sure?"})
        await client.post("/v1/chat/completions", json=again)
        assert "what was read before" in upstream.seen[1].json()["messages"][0]["content"][1]["text"]


async def test_a_streamed_answer_tells_what_was_read_too() -> None:
    async with FakeUpstream([plain("At noon.")]) as upstream, gateway_to(upstream) as gateway, client_of(gateway) as client:
        text = (await client.post("/v1/chat/completions", json=asking(DATA, stream=True))).text
        assert '"annotations":[{"type":"file","file":{"hash"' in text and text.endswith("data: [DONE]\n\n")


async def test_a_pdf_at_an_address_is_fetched_first() -> None:
    file = Reply(headers={"content-type": "application/pdf"}, pieces=(pdf("Low water at six"),))
    async with (
        FakeUpstream([plain("At six.")]) as upstream,
        FakeUpstream([file]) as elsewhere,
        gateway_to(upstream, files={"fetch": "any"}) as gateway,
        client_of(gateway) as client,
    ):
        await client.post("/v1/chat/completions", json=asking(elsewhere.url + "/tide.pdf"))
        assert "Low water at six" in upstream.seen[0].json()["messages"][0]["content"][1]["text"]


@pytest.mark.parametrize(
    ("file_data", "why"),
    [
        ("http://127.0.0.1:1/x.pdf", "not on the public internet"),
        ("data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4 nonsense").decode(), "cannot be read"),
        ("data:application/pdf;base64,***", "not base64"),
    ],
)
async def test_a_file_that_cannot_be_had_or_read_is_named(file_data: str, why: str) -> None:
    async with FakeUpstream([plain("no")]) as upstream, gateway_to(upstream) as gateway, client_of(gateway) as client:
        refused = await client.post("/v1/chat/completions", json=asking(file_data))
        assert refused.status_code == 400 and why in refused.json()["error"]["message"]
        assert "messages[0].content[1]" in refused.json()["error"]["message"] and not upstream.seen


async def test_json_that_is_nearly_right_is_repaired_when_asked() -> None:
    broken = 'Here you are:\n```json\n{"tide": "high", "at": [12, 18,], note: "spring"}\n```'
    body = {
        "model": "ai21/jamba-large-1.7",
        "messages": [{"role": "user", "content": "JSON please"}],
        "response_format": {"type": "json_object"},
    }
    async with FakeUpstream([plain(broken)]) as upstream, gateway_to(upstream) as gateway, client_of(gateway) as client:
        as_it_came = (await client.post("/v1/chat/completions", json=body)).json()
        assert as_it_came["choices"][0]["message"]["content"] == broken
        healed = (await client.post("/v1/chat/completions", json=body | {"plugins": [{"id": "response-healing"}]})).json()
        assert httpx.Response(200, text=healed["choices"][0]["message"]["content"]).json() == {
            "tide": "high",
            "at": [12, 18],
            "note": "spring",
        }


PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SAYS_HIGH: dict[str, bytes] = {
    "gemini": b'{"candidates":[{"content":{"role":"model","parts":[{"text":"high"}]},"finishReason":"STOP"}],'
    b'"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2}}',
    "ollama": b'{"model":"m","message":{"role":"assistant","content":"high"},"done":true,"done_reason":"stop","eval_count":2}',
    "anthropic_messages": b'{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"high"}],'
    b'"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":2}}',
}


@pytest.mark.parametrize("dialect", SAYS_HIGH)
async def test_a_picture_is_fetched_for_a_provider_that_cannot(dialect: str) -> None:
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "URL"}}]
    async with (
        FakeUpstream([Reply(headers={"content-type": "image/png"}, pieces=(PICTURE,))]) as elsewhere,
        FakeUpstream([Reply(pieces=(SAYS_HIGH[dialect],))]) as upstream,
        Gateway(
            providers={"p": {"base_url": upstream.url, "api_key": "", "dialect": dialect}},
            endpoints=[{"model": "openai/gpt-4o", "provider": "p"}],
            files={"fetch": "any"},
        ) as gateway,
        client_of(gateway) as client,
    ):
        parts[1] = {"type": "image_url", "image_url": {"url": elsewhere.url + "/quay.png"}}
        body = {"model": "openai/gpt-4o", "messages": [{"role": "user", "content": parts}]}
        answer = await client.post("/v1/chat/completions", json=body)
        assert answer.json()["choices"][0]["message"]["content"] == "high"
        sent = upstream.seen[0].body
        if dialect == "anthropic_messages":
            assert b"/quay.png" in sent and not elsewhere.seen
        else:
            assert base64.b64encode(PICTURE) in sent and len(elsewhere.seen) == 1
