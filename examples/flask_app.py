"""Flask: flask --app examples/flask_app run"""

from flask import Flask

from allgreen import mount_healthcheck

app = Flask(__name__)


@app.get("/")
def greet():
    return "Hello\n"


mount_healthcheck(app, config_path="allgood.py", application="shop", version="1.0")
