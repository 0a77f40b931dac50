"""Django in one file: python -m django runserver --pythonpath examples --settings django_project"""

import sys
from pathlib import Path

from django.http import HttpResponse
from django.urls import path

from allgreen import mount_healthcheck

BASE_DIR = Path(__file__).parent
SECRET_KEY = "an example has no secrets"
ALLOWED_HOSTS = [".example"]
ROOT_URLCONF = __name__
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]


def greet(request):
    return HttpResponse("Hello\n", content_type="text/plain")


urlpatterns = [path("", greet)]

mount_healthcheck(
    sys.modules[__name__], config_path="allgood.py", application="shop", version="1.0"
)
