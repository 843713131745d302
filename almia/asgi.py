"""The ASGI application: HTTP by Django, `/ws/` by the live socket."""

from __future__ import annotations

import os
import warnings

# Whitenoise returns files as plain iterators; Django reads each on a thread, which is what we want, and warns each time.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almia.settings.tryout")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter
from channels.sessions import CookieMiddleware

from apps.core.lifespan import Lifespan
from apps.core.live.consumer import live_socket
from apps.core.live.door import Door

application = ProtocolTypeRouter(
    {
        "http": http,
        "lifespan": Lifespan(),
        "websocket": Door(CookieMiddleware(live_socket)),
    }
)
