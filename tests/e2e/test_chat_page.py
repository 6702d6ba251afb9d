"""Chatting in a real browser with a test key, by keyboard where people would use it."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.test_pages import browser, pytestmark, visit

from entrepot.testing.gateway import ServerProcess

__all__ = ["browser", "pytestmark", "visit"]

DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
TOOL = (
    '{"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}'
)
LONG = "Tell me more [sandbox: long tokens=400]"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ServerProcess(
        environment={"ENTREPOT_SANDBOX_TOKENS_PER_S": "200", "ENTREPOT_SERVER_MAX_BODY_BYTES": "1000000"}
    ) as process:
        yield process.url


@pytest.fixture
def chat(visit: Any) -> Any:
    """The page with its cursor in the message field. Its browser may complain of what was stopped or refused, and of nothing else."""
    page, complaints = visit("/chat?model=openai/gpt-5.1")
    page.locator("#message:focus").wait_for()
    yield page
    assert [told for told in complaints if not told.endswith("/chat/completions") and "status of 429" not in told] == []


def ask(page: Any, text: str) -> None:
    page.locator("#message").fill(text)
    page.keyboard.press("Enter")
    page.locator(".turn.assistant").last.wait_for()
    finish(page)


def finish(page: Any) -> None:
    page.locator("#chat:not(.busy)").wait_for()


def answers(page: Any) -> list[str]:
    return page.locator(".turn.assistant .prose").all_inner_texts()


def test_an_answer_streams_in_with_its_cost_and_speed(chat: Any) -> None:
    ask(chat, "Hello from the quay")
    assert 'You said "Hello from the quay"' in answers(chat)[0]
    facts = chat.locator(".facts dd").all_inner_texts()
    assert re.fullmatch(r"\$0\.0\d+ at list price; nothing charged", facts[0])
    assert [
        any(re.search(part, fact) for fact in facts) for part in (r"\d+ in", r"\d+ out", "tok/s", "first after", "Sandbox")
    ] == [True] * 5
    assert chat.locator("#live").inner_text().startswith("Answer: Sandbox answer")


def test_escape_stops_and_what_came_is_kept_with_its_cost(chat: Any) -> None:
    chat.locator("#message").fill(LONG)
    chat.keyboard.press("Enter")
    chat.locator(".prose p").filter(has_text=re.compile(r"(\w+ ){8}")).wait_for()
    chat.keyboard.press("Escape")
    chat.get_by_text("Stopped; what came is kept.").wait_for()
    chat.locator(".facts dd").filter(has_text="$").wait_for()
    kept = answers(chat)[0]
    chat.reload()
    chat.locator(".prose").wait_for()
    assert answers(chat)[0] == kept


def test_two_models_answer_side_by_side_and_one_is_taken_off(chat: Any) -> None:
    chat.get_by_role("button", name="Add a model").click()
    chat.keyboard.type("claude sonnet 4.5")
    chat.keyboard.press("Enter")
    chat.locator(".lane").nth(1).wait_for()
    ask(chat, "Both of you")
    assert [re.search(r"for ([\w./-]+):", text)[1] for text in answers(chat)] == ["openai/gpt-5.1", "anthropic/claude-sonnet-4.5"]  # type: ignore[index]
    chat.get_by_role("button", name=re.compile("^Remove .*Sonnet")).click()
    assert chat.locator(".lane").count() == 1


def test_edit_and_regenerate_make_versions_that_can_be_walked(chat: Any) -> None:
    ask(chat, "First wording")
    chat.locator(".turn.user").hover()
    chat.get_by_role("button", name="Edit").click()
    chat.get_by_label("Edit your message").fill("Second wording")
    chat.keyboard.press("Enter")
    chat.locator(".said").filter(has_text="Second wording").wait_for()
    finish(chat)
    assert chat.locator(".turn.user .switcher").inner_text().split() == ["‹", "2/2", "›"]
    chat.locator(".turn.user").hover()
    chat.get_by_role("button", name="The version before").click()
    assert chat.locator(".said").inner_text() == "First wording"
    chat.get_by_role("button", name="Regenerate").click()
    chat.locator(".turn.assistant .switcher").filter(has_text="2/2").wait_for()
    finish(chat)


def test_all_of_it_is_reached_by_keys(visit: Any) -> None:
    page, _ = visit("/chat?model=openai/gpt-5.1", color_scheme="light")
    page.locator("#message:focus").wait_for()
    page.keyboard.type("By keys alone")
    page.keyboard.press("Enter")
    page.locator(".facts").wait_for()
    page.locator(".skip").focus()
    reached = []
    while "Send" not in reached and len(reached) < 60:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"))
    wanted = [
        "Models",
        "Dark",
        "New chat",
        "More for By keys alone",
        "Add a model",
        "Settings",
        "Edit",
        "Regenerate",
        "Attach",
    ]
    assert [name for name in wanted if name not in reached] == []
    page.get_by_role("button", name="Dark").focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"


def test_on_a_phone_the_list_of_chats_opens_and_closes_and_lanes_are_tabs(visit: Any) -> None:
    page, complaints = visit("/chat?models=openai/gpt-5.1,openai/gpt-5.1-codex", viewport={"width": 390, "height": 844})
    page.locator("#message:focus").wait_for()
    page.get_by_role("button", name="Chats", exact=True).click()
    assert not page.locator("#message").is_visible()
    page.get_by_role("button", name="Back").click()
    page.locator("#lane-tabs").get_by_role("button", name="Codex").click()
    assert [lane.is_visible() for lane in page.locator(".lane").all()] == [False, True]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert complaints == []


def test_a_branch_is_a_chat_of_its_own(chat: Any) -> None:
    ask(chat, "The trunk")
    chat.get_by_role("button", name="Branch into a new chat from here").click()
    ask(chat, "The twig")
    assert chat.locator("#past-list li").count() == 2
    chat.locator("#past-list").get_by_role("button", name=re.compile("^The trunk(?! \\(branch)")).click()
    assert chat.locator(".said").all_inner_texts() == ["The trunk"]


def test_a_picture_is_shown_sent_and_bounded(chat: Any, tmp_path: Path) -> None:
    chat.locator("#files").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": DOT})
    chat.locator("#tray img[alt='dot.png']").wait_for()
    with chat.expect_request("**/chat/completions") as sent:
        ask(chat, "What is this?")
    parts = sent.value.post_data_json["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert chat.locator(".turn.user img").count() == 1
    chat.locator("#files").set_input_files({"name": "big.png", "mimeType": "image/png", "buffer": bytes(2**20)})
    chat.get_by_role("alert").filter(has_text="big.png: 1.0 MB is too much").wait_for()
    chat.locator("#files").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    chat.get_by_role("alert").filter(has_text="PNG, JPEG, WebP, GIF and PDF").wait_for()


def test_a_tool_is_called_given_its_result_and_the_model_goes_on(chat: Any) -> None:
    chat.get_by_role("button", name="Settings").click()
    field = chat.get_by_label("Functions it may call")
    field.fill("[{")
    assert "not JSON" in chat.locator(".problem:not(:empty)").inner_text()
    field.fill(TOOL)
    chat.get_by_label("tool_choice").select_option("required")
    chat.keyboard.press("Escape")
    ask(chat, "Weather in Berlin?")
    assert '"city"' in chat.locator(".call pre").inner_text()
    chat.get_by_label("Result of get_weather").fill("11 degrees")
    with chat.expect_request("**/chat/completions") as sent:
        chat.get_by_role("button", name="Go on with these results").click()
    finish(chat)
    said = sent.value.post_data_json["messages"]
    assert [message["role"] for message in said] == ["user", "assistant", "tool"]
    assert (said[2]["content"], said[2]["tool_call_id"]) == ("11 degrees", said[1]["tool_calls"][0]["id"])


def test_only_what_was_set_is_sent_and_a_wrong_value_is_told(chat: Any) -> None:
    chat.get_by_role("button", name="Settings").click()
    chat.get_by_label("temperature", exact=True).fill("0.3")
    chat.get_by_label("top_p", exact=True).fill("7")
    assert chat.locator(".problem:not(:empty)").inner_text() == "At most 1."
    chat.keyboard.press("Escape")
    chat.locator("#system-fold summary").click()
    chat.get_by_label("System prompt").fill("Be brief")
    with chat.expect_request("**/chat/completions") as sent:
        ask(chat, "Hello")
    body = sent.value.post_data_json
    assert body["messages"] == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hello"}]
    assert {name: body[name] for name in body if name != "messages"} == {
        "model": "openai/gpt-5.1",
        "temperature": 0.3,
        "stream": True,
    }


def test_reasoning_is_folded_and_goes_back_with_its_details(chat: Any) -> None:
    chat.get_by_role("button", name="Settings").click()
    chat.get_by_label("Effort").select_option("high")
    chat.keyboard.press("Escape")
    ask(chat, "Think")
    assert not chat.locator(".thought").is_visible()
    chat.locator(".thinking summary").click()
    assert "Sandbox reasoning" in chat.locator(".thought").inner_text()
    with chat.expect_request("**/chat/completions") as sent:
        ask(chat, "Go on")
    details = sent.value.post_data_json["messages"][1]["reasoning_details"]
    assert details[0]["summary"] == chat.locator(".thought").first.text_content()


def test_an_error_says_what_to_do_and_can_be_tried_again(chat: Any) -> None:
    ask(chat, "[sandbox: rate-limit]")
    notice = chat.locator(".turn .notice").inner_text()
    assert "429" in notice and "leave the request for it out" in notice and "gen-" in notice
    chat.get_by_role("button", name="Regenerate").click()
    finish(chat)


def test_chats_are_searched_renamed_and_deleted(chat: Any) -> None:
    ask(chat, "About herrings")
    chat.get_by_role("button", name="New chat", exact=True).click()
    ask(chat, "About cranes")
    chat.get_by_label("Search chats").fill("herring")
    chat.locator("#past-list li").filter(has_text="cranes").wait_for(state="detached")
    chat.locator("#past-list li").hover()
    chat.get_by_role("button", name="More for About herrings").click()
    chat.get_by_label("Name").fill("Fish herring")
    chat.keyboard.press("Enter")
    chat.locator("#past-list").get_by_text("Fish herring").wait_for()
    chat.locator("#past-list li").hover()
    chat.get_by_role("button", name="More for Fish herring").click()
    chat.get_by_role("button", name="Delete").click()
    chat.get_by_text("No chat has these words.").wait_for()
    assert chat.locator("#past-list li").count() == 0


def test_an_export_is_taken_in_again(chat: Any, tmp_path: Path) -> None:
    ask(chat, "To be carried")
    with chat.expect_download() as downloaded:
        chat.get_by_role("button", name="Export all").click()
    downloaded.value.save_as(tmp_path / "chats.json")
    chat.locator("#import-file").set_input_files(tmp_path / "chats.json")
    chat.get_by_text("1 chat taken in.").wait_for()
    assert chat.locator("#past-list li").count() == 2
    chat.locator("#import-file").set_input_files({"name": "x.json", "mimeType": "application/json", "buffer": b"[1]"})
    chat.get_by_text("This file is not an export of this page.").wait_for()


def test_what_a_model_writes_cannot_do_anything(chat: Any) -> None:
    """Neither its tags, its links nor its pictures; a foreign export is a way in for such text."""
    evil = "<img src=x onerror=alert(1)> ![p](http://evil.example/p.png) [a](javascript:alert(1)) **bold**\n\n```python\nimport os\n```"
    asked = {"id": "a", "parent": "", "turn": "x", "role": "user", "text": "<b>Hi</b>"}
    answered = {"id": "b", "parent": "a", "turn": "y", "role": "assistant", "text": evil, "reasoning": evil, "calls": "no list"}
    lane = {"model": "openai/gpt-5.1", "turns": {"a": asked, "b": answered}, "chosen": {"": "a", "a": "b"}}
    carried = json.dumps({"entrepot_chat": 1, "talks": [{"lanes": [lane]}]}).encode()
    chat.locator("#import-file").set_input_files({"name": "x.json", "mimeType": "application/json", "buffer": carried})
    chat.locator("#past-list .past-open").click()
    chat.locator(".prose .hljs-keyword").wait_for()
    assert chat.locator(".prose :is(img, script, [onerror], [style], a[href^='javascript'])").count() == 0
    assert chat.locator(".prose strong").inner_text() == "bold"
    assert chat.locator(".said").inner_text() == "<b>Hi</b>"


def test_the_same_call_is_shown_as_code(chat: Any, site: str) -> None:
    chat.locator("#message").fill("It's me")
    chat.get_by_role("button", name="Code").click()
    codes = chat.locator("dialog code").all_inner_texts()
    assert f"curl {site}/api/v1/chat/completions" in codes[1] and "It'\\''s me" in codes[1]
    compile(codes[2], "sample", "exec")


def test_a_prompt_is_run_when_a_page_of_ours_sends_it_and_only_written_down_when_another_does(visit: Any, site: str) -> None:
    address = "/chat?models=openai/gpt-5.1,openai/gpt-5.1-codex&prompt=Ahoy"
    page, _ = visit(address)
    page.locator("#message:focus").wait_for()
    assert (page.locator("#message").input_value(), page.locator(".turn").count(), page.locator(".lane").count()) == (
        "Ahoy",
        0,
        2,
    )
    page.goto(site + "/compare/openai/gpt-5.1/openai/gpt-5.1-codex")
    page.get_by_label("Prompt").fill("Ahoy")
    page.keyboard.press("Enter")
    page.locator(".facts").nth(1).wait_for()
    assert all('You said "Ahoy"' in text for text in answers(page))


def test_without_scripts_the_page_says_what_to_do(visit: Any, site: str) -> None:
    page, complaints = visit("/chat", java_script_enabled=False)
    assert f"curl {site}/api/v1/chat/completions" in page.locator("main").inner_text()
    assert not page.locator("#message").is_visible()
    assert complaints == []
