from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "apps.chat"
    verbose_name = _("Chat")

    def ready(self) -> None:
        from apps.access import capabilities, home
        from apps.accounts import scopes
        from apps.core import api, navigation, past, search

        from . import cards, words
        from .past import write_conversations
        from .search import find_conversations

        api.declare("apps.chat.api")
        scopes.declare("chat", _("Read your conversations"))
        capabilities.declare("chat.use", _("Chat with the AI"))
        home.declare(
            home.Product(
                "chat.use",
                step=_("Chat with the AI"),
                order=10,
                words=words,
                unset=_("Chat is not open yet"),
                lead=_("What are you working on?"),
            )
        )
        home.show(
            home.Card("chat/_home_composer.html", cards.composer, capability="chat.use", order=10, wide=True, styles=("chat",))
        )
        home.show(home.Card("chat/_home_recent.html", cards.recent, capability="chat.use", order=10))
        navigation.declare(
            navigation.Place(
                label=_("Chat"),
                icon="sparkles",
                url_name="chat:new",
                order=30,
                capability="chat.use",
                active_under=("chat",),
                bar=3,
            )
        )
        past.declare(past.Chapter("conversations", write_conversations, order=50))
        search.declare(search.Source("conversations", _("Your conversations"), find_conversations, order=20, when_empty=True))
