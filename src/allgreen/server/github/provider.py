"""GitHub's side of a sign-in: where people are sent, and who GitHub says that they are.

The authorization code grant of OAuth 2.0 with PKCE (RFC 6749, RFC 7636), as the best current
practice has it (RFC 9700). The token is forgotten with the two answers that it was needed for.
"""

import asyncio
import ssl
from functools import cache
from typing import Annotated, Any, Final, TypeVar, final

import httpx2
import orjson
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # has no types
from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]  # has no types
    AsyncOAuth2Client,
)
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from allgreen.errors import SignInFailedError
from allgreen.server.auth.schemas import clean_email
from allgreen.server.github.person import CALLBACK, Person
from allgreen.server.settings import Settings

SCOPE: Final = "read:user user:email"
LARGEST_ANSWER: Final = 256 * 1024
TIMEOUT_S: Final = 10.0
"""Of the clock on the wall, for all three requests together."""
_NOT_AN_ANSWER: Final = (
    *(AuthlibBaseError, httpx2.HTTPError, TimeoutError),
    # What Authlib raises when an answer holds something else than the standard says.
    *(ValueError, TypeError, KeyError, AttributeError),
)
Answer = TypeVar("Answer")


class _User(BaseModel):
    id: Annotated[int, Field(strict=True, gt=0, lt=2**63)]
    login: Annotated[str, Field(min_length=1)]
    name: str | None = None


class _Address(BaseModel):
    email: str
    primary: Annotated[bool, Field(strict=True)]
    verified: Annotated[bool, Field(strict=True)]


@final
class GitHub:
    """GitHub, as the settings name it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def authorize_url(self, state: str, verifier: str) -> str:
        """Return where a browser is sent, to come back with `state` and a code."""
        url, _ = self._client().create_authorization_url(
            f"{self._settings.github_url}/login/oauth/authorize",
            state=state,
            code_verifier=verifier,
        )
        return str(url)

    async def identify(self, code: str, verifier: str) -> Person:
        """Return who came back with a code.

        Raises:
            SignInFailedError: The code is not one for this verifier, or GitHub does not answer as
                it should.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S), self._client() as client:
                await client.fetch_token(
                    f"{self._settings.github_url}/login/oauth/access_token",
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
                user = await self._get(client, "/user", _User)
                addresses = await self._get(client, "/user/emails", list[_Address])
        except _NOT_AN_ANSWER:
            raise SignInFailedError(
                "GitHub did not tell who you are",
                "It did not answer as it should, or the code was used already. Try again; if it "
                "happens once more, GitHub may have a problem.",
                is_foreign=True,
            ) from None
        return Person(
            subject=str(user.id),
            login=user.login[:100],
            name=(user.name or "")[:200],
            email=_find_address(addresses),
        )

    async def _get(self, client: AsyncOAuth2Client, path: str, kind: Any) -> Any:
        answer = await client.get(f"{self._settings.github_api_url}{path}")
        answer.raise_for_status()
        try:
            return TypeAdapter(kind).validate_python(orjson.loads(answer.content))
        except ValidationError as error:
            raise ValueError(path) from error

    def _client(self) -> AsyncOAuth2Client:
        secret = self._settings.github_client_secret
        return AsyncOAuth2Client(
            client_id=self._settings.github_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the word, not a secret
            scope=SCOPE,
            redirect_uri=f"{self._settings.base_url}{CALLBACK}",
            code_challenge_method="S256",
            headers={"Accept": "application/json", "User-Agent": "Allgreen"},
            timeout=TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            transport=_SmallAnswers(),
        )


@cache
def _trust() -> ssl.SSLContext:
    """Return whom to trust; read once, for it takes 20 ms in which nothing else happens."""
    return httpx2.create_ssl_context(trust_env=False)


@final
class _SmallAnswers(httpx2.AsyncBaseTransport):
    """Reads answers as far as they are small, and unpacks none."""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport(verify=_trust(), trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        content = bytearray()
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise httpx2.DecodingError("It was packed, although that was not asked for.")
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise httpx2.ReadError("It is longer than any answer should be.")
        finally:
            await response.aclose()
        headers = {"Content-Type": response.headers.get("content-type", "")}
        return httpx2.Response(response.status_code, headers=headers, content=bytes(content))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _find_address(addresses: list[_Address]) -> str | None:
    """Return the primary address, if it is verified and can be one of ours."""
    primary = next((each for each in addresses if each.primary and each.verified), None)
    if primary is None:
        return None
    try:
        return clean_email(primary.email)
    except ValueError:
        return None
