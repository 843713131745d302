"""The staff pages about models. Each checks the permission itself."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required

may_manage = permission_required("gateway.manage_models", raise_exception=True)
