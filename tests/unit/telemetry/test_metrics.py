"""Figures are counted on the way and told in Prometheus' format."""

from prometheus_client.parser import text_string_to_metric_families

from entrepot.telemetry.metrics import Metrics
from entrepot.testing.builders import generation, usage


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    """By name and the labels' values."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, ",".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_generations_tokens_and_cost_are_summed_by_model_and_provider():
    metrics = Metrics()
    for prompt in (10, 20):
        metrics.observe(generation(usage=usage(prompt, 5, cached_tokens=4), cost_nano=1_500_000_000))
    told = samples(metrics)
    assert told["entrepot_generations_total", "openai/gpt-5.1,openai,200,false"] == 2
    assert told["entrepot_prompt_tokens_total", "openai/gpt-5.1,openai,false"] == 30
    assert told["entrepot_cached_tokens_total", "openai/gpt-5.1,openai,false"] == 8
    assert told["entrepot_cost_usd_total", "openai/gpt-5.1,openai,false"] == 3.0


def test_test_keys_are_kept_apart_from_real_spend():
    metrics = Metrics()
    metrics.observe(generation(test=True))
    assert ("entrepot_cost_usd_total", "openai/gpt-5.1,openai,false") not in samples(metrics)


def test_a_time_on_a_bound_falls_under_it_and_counts_in_all_above():
    metrics = Metrics()
    metrics.observe(generation(first_byte_ms=100.0, generation_ms=400.0))
    told = samples(metrics)
    assert told["entrepot_first_byte_seconds_bucket", "0.05,openai"] == 0
    assert told["entrepot_first_byte_seconds_bucket", "0.1,openai"] == 1
    assert told["entrepot_first_byte_seconds_bucket", "+Inf,openai"] == 1
    assert told["entrepot_generation_seconds_sum", "openai"] == 0.5


def test_a_refusal_before_the_first_byte_has_no_latency():
    metrics = Metrics()
    metrics.observe(generation(status=400, provider="", model=""))
    told = samples(metrics)
    assert told["entrepot_generations_total", ",,400,false"] == 1
    assert not any(name.startswith("entrepot_first_byte") for name, _ in told)


def test_answers_of_another_model_are_counted_by_the_one_that_was_asked_for():
    metrics = Metrics()
    for reported in ("", "gpt-4o-mini", "gpt-4o-nano"):
        metrics.observe(generation(reported_model=reported))
    assert samples(metrics)["entrepot_other_models_total", "openai/gpt-5.1,openai"] == 2


def test_gauges_are_read_when_they_are_asked_for():
    metrics, live = Metrics(), [1]
    metrics.gauge("entrepot_live", "Under way.", lambda: live[0])
    live[0] = 7
    assert samples(metrics)["entrepot_live", ""] == 7


def test_unknown_paths_share_one_label():
    metrics = Metrics()
    for method in ("GET", "BREW"):
        metrics.answered("", method, 404)
    assert samples(metrics)["entrepot_http_answers_total", ",,404"] == 2
