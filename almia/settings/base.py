"""What every Almia has in common. Nothing here is a secret and nothing here is insecure."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from almia import env
from apps.core import catalogues

from .sign_in import *  # noqa: F403
from .sign_in import OIDC_ORIGINS

BASE_DIR = Path(__file__).resolve().parents[2]
HOME = Path(env.text("ALMIA_HOME", str(BASE_DIR / "var"))).resolve()

DEBUG = False
TRYOUT = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "channels",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "apps.core",
    "apps.accounts",
    "apps.access",
    "apps.gateway",
    "apps.learning",
    "apps.chat",
    "apps.portal",
    "apps.api",
    "apps.server",
]

MIDDLEWARE = [
    "apps.core.middleware.BrowserPolicyMiddleware",
    "apps.portal.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.middleware.WellFormedTextMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Before the check of the form's token: somebody signed out is led to sign in, and not told that the page is out of date.
    "apps.accounts.middleware.SignInRequiredMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.accounts.middleware.WayBackMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.middleware.PreferencesMiddleware",
    "apps.accounts.middleware.PersonalPagesMiddleware",
    "apps.accounts.middleware.SentMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "almia.urls"
ASGI_APPLICATION = "almia.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.context.portal",
                "apps.accounts.context.preferences",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "apps.core.templatetags.ui"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Sign-in -------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.portal.errors.csrf_failed"
SESSION_COOKIE_AGE = 60 * 60 * 12

# Languages -----------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
FORMAT_MODULE_PATH = ["almia.formats"]
# Named one by one: translations that only an app itself provides come after the libraries' catalogues.
LOCALE_PATHS = catalogues.folders(BASE_DIR)
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("ALMIA_TIME_ZONE", "Europe/Paris")

# Files ---------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("ALMIA_STATIC_ROOT", str(HOME / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "apps.core.storage.StaticStorage"},
}
WHITENOISE_USE_FINDERS = False
MEDIA_ROOT = HOME / "media"
CONTENT_DIR = BASE_DIR / "content"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Browser-side safety -------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *OIDC_ORIGINS],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Database, tasks, socket ---------------------------------------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{HOME}/almia.sqlite3")
# SQLite lets one write at a time: more threads would only wait for it, and for each other.
DB_CONCURRENCY = env.integer("ALMIA_DB_CONCURRENCY", 3 if DATABASE_URL.startswith("sqlite:") else 8)
DATABASES = {"default": env.database(DATABASE_URL, pool_size=DB_CONCURRENCY + 4)}
REDIS_URL = env.text("REDIS_URL", "")

REDIS_BROKER_OPTIONS: dict[str, float] = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 0,  # a page is waiting; the outbox tries again later
}
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}}
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_BROKER_OPTIONS
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.1}

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600  # far below the visibility timeout: a running task is never delivered twice
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_PUBLISH_RETRY = False  # the outbox retries
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# REST ----------------------------------------------------------------------------------------------------------------
API_RATE = env.text("ALMIA_API_RATE", "120/min")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.TokenAuthentication",
        "apps.accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "apps.accounts.api.permissions.HasScopes",
        "apps.access.api.permissions.HasCapability",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.api.throttling.PersonThrottle"],
    "DEFAULT_THROTTLE_RATES": {"person": API_RATE},
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.core.api.negotiation.JsonNegotiation",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.JsonParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.Pages",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.Schema",
    "EXCEPTION_HANDLER": "apps.core.api.problems.handle",
    "PAGE_SIZE": 25,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Almia",
    "VERSION": "1.0",
    "DESCRIPTION": _(
        "What you do in the portal, for your own programs. Everything speaks JSON; every error is a problem detail."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_PATCH": False,  # a title that is changed must be given: it is not optional just because the method is PATCH
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "apps.core.api.schema.add_problems"],
}

# Almia ---------------------------------------------------------------------------------------------------------------
KEY_PROVIDER = env.text("ALMIA_KEY_PROVIDER", "local")
KEY_FILE = Path(env.text("ALMIA_KEY_FILE", str(HOME / "keys" / "kek.json")))
KEY_FILE_MAY_BE_CREATED = False  # only the try-out generates its own key; elsewhere a missing key must stop the start
REGISTRY_SECONDS = 2  # how long a process may use what it has read of providers, versions and aliases
# A provider of models without the staff area: registered by `manage.py sync_providers`.
PROVIDER_NAME = env.text("ALMIA_PROVIDER_NAME", "Default provider")
PROVIDER_URL = env.text("ALMIA_PROVIDER_URL", "")
PROVIDER_KEY = env.text("ALMIA_PROVIDER_KEY", "")
PROVIDER_MODEL = env.text("ALMIA_PROVIDER_MODEL", "")
TERMINAL_LANGUAGE = env.terminal_language()  # of the person who starts Almia by hand
SUPPORT_EMAIL = env.text("ALMIA_SUPPORT_EMAIL", "")  # until staff have entered the AI desk's address
ORGANISATION_SECONDS = 2  # how long a process may use what it has read of the organisation

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "almia.logs.Line", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("ALMIA_LOG_LEVEL", "WARNING")},
    "loggers": {"almia": {"level": "INFO"}},
}
