"""ASGI without a framework: uvicorn --app-dir examples --lifespan off asgi_app:application"""

from allgreen import mount_healthcheck


async def greet(scope, receive, send):
    assert scope["type"] == "http"
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello\n"})


application = mount_healthcheck(greet, config_path="allgood.py", application="shop", version="1.0")
