from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed file names, for module imports too: a module imported by two scripts must be one module (the socket above all)."""

    support_js_module_import_aggregation = True
