"""A prompt becomes the one message of a conversation, and what no conversation can do is refused with a remedy."""

import json
from typing import Any

import pytest

from entrepot.dialects.openai_completions.parse import Completion, converse, parse
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import Message, Text


def parsed(**body: Any) -> Completion:
    return parse(json.dumps({"model": "openai/gpt-5.1", "prompt": "Once upon"} | body).encode())


@pytest.mark.parametrize("prompt", ["Once upon", ["Once upon"]])
def test_one_prompt_is_one_message_of_the_user(prompt: Any) -> None:
    told = converse(parsed(prompt=prompt))
    assert told.messages == (Message("user", (Text("Once upon"),)),)


def test_every_setting_arrives_under_its_own_name() -> None:
    asked = parsed(
        max_tokens=9, temperature=0.5, top_p=0.9, n=2, stop=["\n"], seed=7, presence_penalty=1, frequency_penalty=-1, top_k=4,
        logit_bias={"5": 1}, logprobs=3, user="ahab", provider={"only": ["openai"]}, models=["a/b"], stream=True,
        reasoning={"effort": "low"},
    )  # fmt: skip
    told, sampling = converse(asked), converse(asked).sampling
    assert (told.max_tokens, told.user, told.stream, told.reasoning.effort) == (9, "ahab", True, "low")
    assert (sampling.temperature, sampling.top_p, sampling.n, sampling.stop) == (0.5, 0.9, 2, ("\n",))
    assert (sampling.seed, sampling.presence_penalty, sampling.frequency_penalty, sampling.top_k) == (7, 1, -1, 4)
    assert (sampling.logprobs, sampling.top_logprobs, json.loads(bytes(sampling.logit_bias))) == (True, 3, {"5": 1})
    assert (asked.slugs, asked.stream, asked.effort, asked.max_tokens) == (("openai/gpt-5.1", "a/b"), True, "low", 9)
    assert asked.preferences is not None and {"top_logprobs", "n"} <= set(asked.parameters)


@pytest.mark.parametrize("absent", [None, "", []])
def test_what_is_null_or_empty_is_absent_and_no_length_is_made_up(absent: Any) -> None:
    asked = parsed(suffix=absent or None, echo=None, best_of=None, max_tokens=None, stop=absent)
    assert (asked.max_tokens, asked.echo, converse(asked).sampling.logprobs) == (None, False, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [""]}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": [1]}, "prompt"),
        ({"prompt": [None]}, "prompt"),
        ({"prompt": [[1, 2]]}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": {"text": "a"}}, "prompt"),
        ({"suffix": "the end"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"best_of": 1, "n": 2}, "best_of"),
        ({"best_of": 21}, "best_of"),
        ({"echo": True, "logprobs": 1}, "echo"),
        ({"logprobs": True}, "logprobs"),
        ({"logprobs": 6}, "logprobs"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "messages"),
        ({"tools": []}, "tools"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
    ],
)
def test_a_mistake_is_told_with_its_field_and_a_remedy(body: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed(**body)
    assert (caught.value.field, bool(caught.value.remedy)) == (field, True)


def test_several_prompts_and_tokens_are_told_apart() -> None:
    with pytest.raises(InvalidRequest, match="2 prompts"):
        parsed(prompt=["a", "b"])
    with pytest.raises(InvalidRequest, match="vocabulary"):
        parsed(prompt=[1, 2])


def test_ranking_no_more_than_what_is_asked_for_changes_nothing() -> None:
    assert converse(parsed(best_of=2, n=2)).sampling.n == 2
    assert converse(parsed(best_of=1)).sampling.n is None
