"""What a browser needs to install Allgreen, and to be honest without it: served right, and no more."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from allgreen.server.app import create_app
from allgreen.server.platform import Platform
from tests.api import person_of

pytestmark = pytest.mark.anyio

WEB = Path(__file__).parents[3] / "web"
WORKER = (WEB / "offline/sw.js").read_text(encoding="utf-8")
KEPT = [
    "/offline.html",
    *re.findall(r'"(/[^"]+)"', WORKER.partition("const FILES")[2].partition("]")[0]),
]


@pytest.fixture
async def visitor(platform: Platform, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a session, where the front end is built."""
    bundle = tmp_path / "bundle"
    shutil.copytree(WEB / "public", bundle)
    (bundle / "index.html").write_text("<!doctype html>")
    (bundle / "sw.js").write_text(WORKER)
    async with person_of(create_app(platform, bundle=bundle)) as client:
        yield client


async def test_the_manifest_and_its_icons(visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get("/manifest.webmanifest")

    assert answer.headers["content-type"] == "application/manifest+json"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-encoding"] == "gzip"
    for icon in json.loads(answer.content)["icons"]:
        sent = await visitor.get(icon["src"])
        assert sent.headers["content-type"].split(";")[0] == icon["type"]
        assert sent.headers["x-content-type-options"] == "nosniff"


async def test_the_worker_is_asked_for_anew_and_allowed(visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get("/sw.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy
    assert "trusted-types allgreen-sw" in policy


async def test_what_is_kept_is_the_same_for_everybody(visitor: httpx2.AsyncClient) -> None:
    assert len(KEPT) == len(set(KEPT)) == 5
    for path in KEPT:
        answer = await visitor.get(path)
        assert answer.status_code == 200, path
        assert "set-cookie" not in answer.headers
        assert "cookie" not in answer.headers["vary"].lower(), path
        assert not path.startswith("/api/")


def test_all_that_the_offline_page_is_drawn_with_is_kept() -> None:
    page = (WEB / "public/offline.html").read_text(encoding="utf-8")

    assert {"/offline.html", *re.findall(r'(?:src|href)="([^"]+)"', page)} == set(KEPT)
    assert "<style" not in page
    assert "style=" not in page
