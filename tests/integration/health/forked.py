"""A program that has run its checks before its server forks."""

from __future__ import annotations

import asyncio
import os
import threading

from allgreen.domain.report import Detail
from allgreen.domain.status import SystemHealthStatus
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.wsgi import WsgiHealth
from tests.integration.health.mounts import greet_wsgi
from tests.scripted_runner import report_of


class Components:
    """Components that are well."""

    async def check_all_components(self) -> SystemHealthStatus:
        """Say so."""
        await asyncio.sleep(0)
        return SystemHealthStatus.of([], report_of().made_at)


def make_registry() -> CheckRegistry:
    """Make checks of both kinds that say in which process they run, and one that hangs."""
    registry = CheckRegistry()
    for_ever = threading.Event()

    @registry.check("It runs in a thread", tags=["ready"])
    def in_thread() -> tuple[bool, str]:
        return True, f"process {os.getpid()}"

    @registry.check("It runs on a loop", tags=["ready"])
    async def on_loop() -> tuple[bool, str]:
        await asyncio.sleep(0)
        return True, f"process {os.getpid()}"

    @registry.check("It hangs", tags=["hanging"], timeout=0.05)
    def hanging() -> None:
        for_ever.wait()

    return registry


def make_forked() -> WsgiHealth:
    """Make a program whose threads and loops are alive, and one of them stuck, before the fork."""
    options = EndpointOptions(
        environment="production", access=Access(networks={"127.0.0.1": Detail.FULL})
    )
    runner = CheckRunner(make_registry(), RunOptions(keep_good_for_s=0, keep_bad_for_s=0))
    endpoint = HealthEndpoint(runner, options, components=Components())
    for path in ("/healthcheck", "/v1/health"):
        endpoint.respond(Request("GET", path))
    return WsgiHealth(greet_wsgi, endpoint)
