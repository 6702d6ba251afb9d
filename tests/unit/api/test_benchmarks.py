"""GET /benchmarks: results that others published, in the shape that the vendor's own SDK reads."""

from typing import Any

import pytest
from openrouter.components import UnifiedBenchmarksResponse
from tests.unit.api.desk import FakeDesk

from entrepot.api import benchmarks
from entrepot.api.model_rows import INDEXES
from entrepot.testing import builders
from entrepot.values.model import Benchmark

AT = "https://artificialanalysis.ai/models"


def index(name: str, value: float) -> Benchmark:
    return Benchmark(INDEXES[f"{name}_index"], value, AT, "2026-11-01")


EXAM = Benchmark("SWE-bench Verified", 76.3, "https://exam.example/board", "2026-11-20", "%", "high effort")
MODELS = (
    builders.model("acme/clever", benchmarks=(index("intelligence", 60.0), index("coding", 40.0), EXAM)),
    builders.model("acme/coder", benchmarks=(index("intelligence", 50.0), index("coding", 70.0))),
    builders.model("acme/examined", benchmarks=(EXAM,)),
    builders.model("acme/unknown"),
)


def told(query: str = "", *models: Any) -> Any:
    desk = FakeDesk(*(models or MODELS), endpoints=(builders.endpoint("acme/clever"),))
    got = desk.get(f"/api/v1/benchmarks{query}", key="live", routes=benchmarks.ROUTES)
    assert got.status == 200, got.body
    UnifiedBenchmarksResponse.model_validate_json(got.body)
    return got.json()


def test_the_indexes_of_a_model_stand_in_one_row_with_its_price_and_the_highest_is_first() -> None:
    answer = told()
    assert [row["model_permaslug"] for row in answer["data"]] == ["acme/clever", "acme/coder"]
    row = answer["data"][0]
    assert (row["source"], row["intelligence_index"], row["coding_index"], row["agentic_index"]) == (
        "artificial-analysis",
        60.0,
        40.0,
        None,
    )
    assert row["pricing"].keys() == {"prompt", "completion"}


def test_every_result_is_there_as_the_catalogue_has_it() -> None:
    answer = told()
    assert [(row["name"], row["model_permaslug"]) for row in answer["published"]][-2:] == [
        ("SWE-bench Verified", "acme/clever"),
        ("SWE-bench Verified", "acme/examined"),
    ]
    assert answer["published"][-1] == {
        "model_permaslug": "acme/examined",
        "display_name": MODELS[2].name,
        "name": EXAM.name,
        "value": 76.3,
        "unit": "%",
        "source": EXAM.source,
        "date": "2026-11-20",
        "note": "high effort",
    }
    assert (answer["meta"]["model_count"], answer["meta"]["citation"], answer["meta"]["as_of"][:10]) == (3, None, "2026-11-20")


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("?task_type=coding", ["acme/coder", "acme/clever"]),
        ("?task_type=agentic", []),
        ("?task_type=search", []),
        ("?source=artificial-analysis&max_results=1", ["acme/clever"]),
        ("?source=design-arena&arena=models", []),
        ("?source=openrouter", []),
        ("?benchmark_type=gpqa_diamond", ["acme/clever", "acme/coder"]),
        ("?benchmark_type=search_hle", []),
    ],
)
def test_what_is_asked_for_narrows_the_results_and_leaves_out_all_others(query: str, slugs: list[str]) -> None:
    answer = told(query)
    assert [row["model_permaslug"] for row in answer["data"]] == slugs
    assert (answer["published"], answer["meta"]["model_count"]) == ([], len(slugs))


def test_results_of_one_source_say_how_they_are_cited() -> None:
    meta = told("?source=artificial-analysis")["meta"]
    assert (meta["citation"], meta["source_url"]) == ("Artificial Analysis", "https://artificialanalysis.ai")


def test_a_catalogue_without_results_gives_an_empty_list() -> None:
    answer = told("", builders.model("acme/unknown"))
    assert (answer["data"], answer["published"], answer["meta"]["model_count"]) == ([], [], 0)


@pytest.mark.parametrize("query", ["source=elsewhere", "task_type=poetry", "max_results=0", "arena=x", "benchmark_type=mmlu"])
def test_what_is_not_known_is_refused_with_what_is(query: str) -> None:
    got = FakeDesk(*MODELS).get(f"/api/v1/benchmarks?{query}", key="live", routes=benchmarks.ROUTES)
    assert (got.status, got.json()["error"]["metadata"]["field"]) == (400, query.partition("=")[0])


def test_it_needs_a_key() -> None:
    assert FakeDesk(*MODELS).get("/api/v1/benchmarks", routes=benchmarks.ROUTES).status == 401
