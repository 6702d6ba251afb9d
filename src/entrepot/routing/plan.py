"""Which endpoints, in which order, and why: a pure function of the request, the catalogue and the caller's preferences.

The model's live endpoints, cheapest first unless `standing` says otherwise, and the same for each fall-back model after it. A
plan keeps a reason for every endpoint it considered, kept or dropped, and the same words reach the record and the error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from entrepot.dialects.translated import dialect
from entrepot.errors import GatewayError, InvalidRequest, NotFound
from entrepot.metering.sheet import Sheet
from entrepot.routing.fit import fit
from entrepot.routing.standing import By, Standings, in_order, told, wished_sort
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import YOCTO, parse_usd
from entrepot.values.preferences import MaxPrice, Preferences
from entrepot.values.price import Price
from entrepot.values.request import Request

NOTHING_KNOWN: Standings = {}
_NO_PREFERENCES = Preferences()
_SOFT = ("tools", "response_format", "verbosity")
_WRONG_PATH = "path"


class Offer(msgspec.Struct, frozen=True):
    """One wished model with everything that could serve it, cheapest first."""

    model: Model
    endpoints: Sequence[Endpoint]
    variants: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """price  what the caller pays; None: the endpoint's own"""

    model: Model
    endpoint: Endpoint
    price: Price | None = None

    @property
    def paid(self) -> Price:
        return self.endpoint.price if self.price is None else self.price


class Plan(msgspec.Struct, frozen=True):
    """candidates in the order to be tried; `reasons` has one line for each endpoint considered"""

    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]


class Dropped(msgspec.Struct, frozen=True):
    """Why an endpoint is out: the contract's word (5.4 `excluded_by`) and a sentence."""

    word: str
    why: str


def check_named(request: Request) -> None:
    """raises InvalidRequest, when no model is asked for"""
    if not request.slugs:
        raise InvalidRequest(
            "`model` is required.",
            field="model",
            expected="a slug such as openai/gpt-5.1",
            received="nothing",
            remedy="Send `model`, or a list of `models`; GET /api/v1/models lists them.",
        )


def plan(
    request: Request,
    offers: Iterable[Offer],
    refuses: dict[str, frozenset[str]],
    sheet: Sheet | None = None,
    standings: Standings = NOTHING_KNOWN,
    usual: By = "price",
) -> Plan:
    """refuses    by provider slug: request fields it answers with an error
    sheet      what the caller pays; None: list prices
    standings  how endpoints did of late
    usual      the order where the request asks for none

    raises  NotFound, naming what removed the last endpoint; InvalidRequest, where no endpoint of the model could ever do it
    """
    preferences = request.preferences or _NO_PREFERENCES
    inputs = request.media.kinds
    kept: list[Candidate] = []
    reasons: list[str] = []
    dropped: list[tuple[Endpoint, Dropped]] = []
    tried: list[Offer] = []
    for offer in offers:
        tried.append(offer)
        live = []
        for endpoint in offer.endpoints:
            out = _dropped(request, offer.model, endpoint, preferences, inputs, refuses)
            if out is None and preferences.max_price is not None:
                out = _too_dear(_paid(endpoint, sheet) or endpoint.price, preferences.max_price)
            if out is None:
                live.append(endpoint)
            else:
                dropped.append((endpoint, out))
                reasons.append(f"{endpoint.id} dropped: {out.why}")
        by = wished_sort(preferences, offer.variants, usual)
        for endpoint in _named_first(in_order(_softly(request, live), by, preferences, standings), preferences):
            kept.append(Candidate(offer.model, endpoint, _paid(endpoint, sheet)))
            reasons.append(f"{endpoint.id} kept{told(endpoint, standings)}")
    if not kept:
        raise _wrong_path(request, tried, dropped) or _nothing_left(tried, dropped)
    if preferences.allow_fallbacks is False and not preferences.order:
        kept = kept[:1]
    return Plan(tuple(kept), tuple(reasons))


