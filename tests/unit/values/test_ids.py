"""Ids sort by time, are never the same, and are 26 characters of Crockford's base 32 behind `gen-`."""

import re

from entrepot.values.ids import GenerationIds, ulid

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def test_the_time_is_what_the_specification_says() -> None:
    assert ulid(1_469_918_176_385, bytes(16)) == "01ARYZ6S410000000000000000"
    assert ulid(2**48 - 1, bytes([31] * 16)) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


def test_ids_of_one_moment_differ_and_those_of_later_ones_sort_after_them() -> None:
    ids = GenerationIds()
    made = [ids.make(1_700_000_000_000 + step // 1000) for step in range(5000)]
    assert len(set(made)) == 5000
    assert all(one.startswith("gen-") and ULID.fullmatch(one[4:]) for one in made)
    assert [one[:14] for one in made] == sorted(one[:14] for one in made)


def test_every_letter_is_as_likely_as_the_others() -> None:
    ids = GenerationIds(lambda count: bytes(at % 256 for at in range(count)))
    letters = "".join(ids.make(0)[14:] for _ in range(256))
    assert {letters.count(letter) for letter in set(letters)} == {len(letters) // 32}
