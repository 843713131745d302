"""Production: everything that must be known is read from the environment, and a missing value stops the start."""

from __future__ import annotations

from almia import env

from .base import *  # noqa: F403

SECRET_KEY = env.text("ALMIA_SECRET_KEY")
ORIGINS = env.origins("ALMIA_ORIGINS")
BASE_URL = ORIGINS[0]
# Who is who in the audit trail: kept apart, so that a new secret key does not give everybody a new pseudonym.
AUDIT_KEY = env.text("ALMIA_AUDIT_KEY")
ALLOWED_HOSTS = env.words("ALMIA_ALLOWED_HOSTS")
DATABASES = {"default": env.database(env.text("DATABASE_URL"), pool_size=env.integer("ALMIA_DB_CONCURRENCY", 8) + 4)}
REDIS_URL = env.text("REDIS_URL")
CSRF_TRUSTED_ORIGINS = ORIGINS

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.flag("ALMIA_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("ALMIA_BEHIND_PROXY") else None
# How many proxies of ours a request passes: from there on, X-Forwarded-For tells whom to slow down.
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
EMAIL_USE_TLS = env.flag("ALMIA_EMAIL_TLS", True)
DEFAULT_FROM_EMAIL = env.text("ALMIA_EMAIL_FROM")