def _dropped(
    request: Request,
    model: Model,
    endpoint: Endpoint,
    wish: Preferences,
    inputs: frozenset[str],
    refuses: dict[str, frozenset[str]],
) -> Dropped | None:
    """The first reason against an endpoint, from the most to the least final."""
    if dialect(endpoint.dialect).makes != dialect(request.dialect).makes:
        return Dropped(_WRONG_PATH, f"it makes {dialect(endpoint.dialect).makes}")
    if endpoint.off_reason:
        return Dropped("off", endpoint.off_reason)
    if not inputs <= set(model.input_modalities):
        missing = ", ".join(sorted(inputs - set(model.input_modalities)))
        return Dropped("modality", f"the model does not read {missing}")
    if request.effort == "none" or wish.require_parameters:
        suited = fit(request, endpoint, refuses.get(endpoint.provider, frozenset()))
        if suited.refusal:
            return Dropped("reasoning", suited.refusal)
        if wish.require_parameters and suited.notes:
            return Dropped("require_parameters", "it cannot honour " + "; ".join(suited.notes))
    return _preferred_away(model, endpoint, wish) if wish is not _NO_PREFERENCES else None


def _preferred_away(model: Model, endpoint: Endpoint, wish: Preferences) -> Dropped | None:
    if wish.only is not None and not _named(endpoint, wish.only):
        return Dropped("allowed_providers", "not in provider.only")
    if wish.ignore and _named(endpoint, wish.ignore):
        return Dropped("allowed_providers", "in provider.ignore")
    if wish.order and wish.allow_fallbacks is False and not _named(endpoint, wish.order):
        return Dropped("allowed_providers", "not in provider.order, and allow_fallbacks is false")
    if wish.data_collection == "deny" and endpoint.data_policy not in ("retains", "zdr"):
        return Dropped("data_policy:training", f"its data policy is {endpoint.data_policy}, and data_collection is deny")
    if wish.zdr and endpoint.data_policy != "zdr":
        return Dropped("data_policy:zdr", f"its data policy is {endpoint.data_policy}, and zdr is asked for")
    if wish.enforce_distillable_text and not model.distillable:
        known = "its maker does not allow" if model.distillable is False else "it is not known to allow"
        return Dropped("data_policy:distillation", f"{known} distillation")
    if wish.quantizations and not _quantized(endpoint.quantization or "unknown", wish.quantizations):
        return Dropped("quantization", f"its quantization is {endpoint.quantization or 'unknown'}")
    return None


def _paid(endpoint: Endpoint, sheet: Sheet | None) -> Price | None:
    return None if sheet is None else sheet.price(endpoint.model, endpoint.price, endpoint.id)


def _quantized(has: str, wished: list[str]) -> bool:
    wider = {"mxfp4": "fp4", "nvfp4": "fp4", "mxfp8": "fp8"}
    return has in wished or wider.get(has) in wished


def _too_dear(paid: Price, most_wished: MaxPrice) -> Dropped | None:
    rates = paid.rates
    per_million = {"prompt": rates.prompt, "completion": rates.completion, "audio": rates.audio}
    each = {"request": rates.request, "image": rates.image}
    for name in ("prompt", "completion", "audio", "request", "image"):
        most = getattr(most_wished, name)
        if most is None:
            continue
        rate = (per_million.get(name) or 0) * 10**6 or each.get(name)
        if rate and rate > _yocto(most, name):
            return Dropped("max_price", f"its {name} price is above provider.max_price.{name}")
    return None


def _yocto(most: float | str, name: str) -> int:
    try:
        value = parse_usd(str(most) if isinstance(most, str) else f"{most:.12f}", scale=YOCTO)
    except ValueError as error:
        raise InvalidRequest(
            f"`provider.max_price.{name}` is not a price: {error}.",
            field=f"provider.max_price.{name}",
            expected='US dollars, as 2.5 or "2.5"',
            received=str(most)[:80],
            remedy="Give US dollars per million tokens (per request or image for those two).",
        ) from None
    return value


def _named(endpoint: Endpoint, names: Iterable[str]) -> bool:
    tagged = f"{endpoint.provider}/{endpoint.tag}" if endpoint.tag else endpoint.provider
    plain = endpoint.provider.replace("-", "")
    return any(
        name in (endpoint.provider, tagged) or name.lower().replace(" ", "").replace("-", "").replace(".", "") == plain
        for name in names
    )


