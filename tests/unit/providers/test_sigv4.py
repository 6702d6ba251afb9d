"""Amazon's signature, against its published test vectors and against its description."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from entrepot.providers.configured import configure
from entrepot.providers.sigv4 import Credentials, Signer, sign
from entrepot.settings import ProviderConfig

pytest.importorskip("botocore", reason="botocore is an optional extra")
KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
MOMENT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
VECTORS = {
    "GET": "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    "POST": "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
}


@pytest.mark.parametrize("method", VECTORS)
def test_the_published_vectors_are_met(method: str) -> None:
    added = sign(method, "https://example.amazonaws.com/", {}, b"", KEYS, "us-east-1", MOMENT, service="service")
    assert added == {
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={VECTORS[method]}",
    }


def by_hand(path: str, body: bytes) -> str:
    """The signature of a POST at MOMENT, step by step from the description; the path is encoded once more."""
    headers = "host:bedrock-runtime.eu-west-1.amazonaws.com\nx-amz-date:20150830T123600Z\nx-amz-security-token:tok\n"
    names = "host;x-amz-date;x-amz-security-token"
    asked = "\n".join(["POST", quote(path, safe="/~"), "", headers, names, hashlib.sha256(body).hexdigest()])
    scope = "20150830/eu-west-1/bedrock/aws4_request"
    said = "\n".join(["AWS4-HMAC-SHA256", "20150830T123600Z", scope, hashlib.sha256(asked.encode()).hexdigest()])
    key = b"AWS4" + KEYS.secret_key.encode()
    for piece in scope.split("/"):
        key = hmac.digest(key, piece.encode(), "sha256")
    return hmac.digest(key, said.encode(), "sha256").hex()


def test_a_model_in_the_path_the_body_and_a_token_are_signed_at_any_clock() -> None:
    signer = Signer(Credentials(KEYS.access_key, KEYS.secret_key, "tok"), "eu-west-1", "bedrock")
    path, body = "/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse", b'{"messages":[]}'
    url = "https://bedrock-runtime.eu-west-1.amazonaws.com" + path
    added = signer.headers("POST", url, body, MOMENT.astimezone(timezone(timedelta(hours=9))))
    assert added["X-Amz-Security-Token"] == "tok"
    assert added["Authorization"].endswith(f"Signature={by_hand(path, body)}")


AMAZON = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary-secret", "AWS_REGION": "us-west-2"}


def test_amazons_keys_switch_bedrock_on_and_show_nowhere() -> None:
    ready = configure({}, AMAZON)[0]["amazon-bedrock"]
    assert ready.off_reason == "" and ready.base_url == "https://bedrock-runtime.us-west-2.amazonaws.com"
    assert ready.signer is not None and (ready.signer.region, ready.signer.service) == ("us-west-2", "bedrock")
    assert "canary-secret" not in repr(ready) + repr(ready.signer) + str(ready.headers)


def test_a_bedrock_key_needs_no_signature_and_without_either_both_ways_are_told() -> None:
    ready = configure({}, AMAZON | {"AWS_BEARER_TOKEN_BEDROCK": "key"})[0]["amazon-bedrock"]
    assert ready.signer is None and ready.headers == {"Authorization": "Bearer key"}
    off = configure({}, {})[0]["amazon-bedrock"].off_reason
    assert off.startswith("set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION")


def test_a_provider_that_is_not_amazons_is_never_signed() -> None:
    ready = configure({"acme": ProviderConfig(base_url="http://127.0.0.1:9/v1")}, AMAZON)[0]
    assert [slug for slug, configured in ready.items() if configured.signer] == ["amazon-bedrock"]
