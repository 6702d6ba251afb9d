"""What the demo's people ask for, and when."""

from random import Random

from entrepot.catalog.shipped import shipped_models
from entrepot.demo import rhythm
from entrepot.demo.people import APPS, RISING, ask
from entrepot.demo.providers import BERTHS

MONDAY_S = 1_795_392_000.0
MONTH_S = 30 * rhythm.DAY_S


def test_the_same_seed_asks_for_the_same() -> None:
    one, again, other = (rhythm.plan(MONDAY_S, MONDAY_S + rhythm.DAY_S, seed) for seed in (1, 1, 2))
    assert list(rhythm.asks(one)) == list(rhythm.asks(again))
    assert list(rhythm.asks(one)) != list(rhythm.asks(other))


def test_calls_come_in_the_order_of_time_and_as_many_as_planned() -> None:
    plan = rhythm.plan(MONDAY_S, MONDAY_S + 5.5 * rhythm.HOUR_S, 1)
    times = [one.at_s for one in rhythm.asks(plan)]
    assert times == sorted(times)
    assert len(times) == plan.calls
    assert times[0] >= MONDAY_S
    assert times[-1] < plan.until_s


def test_weekends_are_quieter_for_those_who_work() -> None:
    coding = APPS[0]
    days = [
        sum(rhythm.expected(coding, MONDAY_S + day * rhythm.DAY_S + hour * 3600, MONDAY_S) for hour in range(24))
        for day in range(7)
    ]
    assert max(days[5:]) < 0.7 * min(days[:5])


def test_traffic_grows_within_the_month() -> None:
    app = APPS[0]
    first, last = (rhythm.expected(app, MONDAY_S + days * rhythm.DAY_S, MONDAY_S) for days in (0, 28))
    assert last > 2 * first


def test_the_new_model_takes_off() -> None:
    shares = []
    for progress in (0.1, 0.95):
        random = Random(1)
        shares.append(sum(ask(APPS[0], 0, progress, random).model == RISING for _ in range(2000)) / 2000)
    assert shares[0] == 0
    assert 0.2 < shares[1] < 0.4


def test_every_model_of_the_demo_is_in_the_catalogue() -> None:
    known = {model.id for model in shipped_models()}
    wanted = {name for app in APPS for name in app.models} | {name for berth in BERTHS.values() for name in berth.models}
    assert wanted | {RISING} <= known
