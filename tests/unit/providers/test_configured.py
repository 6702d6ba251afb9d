"""A provider as the operator and the environment leave it."""

from pathlib import Path

import pytest

from entrepot.providers import Quirk, all_providers
from entrepot.providers.configured import Configured, configure
from entrepot.settings import ProviderConfig

SECRET = "canary-5d21-credential"


def one(slug: str, config: ProviderConfig, environment: dict[str, str] | None = None) -> tuple[Configured, list[str]]:
    ready, problems = configure({slug: config}, environment or {})
    return ready[slug], problems


def test_a_key_from_a_file_is_read_once_and_its_line_end_left_out(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n", encoding="utf8")
    ready, problems = one("groq", ProviderConfig(api_key=f"file:{tmp_path / 'key'}"))
    assert not problems
    assert ready.headers["Authorization"] == f"Bearer {SECRET}"


def test_a_key_file_that_is_not_text_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    reference = f"file:{tmp_path / 'key'}"
    _, problems = one("groq", ProviderConfig(api_key=reference, headers={"X-Team": reference}))
    assert [problem.split(":")[0] for problem in problems] == ["providers.groq.api_key", "providers.groq.headers.X-Team"]


@pytest.mark.parametrize("key", [f"{SECRET}\r\nX-Evil: 1", f"{SECRET}\nsecond", f"{SECRET}\u2028x", f"{SECRET}\x00x"])
def test_a_key_that_could_not_be_a_header_is_a_problem_that_does_not_tell_it(key: str) -> None:
    ready, problems = one("groq", ProviderConfig(), {"GROQ_API_KEY": key})
    assert "one line" in problems[0]
    assert SECRET not in problems[0] + repr(ready) + str(ready)
    assert SECRET not in str(ready.headers)


def test_a_named_variable_that_is_not_set_is_told_as_what_to_set() -> None:
    ready, problems = one("groq", ProviderConfig(api_key="env:TEAM_KEY"))
    assert not problems
    assert ready.off_reason == "set TEAM_KEY to switch it on"


def test_the_first_variable_that_is_set_wins_and_spaces_around_it_do_not_count() -> None:
    ready, _ = one("deepinfra", ProviderConfig(), {"DEEPINFRA_API_KEY": " ", "DEEPINFRA_TOKEN": f" {SECRET} "})
    assert ready.headers["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("url", ["ftp://x", "acme.test/v1", "http://", "https:///v1", "http://[::1", "file:///etc/passwd"])
def test_an_address_that_cannot_be_called_is_a_problem_with_the_form_expected(url: str) -> None:
    _, problems = configure({"acme": ProviderConfig(base_url=url)}, {})
    assert len(problems) == 1
    assert "providers.acme.base_url: expected http://" in problems[0]


@pytest.mark.parametrize("resource", ["https://acme.openai.azure.com", "acme.test/#", "evil.test?", "a b"])
def test_a_variable_of_an_address_is_a_bare_name(resource: str) -> None:
    ready, _ = one("azure", ProviderConfig(), {"AZURE_OPENAI_API_KEY": SECRET, "AZURE_OPENAI_RESOURCE": resource})
    assert ready.off_reason == "set AZURE_OPENAI_RESOURCE to the name alone, without an address, to switch it on"
    assert resource not in ready.base_url


def test_quirks_of_the_operator_replace_the_shipped_ones_and_none_keeps_them() -> None:
    shipped = all_providers()["mistral"]
    assert one("mistral", ProviderConfig())[0].provider == shipped
    assert one("mistral", ProviderConfig(quirks=[]))[0].provider.quirks == frozenset()
    assert one("mistral", ProviderConfig(quirks=["random_seed"]))[0].provider.quirks == {Quirk.RANDOM_SEED}


def test_a_provider_that_is_switched_off_holds_no_credential() -> None:
    ready, _ = one("groq", ProviderConfig(enabled=False), {"GROQ_API_KEY": SECRET})
    assert ready.off_reason == "providers.groq.enabled is false"
    assert SECRET not in str(ready.headers)
