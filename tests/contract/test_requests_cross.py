"""Every recorded request, said in every provider's dialect: it fits that vendor's published schema, or is refused with a reason.

`-s` prints the table of requests rendered, and each refusal.
"""

import collections
import json
import re
from collections.abc import Iterator

import pytest
from recordings import ROOT, WHY_SKIPPED
from schemas import REQUESTS, THERE, faults
from schemas import WHY_SKIPPED as NO_SCHEMAS
from traffic import Sent, requests_sent

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.translated import body_for, dialect
from entrepot.errors import InvalidRequest
from entrepot.values.model import Reasoning

pytestmark = [
    pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED),
    pytest.mark.skipif(not THERE, reason=NO_SCHEMAS),
]
PROVIDERS = (*REQUESTS, "cohere", "bedrock_converse")
"""The last two have no published schema here: that they can be rendered is all that is shown."""
rendered: collections.Counter[tuple[str, str]] = collections.Counter()
refused: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    totals = collections.Counter(sent.dialect for sent in requests_sent())
    print(f"\nrequests rendered / total\n{'client':>20}" + "".join(f"{provider:>20}" for provider in PROVIDERS))
    for client in totals:
        cells = [f"{rendered[client, provider]} / {totals[client]}" for provider in PROVIDERS]
        print(f"{client:>20}" + "".join(f"{cell:>20}" for cell in cells))
    print("\n".join(refused))


def wishes(effort: str | None, max_tokens: int | None) -> Wishes:
    facts = Reasoning(efforts=("high", "medium", "low"), takes_max_tokens=True)
    return Wishes("some-model", "max_completion_tokens", max_tokens, effort, longest_answer=8_192, reasoning=facts)


NOT_PUBLISHED = {("openai-chat/pai--test_audio_as_binary_content_input.yaml#0", "openai_responses")}
"""Sound in Responses, which OpenAI's document has no word for. (What stays in its dialect is the client's own, and shown elsewhere.)"""
KNOWN = re.compile(
    r"prompt_cache_breakpoint|cannot be given|only its maker|kept where this endpoint cannot|cannot be kept|"
    r"cannot be reached|is not offered|does not|cannot|needs"
)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("sent", requests_sent(), ids=lambda sent: sent.name)
def test_a_request_fits_the_schema_of_every_provider(sent: Sent, provider: str) -> None:
    parse = dialect(sent.dialect).parse
    assert parse is not None
    request = parse(sent.body)
    request.rewritten = True
    try:
        told = json.loads(body_for(request, provider, wishes(request.effort, request.max_tokens)).body)
    except InvalidRequest as error:
        assert error.field and error.remedy and KNOWN.search(error.message), error.message
        refused.append(f"{sent.name} to {provider}: {error.message}")
        return
    if provider in REQUESTS and provider != sent.dialect and (sent.name, provider) not in NOT_PUBLISHED:
        assert faults(provider, REQUESTS[provider], told) == []
    rendered[sent.dialect, provider] += 1
