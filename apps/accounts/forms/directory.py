from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.accounts.directory import Kind, kind_of
from apps.accounts.directory.model import DirectoryEntry, check_code, check_name
from apps.accounts.models import Entity
from apps.core.text import visible

from .model_fields import field_of
from .staff import ModelChoice, ReasonForm

MOST_CHOICES = 300


class NameField(forms.CharField):
    """A name without invisible characters."""

    default_validators = [check_name]

    def to_python(self, value: Any) -> str:
        return visible(super().to_python(value) or "")


class CodeField(forms.SlugField):
    """A code, in the form that files accept too."""

    default_validators = [check_code]


class EntryChoice(ModelChoice):
    """One of the entries of a list: chosen from them or, if the list is long, given by its code."""

    def __init__(self, kind: Kind, entries: Any, *, label: Any, required: bool, empty_label: str | None = "—") -> None:
        super().__init__(entries, label=label, required=required, to_field_name="code", empty_label=empty_label)
        self.error_messages["invalid_choice"] = _("There is no open entry of this code.")
        if entries.count() > MOST_CHOICES:
            self.widget = forms.TextInput()
            self.help_text = _("Its code, as the list shows it.")

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.code})"

    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, DirectoryEntry) else super().prepare_value(value)


class EntryForm(forms.Form):
    """What staff enter for an entry: its code, its names, and what an entity belongs to."""

    def __init__(self, kind: Kind, *args: Any, entry: Any = None, **kwargs: Any) -> None:
        if entry is not None:
            kwargs["initial"] = {name: getattr(entry, name) for name in kind.columns}
        super().__init__(*args, **kwargs)
        self.fields["code"] = field_of(
            kind.model,
            "code",
            form_class=CodeField,
            help_text=_("As files and your company’s sign-in name it: letters without accents, digits, “-” and “_”."),
        )
        for name in kind.model.NAMES:
            self.fields[name] = field_of(kind.model, name, form_class=NameField)
        if kind.is_tree:
            above = Entity.objects.open()
            if entry is not None:
                # The entity it belongs to stays a choice even if that one was closed meanwhile.
                above = (above | Entity.objects.filter(pk=entry.parent_id)).exclude(pk=entry.pk)
            label = capfirst(Entity._meta.get_field("parent").verbose_name)
            self.fields["parent"] = EntryChoice(kind, above, label=label, required=False)

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class MergeForm(ReasonForm):
    """Which other entry to merge into, and why."""

    field_order = ["into", "reason"]

    def __init__(self, entry: DirectoryEntry, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = type(entry)._default_manager.open().exclude(pk=entry.pk)
        self.fields["into"] = EntryChoice(kind_of(entry), others, label=_("Merge into"), required=True, empty_label="")
        self.order_fields(self.field_order)


class TableForm(forms.Form):
    file = forms.FileField(
        label=_("File (CSV, TSV or XLSX)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
    )
