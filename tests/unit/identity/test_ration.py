"""Keys that a page may make are few in an hour, and not for everybody."""

import pytest

from entrepot.identity.ration import HOUR_MS, Ration


def test_an_hours_keys_come_back_one_by_one() -> None:
    ration = Ration("near", most=2)
    assert [ration.wait_ms(0), ration.wait_ms(10), ration.wait_ms(20)] == [0, 0, HOUR_MS - 20]
    assert ration.wait_ms(HOUR_MS) == 0
    assert ration.wait_ms(HOUR_MS + 1) == 9


@pytest.mark.parametrize(("who", "near", "far"), [("near", True, False), ("any", True, True), ("off", False, False)])
def test_who_is_served(who: str, near: bool, far: bool) -> None:
    ration = Ration(who)
    assert (ration.serves(True), ration.serves(False)) == (near, far)
