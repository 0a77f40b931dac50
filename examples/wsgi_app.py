"""WSGI without a framework: gunicorn --chdir examples wsgi_app:application"""

from allgreen import mount_healthcheck


def greet(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello\n"]


application = mount_healthcheck(greet, config_path="allgood.py", application="shop", version="1.0")
