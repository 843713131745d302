"""What the demo world's insurer is called, whom to ask there, and which tools it has approved. None of it exists."""

from __future__ import annotations

from .organisation import Organisation, forget
from .organisation.enums import DataClass
from .organisation.model import ApprovedTool

PUBLIC, INTERNAL, CONFIDENTIAL = DataClass.PUBLIC, DataClass.INTERNAL, DataClass.CONFIDENTIAL
TOOLS = (
    ApprovedTool(
        "Almia",
        (PUBLIC, INTERNAL, CONFIDENTIAL),
        "Confidentiel : si la tâche l’exige, réduit au nécessaire.",
        "Confidential: if your task requires it, cut down to what is needed.",
    ),
    ApprovedTool(
        "Tradelis", (PUBLIC,), "Traducteur public, sans compte personnel.", "A public translator, without a personal account."
    ),
)
ALCYON = {
    "name_fr": "Alcyon",
    "name_en": "Alcyon",
    "short_name": "Alcyon",
    "ai_desk_fr": "le guichet IA",
    "ai_desk_en": "the AI desk",
    "ai_desk_email": "ai-desk@alcyon.example",
    "ai_desk_url": "https://intranet.alcyon.example/ia",
    "dpo_fr": "la DPO",
    "dpo_en": "the DPO",
    "dpo_email": "dpo@alcyon.example",
    "security_fr": "la sécurité",
    "security_en": "the security desk",
    "security_email": "security@alcyon.example",
    "product_health_fr": "Horizon",
    "product_health_en": "Horizon",
    "product_pension_fr": "Sérénité",
    "product_pension_en": "Sérénité",
    "product_savings_fr": "Cap Épargne",
    "product_savings_en": "Cap Épargne",
    "intranet_url": "https://intranet.alcyon.example",
    "charter_help_url": "https://intranet.alcyon.example/ia/charte",
}


def load_organisation() -> None:
    """Name the demo's insurer, if nobody has entered anything yet."""
    tools = [tool.to_json() for tool in TOOLS]
    Organisation.objects.get_or_create(pk=1, defaults={**ALCYON, "approved_tools": tools})
    forget()
