from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .models import Training


def end_of(day: date) -> datetime:
    """Return the last moment of `day` in the portal's time zone: what is valid until a day is still valid on that day."""
    return timezone.make_aware(datetime.combine(day, time.max))


def _day(**attributes: str) -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **attributes})


class CharterForm(forms.Form):
    """The signature: which version was read, what it said (`queries.ShownCharter.digest`), and that it was read."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    digest = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    read = forms.BooleanField(
        label=_("I have read the charter and I undertake to follow it."),
        error_messages={"required": _("Tick the box to sign.")},
    )


class AskForm(forms.Form):
    """Something that a capability should ask for: a training at a version, or the charter."""

    CHARTER = "charter"

    what = forms.ChoiceField(label=_("Ask for"))
    min_major = forms.IntegerField(
        label=_("From version"), min_value=1, max_value=32_767, initial=1, help_text=_("Earlier versions no longer count.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trainings = {training.code: training for training in Training.objects.all()}
        choices = [(code, training.title) for code, training in self.trainings.items()]
        self.fields["what"].choices = [*choices, (self.CHARTER, _("The AI charter, signed"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        training = self.trainings.get(data.get("what", ""))
        if training is not None and data.get("min_major", 1) > training.current_major:
            self.add_error("min_major", _("There is no such version yet: nobody could meet it."))
        return data

    @property
    def training(self) -> Training | None:
        """The training chosen; None for the charter."""
        return self.trainings.get(self.cleaned_data["what"])


class AwardForm(forms.Form):
    """A proof entered by staff."""

    training = forms.ModelChoiceField(Training.objects.all(), label=_("Training"), empty_label=None)
    major = forms.IntegerField(
        label=_("Version"), min_value=1, max_value=32_767, required=False, help_text=_("Empty: the present one.")
    )
    evidence = forms.CharField(
        label=_("What proves it?"), max_length=120, help_text=_("For example: session of 12 March, attendance list 4711.")
    )
    until = forms.DateField(label=_("Valid until"), required=False, widget=_day(), help_text=_("Empty: without end."))

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until is not None and until < timezone.localdate():
            raise ValidationError(_("Choose a date to come."))
        return until

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        training, major = data.get("training"), data.get("major")
        if training is not None:
            if major and major > training.current_major:
                self.add_error("major", _("This version does not exist yet."))
            data["major"] = major or training.current_major
        return data


class WaiverForm(forms.Form):
    """Excusing somebody from a training for a time."""

    training = forms.ModelChoiceField(Training.objects.all(), label=_("Training"), empty_label=None)
    until = forms.DateField(label=_("Until"), widget=_day())
    reason = forms.CharField(
        label=_("Why?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("It is kept, and the person sees it."),
        error_messages={"required": _("Say why this person is exempt.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("until", timezone.localdate() + timedelta(days=90))

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < timezone.localdate():
            raise ValidationError(_("Choose a date to come."))
        return until


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("It is kept in the audit trail, and the person sees it."),
        error_messages={"required": _("Say why.")},
    )
