"""Makes Django's settings from those of the process, and sets Django up."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stream_app.errors import ConfigError
from stream_app.extras import extra_missing, import_extra
from stream_app.settings import Settings
from stream_app.web_app.host.database import database_of
from stream_app.web_app.host.secret_key import secret_key

_HERE = "stream_app.web_app"
_SESSION_S = 8 * 3600
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def configure(settings: Settings, urls: str = f"{_HERE}.routes") -> None:
    """Set Django up in this process, once.

    Args:
        settings: Those of the process.
        urls: Module that lists the addresses.

    Raises:
        ConfigError: a setting is invalid.
        DependencyMissingError: the extra ``web`` is not installed.
        WriteError: the state folder cannot be written.
    """
    for module in ("django", "uvicorn", "axes"):
        import_extra(module, "The web application")
    if find_spec("ninja") is None:  # which can be imported only after Django is set up
        raise extra_missing("ninja", "The web application")
    for module in ("mozilla_django_oidc", "jwt") if settings.oidc_issuer else ():
        import_extra(module, "Login by a provider")
    from django import setup  # noqa: PLC0415  # of the extra
    from django.conf import settings as django_settings  # noqa: PLC0415  # of the extra

    if not django_settings.configured:
        django_settings.configure(**django_options(settings) | {"ROOT_URLCONF": urls})
        setup()


def django_options(settings: Settings) -> dict[str, Any]:
    """Return Django's settings.

    Raises:
        ConfigError: a setting is invalid.
    """
    public = _public_address(settings.web_url)
    is_tls = public.startswith("https://")
    host = urlsplit(public).hostname
    return {
        "ALLOWED_HOSTS": [*_LOOPBACK, *([f"[{host}]" if ":" in host else host] if host else [])],
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend",
            "django.contrib.auth.backends.ModelBackend",
            *([f"{_HERE}.oidc.backend.OidcBackend"] if settings.oidc_issuer else []),
        ],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
            for name, options in (
                ("UserAttributeSimilarityValidator", {}),
                ("MinimumLengthValidator", {"min_length": 12}),
                ("CommonPasswordValidator", {}),
            )
        ],
        "AXES_COOLOFF_TIME": 0.25,  # hours
        "AXES_FAILURE_LIMIT": 5,
        "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
        "AXES_LOCKOUT_TEMPLATE": "locked.html",
        "AXES_RESET_ON_SUCCESS": True,
        "AXES_WHITELIST_CALLABLE": f"{_HERE}.accounts.access.has_no_password",
        "AXES_VERBOSE": False,  # its log lines name people
        "AXES_DISABLE_ACCESS_LOG": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_SECURE": is_tls,
        "CSRF_FAILURE_VIEW": f"{_HERE}.pages.errors.csrf_failed",
        "CSRF_TRUSTED_ORIGINS": [public] if is_tls else [],
        "DATABASES": {"default": database_of(settings)},
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 65_536,
        "DEBUG": False,
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "FAIRSTREAM": settings,
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "axes",
            f"{_HERE}.accounts",
            f"{_HERE}.cases",
            f"{_HERE}.policies",
            f"{_HERE}.projection",
            f"{_HERE}.pages",
            f"{_HERE}.demo",
            f"{_HERE}.api",
            f"{_HERE}.oidc",
        ],
        "LANGUAGE_CODE": "en-us",
        "LOGGING_CONFIG": None,  # the process has its own log
        "LOGIN_REDIRECT_URL": "overview",
        "LOGIN_URL": "login",
        "LOGOUT_REDIRECT_URL": "login",
        "MIDDLEWARE": [
            f"{_HERE}.host.headers.SecurityHeaders",
            f"{_HERE}.api.access.gate.Gate",
            f"{_HERE}.pages.errors.DatabaseFaults",
            "django.middleware.common.CommonMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "axes.middleware.AxesMiddleware",
        ],
        "SECRET_KEY": secret_key(Path(settings.state_dir)),
        "SESSION_COOKIE_AGE": _SESSION_S,
        "SESSION_COOKIE_NAME": "__Host-fairstream" if is_tls else "fairstream",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": is_tls,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "SILENCED_SYSTEM_CHECKS": [],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        f"{_HERE}.pages.page.versions",
                        f"{_HERE}.demo.running.link",
                        f"{_HERE}.pages.parts.navigation.navigation",
                        *([f"{_HERE}.oidc.client.link"] if settings.oidc_issuer else []),
                    ]
                },
            }
        ],
        "TIME_ZONE": "UTC",
        "USE_I18N": False,
        "USE_TZ": True,
    }


def _public_address(url: str | None) -> str:
    """Return ``scheme://host[:port]`` of the address under which people reach the pages; empty without one.

    Raises:
        ConfigError: it is not such an address.
    """
    if url is None:
        return ""
    try:
        address = urlsplit(url)
        is_valid = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        is_valid = False
    if not is_valid or address.path not in ("", "/") or address.query or address.fragment or "@" in address.netloc:
        raise ConfigError("Invalid FAIRSTREAM_WEB_URL", action="Expected https://HOST or https://HOST:PORT")
    return f"{address.scheme}://{address.netloc}"