def _named_first(live: list[Endpoint], wish: Preferences) -> list[Endpoint]:
    """Those of `provider.order` in its order, the others behind them as they come."""
    if not wish.order:
        return live
    first = [endpoint for name in wish.order for endpoint in live if _named(endpoint, (name,))]
    ordered = list(dict.fromkeys([endpoint.id for endpoint in first] + [endpoint.id for endpoint in live]))
    by_id = {endpoint.id: endpoint for endpoint in live}
    return [by_id[name] for name in ordered]


def _softly(request: Request, live: list[Endpoint]) -> list[Endpoint]:
    """Endpoints that know what the request needs come alone, when there are any."""
    for name in _SOFT:
        if name in request.parameters:
            able = [endpoint for endpoint in live if not endpoint.supported_parameters or name in endpoint.supported_parameters]
            live = able or live
    return live


def _wrong_path(request: Request, offers: list[Offer], dropped: list[tuple[Endpoint, Dropped]]) -> InvalidRequest | None:
    """When what is asked for and what the models make are two things: which path is the right one."""
    wished = dialect(request.dialect).makes
    if any(out.word != _WRONG_PATH for _, out in dropped):
        return None
    if not dropped and all(offer.model.makes_embeddings == (wished == "embeddings") for offer in offers):
        return None
    slug = offers[0].model.id
    if wished == "embeddings":
        told, expected = f"{slug} writes text and makes no embeddings.", "a model that makes embeddings"
        remedy = (
            "POST it to /api/v1/chat/completions; GET /api/v1/models?output_modalities=embeddings lists models for this path."
        )
    else:
        told, expected = f"{slug} makes embeddings and writes no text.", "a model that writes text"
        remedy = "POST it to /api/v1/embeddings, with `input`."
    return InvalidRequest(told, field="model", expected=expected, received=slug, remedy=remedy)


_LOOSENED = {
    "allowed_providers": "`provider.only`, `provider.ignore` or `provider.order`",
    "data_policy:training": "`provider.data_collection`",
    "data_policy:zdr": "`provider.zdr`",
    "data_policy:distillation": "`provider.enforce_distillable_text`",
    "quantization": "`provider.quantizations`",
    "max_price": "`provider.max_price`",
    "require_parameters": "`provider.require_parameters`",
    "modality": "what the messages carry beside text",
    "reasoning": "`reasoning.effort`",
}
"""What the caller may change, by the contract's word for what removed an endpoint."""


def _nothing_left(offers: list[Offer], dropped: list[tuple[Endpoint, Dropped]]) -> GatewayError:
    dropped = [(endpoint, out) for endpoint, out in dropped if out.word != _WRONG_PATH]
    slugs = [offer.model.id for offer in offers]
    words = list(dict.fromkeys(out.word for _, out in dropped))
    if words == ["reasoning"]:
        return InvalidRequest(
            f"{slugs[0]} always reasons: `none` is not an effort it has.",
            field="reasoning.effort",
            expected="low, medium or high",
            received="none",
            remedy="Leave the effort out, or ask for the least the model has.",
        )
    why = "; ".join(f"{endpoint.id}: {out.why}" for endpoint, out in dropped[:8]) or "no provider offers it"
    asked_away = [word for word in words if word not in ("off",)]
    code = "constraint_filtered" if asked_away else "no_endpoints"
    if any(word.startswith("data_policy") for word in words):
        code = "privacy_restricted"
    remedy = (
        "Loosen " + ", ".join([_LOOSENED.get(word, word) for word in asked_away]) + "."
        if asked_away
        else "Switch a provider on (`entrepot providers list` says how), or use a test key to try the model without one."
    )
    return NotFound(
        f"No endpoint can serve {', '.join(slugs)}: {why}.",
        field="provider" if asked_away else "model",
        remedy=remedy,
        metadata={
            "availability": {
                "code": code,
                "retryable": False,
                "requested_models": slugs,
                "affected_providers": list(dict.fromkeys(endpoint.provider for endpoint, _ in dropped)),
                "excluded_by": asked_away,
                "docs_url": "/docs/look-up/errors#" + code,
            }
        },
    )
