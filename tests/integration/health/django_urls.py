"""The URL patterns of the program of Django."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]

from allgreen.integrations.django import health_urls


def greet(request: Any) -> HttpResponse:
    """Greet."""
    return HttpResponse(b"hello", content_type="text/plain")


urlpatterns = [path("hello", greet), *health_urls()]
