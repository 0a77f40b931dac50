"""The pages of links that prove an address: they ask, and who made the account must answer."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from fastapi import Request
from starlette.responses import HTMLResponse

from allgreen.errors import AllgreenError, TooManyError
from allgreen.server.accounts import address
from allgreen.server.accounts.address import Opener
from allgreen.server.auth.sessions import current_session
from allgreen.server.links import Purpose
from allgreen.server.pages import render_page
from allgreen.server.platform import get_platform

_LONGEST_FORM: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a page asks."""

    purpose: Purpose
    title: str
    text: str


VERIFY: Final = Question(
    purpose=Purpose.VERIFY,
    title="Is this your address?",
    text="One more step: say that this address is yours. If you did not make an account here, "
    "close this page.",
)


async def change_to(request: Request, token: str) -> Question:
    """Return the question whether an account may have a new address.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
    """
    new = await address.read_change(get_platform(request), token)
    return Question(
        purpose=Purpose.CHANGE_EMAIL,
        title="Is this your new address?",
        text=f"An account at Allgreen is to use {new} from now on. You sign in with it then.",
    )


async def ask(
    request: Request, token: str, question: Question, error: AllgreenError | None = None
) -> HTMLResponse:
    """Show a button, and ask for the password where nobody is signed in to the account.

    Whether there is such an account is not looked up: the page tells of it to nobody.
    """
    platform, session = get_platform(request), await current_session(request)
    is_known = await address.is_of_opener(platform, token, question.purpose, session)
    status = 200
    if error is not None:
        status = 429 if isinstance(error, TooManyError) else 422
    return render_page(
        "mine.html",
        status=status,
        title=question.title,
        text=question.text,
        problem="" if error is None else str(error),
        asks_password=not is_known,
    )


async def read_opener(request: Request) -> Opener:
    """Return who opened a link, and what they typed; nothing of a form that is not ours."""
    body = (await request.body())[:_LONGEST_FORM].decode("utf-8", "replace")
    try:
        typed = parse_qs(body, max_num_fields=5).get("password", [""])[0]
    except ValueError:
        typed = ""
    return Opener(session=await current_session(request), password=typed[:1000])
