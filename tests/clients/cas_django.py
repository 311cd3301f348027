"""A Django app with django-cas-ng, in one file. Its CAS settings are those of docs/cas-apps.md, handed over in ``SETTINGS``."""

import os
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

documented = {
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages"],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
}
exec(os.environ["SETTINGS"], documented)
settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "django.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    LOGIN_URL="/accounts/login",
    CAS_LOGIN_MSG=None,
    CAS_REDIRECT_URL="/",
    **{name: value for name, value in documented.items() if name.isupper()},
)
django.setup()

from django.contrib.auth.decorators import login_required  # noqa: E402 - needs the settings
from django_cas_ng.views import LoginView, LogoutView  # noqa: E402


@login_required
def secret(request):
    return HttpResponse(f"<p id=user>{request.user.get_username()} {request.user.first_name}</p>")


urlpatterns = [
    path("accounts/login", LoginView.as_view(), name="cas_ng_login"),
    path("accounts/logout", LogoutView.as_view(), name="cas_ng_logout"),
    path("alive", lambda _request: HttpResponse("alive")),
    path("", secret),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    make_server("localhost", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet).serve_forever()
