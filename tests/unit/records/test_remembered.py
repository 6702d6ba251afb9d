import pytest

from entrepot.records.remembered import Remembered


class Asked:
    """Counts how often it is asked, and tells the count."""

    def __init__(self) -> None:
        self.times = 0
        self.now_ms = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_an_answer_is_made_again_when_its_time_is_over():
    asked = Asked()
    remembered = Remembered(lambda: asked.now_ms, for_ms=1000, most=2)
    assert [remembered.get("a", asked), remembered.get("a", asked)] == [1, 1]
    asked.now_ms = 999
    assert remembered.get("a", asked) == 1
    asked.now_ms = 1000
    assert remembered.get("a", asked) == 2


def test_those_made_first_go_when_there_are_too_many():
    asked = Asked()
    remembered = Remembered(lambda: 0, for_ms=1000, most=2)
    assert [remembered.get(name, asked) for name in ("a", "b", "c")] == [1, 2, 3]
    assert [remembered.get(name, asked) for name in ("b", "c", "a")] == [2, 3, 4]


def test_what_cannot_be_made_is_not_kept():
    asked = Asked()
    remembered = Remembered(lambda: 0, for_ms=1000, most=2)
    with pytest.raises(ZeroDivisionError):
        remembered.get("a", lambda: 1 // 0)
    assert remembered.get("a", asked) == 1


def test_an_old_answer_is_given_once_more_while_a_new_one_is_made_behind():
    asked = Asked()
    remembered = Remembered(lambda: asked.now_ms, for_ms=1000, most=2, stale_ms=5000)
    assert remembered.get("a", asked) == 1
    asked.now_ms = 5999
    assert [remembered.get("a", asked), remembered.get("a", asked)] == [1, 1]
    remembered.renew()
    assert [remembered.get("a", asked), asked.times] == [2, 2]
    asked.now_ms = 11_999
    assert remembered.get("a", asked) == 3


def test_what_a_new_answer_is_made_of_is_new_too():
    asked = Asked()
    remembered = Remembered(lambda: asked.now_ms, for_ms=1000, most=2, stale_ms=5000)

    def outer() -> int:
        return 10 * remembered.get("inner", asked)

    assert remembered.get("outer", outer) == 10
    asked.now_ms = 1000
    assert remembered.get("outer", outer) == 10
    remembered.renew()
    assert remembered.get("outer", outer) == 20
