"""Production: everything an operator must decide is read from the environment, and a missing value stops the start."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from almia import env

from .base import *  # noqa: F403
from .base import DB_CONCURRENCY

SECRET_KEY = env.secret("ALMIA_SECRET_KEY", shortest=50)
ORIGINS = env.origins("ALMIA_ORIGINS")
BASE_URL = ORIGINS[0]
# The key to who is who in the audit trail: separate, so that a new secret key does not give everybody a new pseudonym.
AUDIT_KEY = env.secret("ALMIA_AUDIT_KEY", shortest=32)
if AUDIT_KEY == SECRET_KEY:
    raise ImproperlyConfigured("ALMIA_AUDIT_KEY must not be ALMIA_SECRET_KEY: one of them is changed one day, the other never.")
ALLOWED_HOSTS = env.words("ALMIA_ALLOWED_HOSTS")
if "*" in ALLOWED_HOSTS:
    # E-mails with links contain the host that a request names.
    raise ImproperlyConfigured(
        "ALMIA_ALLOWED_HOSTS must name hosts: with “*”, visitors put theirs into the links of our letters."
    )
if plain := [origin for origin in ORIGINS if not origin.startswith("https://")]:
    raise ImproperlyConfigured(f"ALMIA_ORIGINS: {plain[0]!r} is not https://, where sessions would travel in clear.")
DATABASES = {"default": env.database(env.text("DATABASE_URL"), pool_size=DB_CONCURRENCY + 4)}
REDIS_URL = env.text("REDIS_URL")
CSRF_TRUSTED_ORIGINS = ORIGINS

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.flag("ALMIA_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("ALMIA_BEHIND_PROXY") else None
# How many proxies of ours a request passes: beyond them, X-Forwarded-For says whom to throttle.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("ALMIA_PROXY_COUNT", 1 if SECURE_PROXY_SSL_HEADER else 0)
SECURE_HSTS_SECONDS = env.integer("ALMIA_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# The browsers' preload list is a decision about the whole company's domain, not about this portal.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("ALMIA_EMAIL_HOST")
EMAIL_PORT = env.integer("ALMIA_EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("ALMIA_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("ALMIA_EMAIL_PASSWORD", "")
EMAIL_TIMEOUT = 15  # seconds; if a server takes longer, the outbox tries again
EMAIL_USE_TLS = env.flag("ALMIA_EMAIL_TLS", True)
DEFAULT_FROM_EMAIL = env.text("ALMIA_EMAIL_FROM")
