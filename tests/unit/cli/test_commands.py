"""Commands say what they did, or what went wrong and what would mend it, with an exit code that means it."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from entrepot.cli import run


@pytest.fixture
def entrepot(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command in an empty place; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENTREPOT_CATALOG_FIND_LOCAL", "false")

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*words, "--data-dir", str(tmp_path / "data")] if words[0] != "version" else words)
        return code, *capsys.readouterr()

    return command


def test_version_is_printed(entrepot: Any):
    code, said, _ = entrepot("version")
    assert (code, said.count(".")) == (0, 2)


def test_a_key_is_shown_once_and_listed_masked(entrepot: Any):
    _, said, _ = entrepot("keys", "create", "--name", "ci", "--json")
    key = json.loads(said)["key"]
    _, listed, _ = entrepot("keys", "list", "--json")
    assert key.startswith("sk-ep-")
    assert key not in listed
    assert [(row["name"], row["kind"]) for row in json.loads(listed)] == [("ci", "live")]


@pytest.mark.parametrize(("flag", "prefix"), [("--test", "sk-ep-test-"), ("--management", "sk-ep-mgmt-")])
def test_the_kind_of_a_key_shows_in_it(entrepot: Any, flag: str, prefix: str):
    _, said, _ = entrepot("keys", "create", "--name", "x", flag)
    assert said.startswith(prefix)


def test_a_key_can_be_disabled_enabled_and_deleted_by_name(entrepot: Any):
    entrepot("keys", "create", "--name", "ci")
    assert entrepot("keys", "disable", "ci")[0] == 0
    assert json.loads(entrepot("keys", "list", "--json")[1])[0]["disabled"] is True
    assert entrepot("keys", "enable", "ci")[0] == 0
    assert entrepot("keys", "delete", "ci")[0] == 0
    assert json.loads(entrepot("keys", "list", "--json")[1]) == []


def test_the_list_of_keys_shows_their_limits(entrepot: Any):
    entrepot("keys", "create", "--name", "ci", "--limit", "5", "--reset", "daily")
    assert "$5 daily" in entrepot("keys", "list")[1]


def test_an_empty_list_says_how_to_fill_it(entrepot: Any):
    entrepot("keys", "create", "--name", "a")
    entrepot("keys", "delete", "a")
    assert "entrepot keys create --name NAME" in entrepot("keys", "list")[1]


@pytest.mark.parametrize(
    "words",
    [
        "keys list", "keys disable a", "keys delete a", "workspaces list", "workspaces show a", "workspaces delete a", "credit show",
        "prices list", "ledger verify", "ledger audit", "ledger statement", "ledger export", "payments list", "payments show a",
        "codes list", "codes revoke a", "statistics rebuild", "check openai/gpt-5.1", "check openai/gpt-5.1 --yes",
        "chat -m hi --live", "chat -m hi --url http://127.0.0.1:1",
    ],
)  # fmt: skip
def test_whoever_looks_in_a_place_that_is_none_is_told_so_and_makes_nothing(entrepot: Any, tmp_path: Path, words: str):
    code, said, failed = entrepot(*words.split())
    assert (code, said) == (1, "")
    assert "There is no database" in failed and f"serve --data-dir {tmp_path / 'data'}" in failed
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("words", ["models show gpt-5.1", "models list", "providers list", "endpoints list gpt-5.1"])
def test_what_a_new_gateway_would_offer_is_listed_and_nothing_is_made(entrepot: Any, tmp_path: Path, words: str):
    code, said, noted = entrepot(*words.split(), "--json")
    assert (code, bool(json.loads(said) if "show" not in words else said)) == (0, True)
    assert noted.startswith("note:") and noted.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_number_out_of_bounds_names_the_flag_that_it_was_typed_behind(entrepot: Any):
    code, _, failed = entrepot("serve", "--port", "99999")
    assert (code, failed.count("\n")) == (3, 1)
    assert "--port 99999" in failed and "a whole number <= 65535" in failed


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("keys", "disable", "nobody"), "keys list"),
        (("keys", "create", "--name", "x", "--expires", "soon"), "30d"),
        (("keys", "create", "--name", "x", "--test", "--management"), "Leave one"),
        (("models", "show", "openai/gpt-5.11"), "openai/gpt-5.1"),
        (("catalog", "diff", "no-such-file.json"), "no-such-file.json"),
    ],
)
def test_a_failure_is_one_line_with_its_remedy_and_code_1(entrepot: Any, words: tuple[str, ...], remedy: str):
    entrepot("keys", "create", "--name", "another")
    code, said, failed = entrepot(*words)
    assert (code, said, failed.count("\n")) == (1, "", 1)
    assert failed.startswith("error:") and remedy in failed


@pytest.mark.parametrize("words", [("nonsense",), ("keys", "create"), ("models", "list", "--no-such-flag")])
def test_a_command_that_is_not_one_is_code_2(entrepot: Any, words: tuple[str, ...]):
    assert entrepot(*words)[0] == 2


@pytest.mark.parametrize("words", [("doctor",), ("keys", "list"), ("models", "list"), ("serve",)])
def test_wrong_configuration_is_code_3_and_names_every_problem(entrepot: Any, tmp_path: Path, words: tuple[str, ...]):
    (tmp_path / "entrepot.toml").write_text('[server]\nport = "x"\nnonsense = 1\n')
    code, said, failed = entrepot(*words)
    assert code == 3
    assert "server.port" in said + failed and "nonsense" in said + failed


def test_models_are_listed_with_prices_as_exact_text(entrepot: Any):
    rows = json.loads(entrepot("models", "list", "gpt-5.1-codex-mini", "--json")[1])
    assert [row["id"] for row in rows] == ["openai/gpt-5.1-codex-mini"]
    assert rows[0]["pricing"]["prompt"] == "0.00000025"
    assert "0.25" in entrepot("models", "list", "gpt-5.1-codex-mini")[1]


def test_a_provider_that_is_off_says_what_switches_it_on(entrepot: Any, monkeypatch: pytest.MonkeyPatch):
    def openai() -> dict[str, Any]:
        return next(row for row in json.loads(entrepot("providers", "list", "--json")[1]) if row["slug"] == "openai")

    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "OPENAI_API_KEY" in openai()["off_reason"]
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert openai()["on"] is True


def test_a_provider_that_is_on_without_models_says_how_to_name_them(entrepot: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GROQ_API_KEY", "x")
    (row,) = [line for line in entrepot("providers", "list")[1].splitlines() if line.startswith("groq")]
    assert "[[endpoints]]" in row


def test_endpoints_of_a_model_are_listed_by_any_of_its_names(entrepot: Any):
    rows = json.loads(entrepot("endpoints", "list", "gpt-5-1", "--json")[1])
    assert {row["model"] for row in rows} == {"openai/gpt-5.1"}
    assert "openai" in {row["provider"] for row in rows}


def test_an_import_is_shown_first_and_applied_only_when_agreed(entrepot: Any, tmp_path: Path):
    body = {
        "data": [{"id": "acme/new", "name": "New", "created": 1, "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]
    }
    file = tmp_path / "models.json"
    file.write_text(json.dumps(body))
    assert "acme/new" in entrepot("catalog", "diff", str(file))[1]
    assert entrepot("models", "show", "acme/new")[0] == 1
    assert entrepot("catalog", "import", str(file), "--yes")[0] == 0
    assert entrepot("models", "show", "acme/new")[0] == 0
    assert "Nothing would change" in entrepot("catalog", "diff", str(file))[1]


def test_doctor_finds_a_new_place_well_and_says_what_is_missing(entrepot: Any):
    code, said, _ = entrepot("doctor", "--json")
    told = {row["about"]: row for row in json.loads(said)["findings"]}
    assert code == 0 or told.get("port", {}).get("state") == "wrong"
    assert told["storage"]["state"] == "note" and "serve" in told["storage"]["remedy"]


def test_doctor_finds_a_foreign_database(entrepot: Any, tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "entrepot.db").write_bytes(b"not a database at all, but long enough to look at" * 100)
    code, said, _ = entrepot("doctor")
    assert code == 1
    assert "storage" in said


@pytest.mark.parametrize("words", ["keys create", "codes create", "models list", "check", "chat", "demo"])
def test_help_tells_no_default_that_goes_without_saying(capsys: pytest.CaptureFixture[str], words: str):
    assert run([*words.split(), "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--" in said and not any(f"[default: {nothing}]" in said for nothing in ("False", "None", '""'))


@pytest.mark.parametrize(
    "words", ["payments list --limit -1", "codes list --limit 0", "codes list --offset -1", "ledger audit --last 0"]
)
def test_a_page_of_a_list_that_is_none_is_refused(entrepot: Any, words: str):
    code, said, failed = entrepot(*words.split())
    assert (code, said) == (2, "") and "Must be >=" in failed


@pytest.mark.parametrize(("name", "slug"), [("Über uns", "uber-uns"), ("Café 21", "cafe-21")])
def test_a_workspace_gets_a_slug_of_its_name_without_accents(entrepot: Any, name: str, slug: str):
    assert json.loads(entrepot("workspaces", "create", name, "--json")[1])["slug"] == slug


def test_a_name_without_letters_asks_for_a_slug(entrepot: Any):
    code, _, failed = entrepot("workspaces", "create", "!!!")
    assert code == 1 and "Give a slug beside the name" in failed


def test_a_demo_finds_a_port_that_is_taken_before_it_makes_a_history(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code = run(["demo", "--data-dir", str(tmp_path / "demo"), "--port", str(taken.getsockname()[1])])
    assert code == 1 and "in use" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
