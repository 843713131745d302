"""Identity is issuer and subject: what was found by the subject alone gets the key that holds both, and nothing else is kept.

Where the claims that were kept do not say the issuer, or say the same of two people, the row is left under its old key, which nothing looks up any more: the
person is refused with the way out, and staff decide. Nothing is guessed.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import Any

from django.db import migrations

PROVIDER = "openid_connect"


def name_by_issuer(apps: Any, schema_editor: Any) -> None:
    accounts = apps.get_model("socialaccount", "SocialAccount").objects
    claimed: dict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)
    for account in accounts.order_by("date_joined", "pk"):
        kept = account.extra_data if isinstance(account.extra_data, dict) else {}
        token = kept.get("id_token") if isinstance(kept.get("id_token"), dict) else kept
        issuer, subject = token.get("iss"), token.get("sub")
        if isinstance(issuer, str) and issuer and subject == account.uid:
            claimed[issuer, subject].append((account.pk, account.user_id))
    accounts.update(extra_data={})
    for (issuer, subject), rows in claimed.items():
        if len({user for _, user in rows}) == 1:
            uid = hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()
            data = {"iss": issuer, "sub": subject}
            accounts.filter(pk=rows[0][0]).update(provider=PROVIDER, uid=uid, extra_data=data)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_signinrules_refusedsignin"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [migrations.RunPython(name_by_issuer, migrations.RunPython.noop)]
