"""Amazon's signature, version 4, made by botocore, which is the optional extra `bedrock`. It is imported when first needed.

The clock and the credentials are handed in: botocore's own ways of finding them are not used.
"""

from __future__ import annotations

import datetime
import importlib.util

import msgspec

from entrepot.errors import CredentialRejected

_STAMP = "%Y%m%dT%H%M%SZ"
HOW_TO_INSTALL = "pip install 'entrepot[bedrock]'"


class Credentials(msgspec.Struct, frozen=True):
    access_key: str
    secret_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return "<credentials>"


class Signer(msgspec.Struct, frozen=True):
    """Signs the requests to one service of one region. A header of the request needs not be signed, so none is asked for."""

    credentials: Credentials
    region: str
    service: str

    def headers(self, method: str, url: str, body: bytes, at: datetime.datetime) -> dict[str, str]:
        """The headers to add. raises CredentialRejected, where botocore is not installed"""
        return sign(method, url, {}, body, self.credentials, self.region, at, service=self.service)


def can_sign() -> bool:
    return importlib.util.find_spec("botocore") is not None


def sign(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    credentials: Credentials,
    region: str,
    at: datetime.datetime,
    *,
    service: str = "bedrock",
) -> dict[str, str]:
    """The headers to add to a request.

    url      as it is sent, percent-encoded; its host is signed, so the request must go there
    headers  those of the request that are to be signed too
    at       now, with a time zone. The service refuses signatures more than some minutes from its own clock
    raises   CredentialRejected, where botocore is not installed
    """
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials as Found
    except ImportError:
        raise CredentialRejected(f"Requests to Bedrock can be signed only with botocore: {HOW_TO_INSTALL}.") from None
    stamp = at.astimezone(datetime.UTC).strftime(_STAMP)
    added = {"X-Amz-Date": stamp}
    if credentials.session_token:
        added["X-Amz-Security-Token"] = credentials.session_token
    auth = SigV4Auth(Found(credentials.access_key, credentials.secret_key), service, region)
    request = AWSRequest(method, url, headers | added, body)
    request.context["timestamp"] = stamp
    said = auth.string_to_sign(request, auth.canonical_request(request))
    named = auth.signed_headers(auth.headers_to_sign(request))
    signature = auth.signature(said, request)
    added["Authorization"] = f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={named}, Signature={signature}"
    return added
