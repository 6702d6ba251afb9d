"""A provider as it stands here: the shipped declaration, what the operator changed, and the credential from its variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from entrepot.providers import NO_AUTH, Provider, Quirk, all_providers, bearer
from entrepot.providers.sigv4 import HOW_TO_INSTALL, Credentials, Signer, can_sign
from entrepot.settings import ProviderConfig, environment_credential, secret

_NAME = re.compile(r"[\w-]+", re.ASCII)
NOT_FOUND = "not found on this machine"
"""Why an engine of this machine is off until it is found; the only reason that looking for it may lift."""


class Configured:
    """One provider, ready to be called or with the reason why not. The credential is in `headers` or `signer`, never in its repr.

    signer  gives each request the headers that sign it; None where `headers` say it all
    """

    __slots__ = ("base_url", "headers", "off_reason", "provider", "signer")

    def __init__(
        self, provider: Provider, base_url: str, headers: dict[str, str], off_reason: str = "", signer: Signer | None = None
    ) -> None:
        self.provider = provider
        self.base_url = base_url
        self.headers = headers
        self.off_reason = off_reason
        self.signer = signer

    def __repr__(self) -> str:
        return f"<{self.provider.slug} at {self.base_url}{', off' if self.off_reason else ''}>"


def configure(
    configs: Mapping[str, ProviderConfig], environment: Mapping[str, str] | None = None
) -> tuple[dict[str, Configured], list[str]]:
    """Every provider, shipped and the operator's own, and all problems with the operator's entries, each with its fix."""
    problems: list[str] = []
    ready: dict[str, Configured] = {}
    shipped = all_providers()
    for slug in [*shipped, *(slug for slug in configs if slug not in shipped)]:
        config = configs.get(slug)
        declared = _changed(slug, shipped.get(slug), config, problems)
        if declared is not None:
            ready[slug] = _resolve(declared, config, environment, problems)
    return ready, problems


def _changed(slug: str, shipped: Provider | None, config: ProviderConfig | None, problems: list[str]) -> Provider | None:
    if config is None:
        return shipped
    where = f"providers.{slug}"
    quirks = _quirks(where, config, problems)
    if config.base_url and not _is_address(config.base_url):
        problems.append(f"{where}.base_url: expected http://... or https://..., got {config.base_url!r}")
        return None
    if shipped is None:
        if not config.base_url:
            problems.append(f"{where}.base_url: is required for a provider that is not shipped, as http://127.0.0.1:9001/v1")
            return None
        return Provider(
            slug,
            config.name or slug,
            config.base_url,
            dialect=config.dialect or "openai_chat",
            quirks=quirks or frozenset(),
            auth=NO_AUTH,
            region=config.region,
            source="entrepot.toml",
        )
    changes = {"name": config.name, "base_url": config.base_url, "dialect": config.dialect, "region": config.region}
    kept = msgspec.structs.replace(shipped, **{name: value for name, value in changes.items() if value})
    return kept if quirks is None else msgspec.structs.replace(kept, quirks=quirks)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _quirks(where: str, config: ProviderConfig, problems: list[str]) -> frozenset[Quirk] | None:
    if config.quirks is None:
        return None
    known = {str(quirk): quirk for quirk in Quirk}
    problems += [
        f"{where}.quirks: {name!r} is not a quirk; known are {', '.join(sorted(known))}"
        for name in config.quirks
        if name not in known
    ]
    return frozenset(known[name] for name in config.quirks if name in known)


def _resolve(
    declared: Provider, config: ProviderConfig | None, environment: Mapping[str, str] | None, problems: list[str]
) -> Configured:
    if config is not None and not config.enabled:
        off = f"providers.{declared.slug}.enabled is false"
        return Configured(declared, declared.base_url, dict(declared.headers), off)
    base_url, missing = _fill(declared, environment)
    credential, lacking = _credential(declared, config, environment, problems)
    if not (credential.isascii() and credential.isprintable()):
        problems.append(f"providers.{declared.slug}: its credential must be one line of printable ASCII; write the key alone")
        credential = ""
    headers = _headers(declared, config, credential, environment, problems)
    signer = None
    if declared.signs_for and not credential:
        signer, lacking = _signer(declared, environment, lacking)
    wanted = [name for name in (lacking, missing) if name]
    local = bool(declared.local_ports) and config is None
    reason = f"set {' and '.join(wanted)} to switch it on" if wanted else NOT_FOUND if local else ""
    return Configured(declared, base_url.rstrip("/"), headers, reason, signer)


def _headers(
    declared: Provider,
    config: ProviderConfig | None,
    credential: str,
    environment: Mapping[str, str] | None,
    problems: list[str],
) -> dict[str, str]:
    """Those that are declared, the credential's, and the operator's, which win."""
    headers = dict(declared.headers)
    auth = declared.auth if declared.auth.header else bearer()
    if credential:
        headers[auth.header] = auth.prefix + credential
    for name, value in (config.headers if config else {}).items():
        try:
            headers[name] = secret(value, environment)
        except (KeyError, OSError, UnicodeDecodeError):
            problems.append(f"providers.{declared.slug}.headers.{name}: {value!r} cannot be read; set it or correct the name")
    return headers


_AMAZON = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def _signer(declared: Provider, environment: Mapping[str, str] | None, lacking: str) -> tuple[Signer | None, str]:
    """What signs with Amazon's usual variables, and what to do when it cannot."""
    access, secret_key, token = (environment_credential(name, environment) for name in _AMAZON)
    if not (access and secret_key):
        return None, f"{lacking}, or {_AMAZON[0]} and {_AMAZON[1]}," if lacking else ""
    if not can_sign():
        return None, f"{lacking}, or {HOW_TO_INSTALL} to sign with {_AMAZON[0]}," if lacking else ""
    region = environment_credential(declared.variables["region"], environment)
    return Signer(Credentials(access, secret_key, token), region, declared.signs_for), "" if region else declared.variables[
        "region"
    ]


def _fill(declared: Provider, environment: Mapping[str, str] | None) -> tuple[str, str]:
    """The address with its variables filled in, and the names of those that are not set."""
    base_url, missing = declared.base_url, []
    for place, variable in declared.variables.items():
        value = environment_credential(variable, environment)
        if "{" + place + "}" not in base_url:
            continue
        if _NAME.fullmatch(value):
            base_url = base_url.replace("{" + place + "}", value)
        else:
            missing.append(f"{variable} to the name alone, without an address," if value else variable)
    return base_url, " and ".join(missing)


def _credential(
    declared: Provider, config: ProviderConfig | None, environment: Mapping[str, str] | None, problems: list[str]
) -> tuple[str, str]:
    """The secret, and the variable to set when there is none but one is needed."""
    if config is not None and config.api_key is not None:
        try:
            return secret(config.api_key, environment), ""
        except KeyError:
            return "", config.api_key.removeprefix("env:")
        except OSError as error:
            problems.append(f"providers.{declared.slug}.api_key: {config.api_key} cannot be read: {error.strerror}")
            return "", ""
        except UnicodeDecodeError:
            problems.append(f"providers.{declared.slug}.api_key: {config.api_key} is not text; write the key alone into it")
            return "", ""
    for variable in declared.auth.environment:
        value = environment_credential(variable, environment)
        if value:
            return value, ""
    return "", declared.auth.environment[0] if declared.auth.environment else ""
