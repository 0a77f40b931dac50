"""The one setting of the mail server is read, or refused with a sentence that helps."""

import pytest

from allgreen.notifiers.smtp_url import SmtpUrl, default_sender, parse_address


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("smtp://mail.example.com", SmtpUrl(host="mail.example.com", port=25)),
        ("smtp://mail.example.com:587/", SmtpUrl(host="mail.example.com", port=587)),
        (
            "smtps://mail.example.com",
            SmtpUrl(host="mail.example.com", port=465, is_implicit_tls=True),
        ),
        (
            "smtp://sofia%40x:p%40ss%2F@[::1]:2525",
            SmtpUrl(host="::1", port=2525, user="sofia@x", password="p@ss/"),
        ),
        (
            " smtp://h:25?from=watch@nordlys.example ",
            SmtpUrl(host="h", port=25, sender=parse_address("watch@nordlys.example")),
        ),
    ],
    ids=["default port", "port", "implicit TLS", "login", "sender"],
)
def test_url_is_taken_apart(text: str, read: SmtpUrl) -> None:
    assert SmtpUrl.parse(text) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail.example.com:25", "begins with smtp:// or smtps://"),
        ("http://mail.example.com", "begins with smtp:// or smtps://"),
        ("smtp://", "begins with smtp:// or smtps://"),
        ("smtp://h:port", "port is not a number"),
        ("smtp://h:70000", "port is not a number"),
        ("smtp://h:25/mail", "Nothing follows the port"),
        ("smtp://h:25?from=a,b@c.example", "not one mail address"),
    ],
)
def test_what_cannot_be_one_is_refused_with_an_example(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        SmtpUrl.parse(text)

    assert "smtp://user:password@mail.example.com:587" in str(caught.value)


@pytest.mark.parametrize("text", ["smtp://sofia:s3cret@h:x", "http://sofia:s3cret@h"])
def test_a_refusal_holds_no_password(text: str) -> None:
    with pytest.raises(ValueError, match="smtp://") as caught:
        SmtpUrl.parse(text)

    assert "s3cret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert "s3cret" not in repr(SmtpUrl.parse("smtp://sofia:s3cret@h"))


@pytest.mark.parametrize(
    ("public_url", "sender"),
    [
        ("https://allgreen.example", "allgreen@allgreen.example"),
        ("http://localhost:8000", "allgreen@localhost"),
        ("http://127.0.0.1:8000", "allgreen@localhost"),
        ("http://[::1]:8000", "allgreen@localhost"),
        ("", "allgreen@localhost"),
    ],
)
def test_mail_comes_from_the_host_of_the_public_url(public_url: str, sender: str) -> None:
    assert default_sender(public_url).addr_spec == sender
