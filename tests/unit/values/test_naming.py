"""Another model than was asked for is told from the same model by another name."""

import pytest

from entrepot.values.naming import another


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("gpt-5.1-2025-11-13", "gpt-5.1"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("gpt-4-0613", "gpt-4"),
        ("openai/GPT-5.1", "gpt-5.1"),
        ("claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4.5"),
        ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet-latest"),
        ("claude-3-5-sonnet@20240620", "claude-3-5-sonnet-20240620"),
        ("claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash"),
        ("accounts/fireworks/models/kimi-k2-0905", "moonshotai/kimi-k2"),
        ("llama3:latest", "llama3"),
        ("mistral-large-2411", "mistral-large-latest"),
        ("", "gpt-5.1"),
        (" \n", "gpt-5.1"),
    ],
)
def test_a_snapshot_a_prefix_or_a_version_is_no_other_model(named: str, asked: str) -> None:
    assert another(named, asked) == ""
    assert not named.strip() or another(asked, named) == ""


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("gpt-4o-mini", "gpt-4o"),
        ("gpt-5", "gpt-5.1"),
        ("gpt-4", "gpt-5"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06"),
        ("gpt-5.1-chat-latest", "gpt-5.1"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4"),
        ("gemini-2.0-flash-002", "gemini-2.0-flash-001"),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("llama3:8b", "llama3:70b"),
        ("deepseek-chat", "deepseek-reasoner"),
    ],
)
def test_another_model_is_told_by_its_name(named: str, asked: str) -> None:
    assert another(named, asked) == named


def test_a_name_of_the_catalogue_is_as_good_as_the_provider_s() -> None:
    assert another("gpt-5.1-2025-11-13", "our-deployment", "openai/gpt-5.1") == ""
    assert another("gpt-4o", "our-deployment", "openai/gpt-5.1") == "gpt-4o"


def test_what_cannot_be_shown_is_left_out() -> None:
    assert another("a\x1b[31m\ud800b\n", "y") == "a [31m b"
