"""From a slug to a model: one look-up whatever the number of models, and no work that a caller's text can grow."""

import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.errors import InvalidRequest
from entrepot.testing.builders import endpoint, model, price


class Counting(dict):  # type: ignore[type-arg]
    """A dict that counts how often it is asked, and cannot be walked."""

    asked = 0

    def get(self, key, default=None):  # type: ignore[no-untyped-def]
        self.asked += 1
        return super().get(key, default)

    def __iter__(self):  # type: ignore[no-untyped-def]
        raise AssertionError("a look-up walked all models")


@pytest.mark.parametrize("count", [10, 10_000])
def test_a_first_look_up_costs_the_same_with_any_number_of_models(count: int) -> None:
    catalog = Catalog([model(f"acme/m-{number}", aliases=(f"m{number}",)) for number in range(count)], [])
    catalog.models = Counting(catalog.models)
    assert catalog.resolve("m7:nitro").model.id == "acme/m-7"
    assert catalog.models.asked <= 5


def test_a_look_up_is_remembered() -> None:
    catalog = Catalog([model()], [endpoint()])
    assert catalog.resolve("openai/gpt-5.1") is catalog.resolve("openai/gpt-5.1")


def test_endpoints_come_cheapest_first_with_those_that_are_off() -> None:
    dear, cheap = endpoint(provider="openai"), endpoint(provider="acme", price=price("1", "8"), off_reason="set ACME_API_KEY")
    assert Catalog([model()], [dear, cheap]).resolve("openai/gpt-5.1").endpoints == (cheap, dear)


def test_of_two_at_one_price_the_maker_comes_first() -> None:
    reseller, maker = endpoint(provider="acme"), endpoint(provider="openai")
    assert Catalog([model()], [reseller, maker]).resolve("openai/gpt-5.1").endpoints == (maker, reseller)


def test_a_name_without_author_is_found_only_when_one_author_has_it() -> None:
    catalog = Catalog([model("a/same"), model("b/same"), model("b/own")], [])
    assert catalog.resolve("own").model.id == "b/own"
    with pytest.raises(InvalidRequest, match=r"a/same.*b/same|b/same.*a/same"):
        catalog.resolve("same")


@pytest.mark.parametrize("slug", ["OpenAI/GPT-5.1", "GPT-5.1", "acme/big-model", "ACME/BIG-MODEL"])
def test_capitals_do_not_matter(slug: str) -> None:
    catalog = Catalog([model(), model("acme/Big-Model")], [])
    assert catalog.resolve(slug).model.id.lower().endswith(slug.lower())


def test_a_permanent_slug_stands_for_the_model_and_not_for_its_free_variant() -> None:
    free, paid = model("a/b:free", canonical_slug="a/b-20260101"), model("a/b", canonical_slug="a/b-20260101")
    assert Catalog([free, paid], []).resolve("a/b-20260101").model is paid


def test_a_latest_row_is_served_by_the_model_it_stands_for() -> None:
    catalog = Catalog([model(), model("~openai/gpt-latest", alias_target="openai/gpt-5.1")], [endpoint()])
    resolved = catalog.resolve("~openai/gpt-latest")
    assert (resolved.model.id, len(resolved.endpoints)) == ("openai/gpt-5.1", 1)


@pytest.mark.parametrize("variant", ["nitro", "floor", "exacto"])
def test_a_routing_variant_is_stripped_and_told(variant: str) -> None:
    resolved = Catalog([model()], []).resolve(f"openai/gpt-5.1:{variant}")
    assert (resolved.model.id, resolved.variants) == ("openai/gpt-5.1", (variant,))


@pytest.mark.parametrize("variant", ["free", "thinking", "extended", "batch", "free:nitro", "made-up"])
def test_a_catalogue_variant_never_falls_back_to_its_model(variant: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Catalog([model()], []).resolve(f"openai/gpt-5.1:{variant}")
    assert caught.value.metadata["availability"] == {
        "code": "model_not_found",
        "retryable": False,
        "requested_models": [f"openai/gpt-5.1:{variant}"],
        "docs_url": "/docs/look-up/errors#model_not_found",
    }


def test_a_slug_of_a_megabyte_is_refused_without_being_taken_apart() -> None:
    catalog = Catalog([model()], [])
    with pytest.raises(InvalidRequest) as caught:
        catalog.resolve("openai/gpt-5.1" + ":nitro" * 200_000)
    assert len(str(caught.value.metadata)) < 2_000
    assert len(caught.value.message) < 500


def test_memory_of_slugs_is_bounded() -> None:
    catalog = Catalog([model()], [])
    for number in range(3**9):
        letters = "".join("nfe"[number // 3**place % 3] for place in range(9))
        words = {"n": "nitro", "f": "floor", "e": "exacto"}
        catalog.resolve("openai/gpt-5.1:" + ":".join(words[letter] for letter in letters))
    assert len(catalog._resolved) <= 10_000
