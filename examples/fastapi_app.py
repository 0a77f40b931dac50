"""FastAPI, with components for /v1/health: uvicorn --app-dir examples fastapi_app:app"""

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from allgreen import HealthChecker, mount_healthcheck
from allgreen.health.components.cache import cache
from allgreen.health.components.resilience import resilience

app = FastAPI()

checker = HealthChecker(default_timeout_ms=1000)
checker.register_check("cache", cache(memory={"greeting": "Hello"}))
checker.register_check("resilience", resilience())


@app.get("/", response_class=PlainTextResponse)
async def greet():
    return "Hello\n"


mount_healthcheck(app, config_path="allgood.py", checker=checker, application="shop", version="1.0")
