from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Organisation
from apps.accounts.organisation import ApprovedTool
from apps.accounts.organisation.enums import DataClass
from apps.core.text import visible

if TYPE_CHECKING:
    OrganisationModelForm = forms.ModelForm[Organisation]
    ToolFormSetBase = forms.BaseFormSet["ToolForm"]
else:
    OrganisationModelForm = forms.ModelForm
    ToolFormSetBase = forms.BaseFormSet

BLANK_TOOLS = 2  # empty rows for further tools; once saved, there are as many again
MOST_TOOLS = 40
TOOLS = "tools"  # the prefix of their field names
# Where the model's own label for a field would repeat the heading above it.
LABELS: dict[str, Any] = {
    "ai_desk_fr": gettext_lazy("In French"),
    "ai_desk_en": gettext_lazy("In English"),
    "dpo_fr": gettext_lazy("In French"),
    "dpo_en": gettext_lazy("In English"),
    "security_fr": gettext_lazy("In French"),
    "security_en": gettext_lazy("In English"),
    "product_health_fr": gettext_lazy("Health, in French"),
    "product_health_en": gettext_lazy("Health, in English"),
    "product_pension_fr": gettext_lazy("Pension, in French"),
    "product_pension_en": gettext_lazy("Pension, in English"),
    "product_savings_fr": gettext_lazy("Savings, in French"),
    "product_savings_en": gettext_lazy("Savings, in English"),
}
NAMES = ("name_fr", "name_en", "short_name", *LABELS)
EMAILS = ("ai_desk_email", "dpo_email", "security_email")
LINKS = ("ai_desk_url", "intranet_url", "charter_help_url")


class OrganisationForm(OrganisationModelForm):
    """What staff enter about the organisation. `seen`: the revision the page was rendered with."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Organisation
        fields = (*NAMES, "elision", *EMAILS, *LINKS)
        labels = {
            **LABELS,
            **dict.fromkeys(EMAILS, gettext_lazy("E-mail address")),
            "elision": gettext_lazy("“De” and “que” before the French name"),
            "ai_desk_url": gettext_lazy("Page"),
        }
        help_texts = {
            "name_fr": gettext_lazy("As in the middle of a sentence: “Ondine”, “la Mutuelle des Rives”, “le Groupe Hermine”."),
            "name_en": gettext_lazy("As in the middle of a sentence. If it is empty, the French name."),
            "short_name": gettext_lazy("For tables and labels. If it is empty, the name."),
            "elision": gettext_lazy("Before a silent h they are shortened, before an aspirated one they are not."),
            "ai_desk_url": gettext_lazy("It begins with https://."),
        }
        widgets = dict.fromkeys(LINKS, forms.URLInput)
        error_messages = {"name_fr": {"required": gettext_lazy("Give the organisation’s name.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name_fr"].required = True
        self.fields["elision"].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in NAMES:
            if name in data:
                data[name] = visible(data[name])
        data["elision"] = data.get("elision") or self.fields["elision"].initial
        return data

    def values(self) -> dict[str, Any]:
        """Return the fields of the organisation, as `services.change_organisation` takes them."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def compare_with(self, stored: Organisation) -> None:
        """Show beside each field what is stored now, if that differs from what was typed."""
        for name, typed in self.values().items():
            kept = getattr(stored, name)
            if kept != typed:
                shown = stored.get_elision_display() if name == "elision" else kept or _("nothing")
                self.add_error(name, _("Saved meanwhile: %(value)s") % {"value": shown})


class ToolForm(forms.Form):
    """A tool that may be used for work."""

    name = forms.CharField(label=gettext_lazy("Tool"), max_length=80, error_messages={"required": gettext_lazy("Name the tool.")})
    classes = forms.MultipleChoiceField(
        label=gettext_lazy("Data it may receive"),
        choices=DataClass,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one class.")},
    )
    note_fr = forms.CharField(label=gettext_lazy("Note, in French"), max_length=200, required=False)
    note_en = forms.CharField(label=gettext_lazy("Note, in English"), max_length=200, required=False)

    def clean_name(self) -> str:
        name = visible(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(self.fields["name"].error_messages["required"], code="required")
        return name


class ToolFormSetClass(ToolFormSetBase):
    deletion_widget = forms.CheckboxInput

    def add_fields(self, form: ToolForm, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = gettext_lazy("Remove this tool")

    def values(self) -> list[dict[str, Any]]:
        """Return the tools in the form of `Organisation.approved_tools`."""
        kept = (form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE"))
        return [
            ApprovedTool(
                name=tool["name"],
                classes=tuple(data_class for data_class in DataClass if data_class.value in tool["classes"]),
                note_fr=visible(tool["note_fr"]),
                note_en=visible(tool["note_en"]),
            ).to_json()
            for tool in kept
        ]

    @classmethod
    def compared_with(cls, stored: Organisation, typed: list[dict[str, Any]]) -> tuple[ToolFormSetClass, list[ApprovedTool]]:
        """Return rows for what was typed and for stored tools that appear in none of them; and the tools that are stored now, if
        these are different."""
        if stored.approved_tools == typed:
            return ToolFormSet(initial=typed, prefix=TOOLS), []
        names = {tool["name"].casefold() for tool in typed}
        others = [tool for tool in stored.approved_tools if tool["name"].casefold() not in names]
        return ToolFormSet(initial=[*typed, *others], prefix=TOOLS), list(stored.tools)


ToolFormSet: Any = forms.formset_factory(
    ToolForm,
    formset=ToolFormSetClass,
    extra=BLANK_TOOLS,
    can_delete=True,
    can_delete_extra=False,
    max_num=MOST_TOOLS,
    absolute_max=MOST_TOOLS + BLANK_TOOLS,
    validate_max=True,
)
