"""Every provider's file keeps the same promises."""

import re
from pathlib import Path

import pytest

from entrepot.providers import Provider, Quirk, all_providers
from entrepot.providers.configured import configure
from entrepot.settings import ProviderConfig
from entrepot.upstream.client import parse_origin, render_head

PROVIDERS = all_providers()
SECRET = "canary-3f9a-credential"


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=list(PROVIDERS))
def test_a_declaration_is_whole(provider: Provider) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", provider.slug)
    assert provider.name
    assert provider.source
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", provider.as_of)
    assert provider.base_url.startswith("https://") or provider.local_ports
    assert bool(provider.auth.environment) != bool(provider.local_ports)
    assert provider.quirks <= set(Quirk)
    assert set(re.findall(r"{(\w+)}", provider.base_url)) == set(provider.variables)
    assert len({(offer.model, offer.dialect) for offer in provider.offers}) == len(provider.offers)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=list(PROVIDERS))
def test_the_variable_switches_it_on_and_its_secret_shows_nowhere(provider: Provider) -> None:
    environment = dict.fromkeys([*provider.auth.environment[:1], *provider.variables.values()], SECRET)
    ready = configure({}, environment)[0][provider.slug]
    assert ready.off_reason == ("" if provider.auth.environment else "not found on this machine")
    assert SECRET not in repr(ready).replace(ready.base_url, "")
    if provider.auth.environment:
        assert SECRET.encode() in render_head("POST", parse_origin(ready.base_url), provider.chat_path, ready.headers)
        off = configure({}, {})[0][provider.slug].off_reason
        assert provider.auth.environment[0] in off


def test_every_quirk_is_somebodys_and_explained() -> None:
    used = set().union(*(provider.quirks for provider in PROVIDERS.values()))
    text = (Path(__file__).parents[2] / "src/entrepot/providers/__init__.py").read_text(encoding="utf8")
    assert used == set(Quirk)
    assert all(re.search(rf'{quirk.name} = "[a-z_]+"\n    """', text) for quirk in Quirk)


def test_all_problems_of_the_operators_entries_are_told_at_once() -> None:
    _, problems = configure(
        {
            "acme": ProviderConfig(),
            "bad": ProviderConfig(base_url="ftp://x"),
            "groq": ProviderConfig(quirks=["telepathy"]),
            "xai": ProviderConfig(api_key="file:/does/not/exist"),
        },
        {},
    )
    assert len(problems) == 4
    assert all(problem.startswith("providers.") for problem in problems)


def test_an_operators_own_provider_is_ready_with_its_address_alone() -> None:
    ready, problems = configure({"acme": ProviderConfig(base_url="http://127.0.0.1:9/v1/", api_key="env:ACME")}, {"ACME": SECRET})
    assert not problems
    assert ready["acme"].off_reason == ""
    assert ready["acme"].base_url == "http://127.0.0.1:9/v1"
    assert ready["acme"].headers == {"Authorization": f"Bearer {SECRET}"}
