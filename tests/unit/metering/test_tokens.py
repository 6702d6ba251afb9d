"""Tokens of our own count."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from entrepot.metering.tokens import StreamCounter, count_prompt, count_text, cut_tokens, split_tokens
from entrepot.metering.vocabulary import o200k

SENTENCE = "The tide comes in and the tide goes out, and the port keeps its books by both. "


def test_pieces_count_as_the_whole_even_past_a_fold() -> None:
    counter = StreamCounter()
    text = SENTENCE * 400
    for start in range(0, len(text), 7):
        counter.feed(text[start : start + 7])
    assert counter.total() == count_text(text)


def test_a_long_text_counts_slice_by_slice_as_it_does_whole() -> None:
    text = SENTENCE * 3000
    assert count_text(text) == o200k().count(text)
    solid = "quay" * 50_000
    assert abs(count_text(solid) - o200k().count(solid)) <= 3


@given(st.text(max_size=200))
def test_split_tokens_join_to_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


@given(st.text(max_size=200), st.integers(0, 40))
def test_a_cut_text_has_no_more_tokens_than_asked(text: str, most: int) -> None:
    kept, count, cut = cut_tokens(text, most)
    assert count <= most
    assert cut == (count_text(text) > most)
    assert text.startswith(kept)


def test_messages_cost_more_than_their_text_and_tools_add_to_it() -> None:
    messages = [{"role": "user", "content": SENTENCE}]
    tools = [{"type": "function", "function": {"name": "tide_table", "description": SENTENCE}}]
    assert count_text(SENTENCE) < count_prompt(messages) < count_prompt(messages, tools)


def test_half_a_surrogate_pair_is_counted_and_breaks_nothing() -> None:
    assert count_text("a\ud83d") >= 2


def test_a_text_of_any_length_is_counted() -> None:
    assert count_text("tide " * 300_000) >= 300_000


def test_both_halves_of_a_surrogate_pair_are_cut_and_split_as_one_character() -> None:
    assert "".join(split_tokens("a\ud83d\ude00")) == "a\U0001f600"
    assert cut_tokens("a\ud83d\ude00" * 3, 1) == ("a", 1, True)


def test_the_vocabularies_that_are_not_used_are_not_read() -> None:
    """They are a third of what a server would hold at rest, and most of the time it takes to start."""
    program = "import sys; from entrepot.metering.tokens import warm; warm(); print('bpe_openai.registry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
