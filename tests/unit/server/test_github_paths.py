"""Where people go on to after signing in: to a place of ours, whatever a link says."""

from __future__ import annotations

import pytest

from allgreen.server.github.paths import read_next


@pytest.mark.parametrize(
    "path", ["/", "/workspaces/w1?open=s1", "/settings#in", "/u/ana%20b", "/a/b.c", "/?q=%C3%A9"]
)
def test_a_place_of_ours_is_kept(path: str) -> None:
    assert read_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "HTTPS://evil.example",
        "evil.example",
        "%2f%2fevil.example",
        "/%2fevil.example",
        "/%2Fevil.example",
        "/%5cevil.example",
        "/\t/evil.example",
        "/%09/evil.example",
        "/\n/evil.example",
        "/%0a/evil.example",
        "/%0d%0aLocation: https://evil.example",
        "/\r\nLocation: https://evil.example",
        "\t//evil.example",
        " //evil.example",
        "/ /evil.example",
        "/\x7f/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\u2044evil.example",
        "/\u3002evil.example",
        "/\ud800",
        "/api/v1/session",
        "/auth/github/start",
        "/" + "x" * 600,
        "",
        None,
    ],
)
def test_every_other_place_is_the_start(path: str | None) -> None:
    assert read_next(path) == "/"
