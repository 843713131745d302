from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "apps.chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        from apps.access import capabilities
        from apps.accounts import scopes
        from apps.core import api, navigation, search

        from . import runs  # noqa: F401  registers its lifespan hooks
        from .search import find_conversations

        api.declare("apps.chat.api")
        scopes.declare("chat", _("Read your conversations"))
        capabilities.declare("chat.use", _("Chat with the AI"))
        navigation.declare(
            navigation.Place(
                label=_("Chat"),
                icon="sparkles",
                url_name="chat:new",
                order=30,
                capability="chat.use",
                active_under=("chat",),
            )
        )
        search.declare(search.Source("conversations", _("Your conversations"), find_conversations, order=20, when_empty=True))
