from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.refusals import refusals_on

from .addresses import check_base_url
from .calls import fits_header
from .enums import VersionStatus
from .models import Alias, Model, ModelVersion, Provider

PERIODS = (7, 30, 90)
USUAL_PERIOD = 30

if TYPE_CHECKING:  # generic for the type checker only
    ProviderModelForm = forms.ModelForm[Provider]
    ModelModelForm = forms.ModelForm[Model]
    VersionModelForm = forms.ModelForm[ModelVersion]
    VersionChoiceField = forms.ModelChoiceField[ModelVersion]
else:
    ProviderModelForm = ModelModelForm = VersionModelForm = forms.ModelForm
    VersionChoiceField = forms.ModelChoiceField


def _day() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Why?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        help_text=_("It is kept in the audit trail."),
        error_messages={"required": _("Say why. It is kept in the audit trail.")},
    )


class ProviderForm(ProviderModelForm):
    """A provider. The key goes in and never comes out: an empty field keeps the current one."""

    api_key = forms.CharField(
        label=_("API key"),
        max_length=2000,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    forget_key = forms.BooleanField(label=_("Forget the present key"), required=False)

    class Meta:
        model = Provider
        fields = (
            "name",
            "base_url",
            "allow_plain_http",
            "enabled",
            "reports_usage",
            "token_limit",
            "first_timeout",
            "idle_timeout",
            "total_timeout",
            "max_answer_kib",
        )
        help_texts = {
            "base_url": _("Up to and including the version, for example https://api.mistral.ai/v1."),
            "allow_plain_http": _("Only for a host inside the company’s network: what people write would travel in clear."),
            "enabled": _("Switched off, none of its models can be called."),
            "reports_usage": _("Nearly all do. Where they do not, tokens are estimated."),
            "token_limit": _("Recent OpenAI models want max_completion_tokens; the others max_tokens."),
            "total_timeout": _("At least as long as the two others."),
            "max_answer_kib": _("All that the provider may send for one."),
        }
        error_messages = {"name": {"unique": _("There is a provider of this name already.")}}
        widgets = {
            "base_url": forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
            "allow_plain_http": forms.CheckboxInput(attrs={"role": "switch"}),
            "enabled": forms.CheckboxInput(attrs={"role": "switch"}),
            "reports_usage": forms.CheckboxInput(attrs={"role": "switch"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provider = self.instance
        if provider.is_managed:
            for name in ("base_url", "allow_plain_http", "api_key", "forget_key"):
                del self.fields[name]
            return
        if provider.has_key:
            self.fields["api_key"].help_text = _("A key is kept (%(hint)s). Leave empty to keep it.") % {
                "hint": provider.key_hint
            }
        else:
            del self.fields["forget_key"]
            self.fields["api_key"].help_text = _("Stored encrypted; nobody can read it here afterwards.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("base_url"):
            with refusals_on(self):
                data["base_url"] = check_base_url(data["base_url"], allow_plain_http=bool(data.get("allow_plain_http")))
        total = data.get("total_timeout")
        for name in ("first_timeout", "idle_timeout"):
            if total and data.get(name) and data[name] > total:
                self.add_error(name, _("This is longer than a whole answer may take."))
        if not fits_header(data.get("api_key", "")):
            self.add_error("api_key", _("No key has accents, typographic signs or line breaks. Copy it again."))
        if data.get("forget_key") and data.get("api_key"):
            self.add_error("api_key", _("Either a new key or none: not both."))
        return data


class ModelForm(ModelModelForm):
    class Meta:
        model = Model
        fields = ("name", "publisher")
        error_messages = {"name": {"unique": _("There is a model of this name already.")}}


class VersionForm(VersionModelForm):
    """The description and prices of a version. A new one names its model too."""

    model_name = forms.CharField(
        label=_("Model"),
        max_length=80,
        help_text=_("An existing name adds a version to that model."),
        widget=forms.TextInput(attrs={"list": "model-names", "autocomplete": "off"}),
    )
    publisher = forms.CharField(label=_("Publisher"), max_length=80, required=False, help_text=_("For a new model."))

    class Meta:
        model = ModelVersion
        fields = (
            "provider",
            "upstream_name",
            "label",
            "released_on",
            "context_window",
            "max_output_tokens",
            "price_in",
            "price_out",
            "currency",
            "note_fr",
            "note_en",
        )
        help_texts = {
            "provider": _("Where it runs."),
            "upstream_name": _("Exactly as the provider’s documentation writes it."),
            "label": _("What people see beside the model’s name, for example v3."),
            "released_on": _("Set by itself when it is put in service."),
            "context_window": _("Longer conversations are shortened to it."),
            "max_output_tokens": _("Empty: as long as the provider allows."),
            "note_fr": _("One line for those who choose a model."),
            "note_en": _("The same, in English."),
        }
        widgets = {"released_on": _day(), "upstream_name": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].empty_label = _("Choose a provider")  # type: ignore[attr-defined]
        for name in ("price_in", "price_out"):
            if name in self.initial:
                self.initial[name] = format(self.initial[name].normalize(), "f")  # 2, not 2.000000
        if not self.instance._state.adding:
            del self.fields["model_name"], self.fields["publisher"]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        released, deprecated = data.get("released_on"), self.instance.deprecated_on
        if released and deprecated and released > deprecated:
            self.add_error("released_on", _("A version cannot be phased out before it is released."))
        window, longest = data.get("context_window"), data.get("max_output_tokens")
        if window and longest and longest >= window:
            self.add_error("max_output_tokens", _("The question must fit in the context window too."))
        return data


class StatusForm(forms.Form):
    """Which status a version gets next, and why."""

    status = forms.ChoiceField(label=_("Status"), choices=VersionStatus.choices)
    deprecated_on = forms.DateField(label=_("Phased out from"), required=False, widget=_day(), help_text=_("Empty: today."))
    retires_on = forms.DateField(
        label=_("Refused from"),
        required=False,
        widget=_day(),
        help_text=_("The day on which the provider stops it."),
    )
    reason = _reason()


class _VersionChoice(VersionChoiceField):
    def label_from_instance(self, obj: ModelVersion) -> str:
        return f"{obj} ({obj.provider})"


class AliasForm(forms.Form):
    """A name that stays while the version behind it changes."""

    code = forms.CharField(
        label=_("Code"),
        max_length=50,
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Small letters, figures and hyphens only."))],
        help_text=_("What programs call it, for example almia-fast. It cannot be changed later."),
    )
    label = forms.CharField(label=_("Label"), max_length=80, help_text=_("What people see."))
    order = forms.IntegerField(label=_("Place in the list"), min_value=0, max_value=1000, initial=100)
    target = _VersionChoice(ModelVersion.objects.none(), label=_("Version"), empty_label=_("Choose a version"))
    reason = _reason()

    def __init__(self, *args: Any, alias: Alias | None, versions: QuerySet[ModelVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].queryset = versions  # type: ignore[attr-defined]
        if alias is not None:
            del self.fields["code"]
            self.initial = {"label": alias.label, "order": alias.order, "target": alias.target_id}


class PeriodForm(forms.Form):
    """How far back the figures go."""

    days = forms.ChoiceField(choices=[(str(days), str(days)) for days in PERIODS], required=False)

    @property
    def chosen(self) -> int:
        """The number of days chosen; the default for anything that is not a choice."""
        return int(self.cleaned_data["days"] or USUAL_PERIOD) if self.is_valid() else USUAL_PERIOD
