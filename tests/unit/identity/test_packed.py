"""Packed rows: what went in under a digest comes out under it, and under no other."""

from hypothesis import given
from hypothesis import strategies as st

from entrepot.identity.packed import PackedRows

DIGESTS = st.binary(min_size=32, max_size=32)


@given(rows=st.dictionaries(DIGESTS, st.binary(max_size=20)), others=st.lists(DIGESTS), size=st.integers(1, 4))
def test_rows_are_found_by_their_digest_alone(rows: dict[bytes, bytes], others: list[bytes], size: int) -> None:
    packed, order = PackedRows(), sorted(rows)
    for start in range(0, len(order), size):
        part = order[start : start + size]
        packed.extend(b"".join(part), [rows[digest] for digest in part])
    assert len(packed) == len(rows)
    for digest in [*order, *others]:
        assert packed.find(digest) == rows.get(digest)


def test_digests_that_begin_alike_are_told_apart() -> None:
    packed = PackedRows()
    digests = [b"same bytes" + bytes([last]) * 22 for last in range(1, 5)]
    packed.extend(b"".join(digests), [b"%d" % number for number in range(4)])
    assert [packed.find(digest) for digest in digests] == [b"0", b"1", b"2", b"3"]
    assert packed.find(b"same bytes" + bytes(22)) is None
