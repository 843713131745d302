from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.directory.kinds import BY_COLUMN
from apps.accounts.imports.columns import LABELS, LEFT_OUT, REQUIRED
from apps.accounts.models import PeopleImport

WHOLE, GOOD = "whole", "good"


class ColumnsForm(forms.Form):
    """What each column of a file contains, and what should be done with the file."""

    take = forms.ChoiceField(
        label=_("If lines are wrong"),
        choices=[
            (WHOLE, _("All or nothing: nobody is added or changed while one line is wrong")),
            (GOOD, _("Take the good lines now, and give the others back as a file with the reason")),
        ],
        widget=forms.RadioSelect,
        initial=WHOLE,
    )
    close_absent = forms.BooleanField(
        label=_("Close the accounts of people who are not in the file"),
        help_text=_("Only for a list of everybody. You see who it would be before anything happens. People with a role stay."),
        required=False,
    )

    def __init__(self, headers: Sequence[str], samples: Sequence[Sequence[str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._headers, self._samples = list(headers), samples
        choices = [("", LEFT_OUT), *LABELS.items()]
        for place, header in enumerate(headers):
            label = header or _("Column %(number)s") % {"number": place + 1}
            self.fields[f"column_{place}"] = forms.ChoiceField(label=label, choices=choices, required=False)

    @staticmethod
    def initial_for(people_import: PeopleImport, mapping: Sequence[str]) -> dict[str, Any]:
        taken = {f"column_{place}": field for place, field in enumerate(mapping)}
        return {**taken, "take": WHOLE if people_import.all_or_nothing else GOOD, "close_absent": people_import.close_absent}

    def columns(self) -> list[dict[str, Any]]:
        """Return the columns as the page shows them: the field, and what the first lines contain."""
        return [
            {
                "field": self[f"column_{place}"],
                "samples": [cells[place] for cells in self._samples if place < len(cells) and cells[place]],
            }
            for place in range(len(self._headers))
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        said = self.mapping()
        missing = [str(LABELS[field]) for field in REQUIRED if field not in said]
        if missing:
            self.add_error(None, _("Choose the columns that hold: %(names)s.") % {"names": ", ".join(missing)})
        for place, field in enumerate(said):
            if field and said.index(field) != place:
                first = self[f"column_{said.index(field)}"].label
                sentence = _("The column “%(name)s” is taken for this already. Leave one of them out.")
                self.add_error(f"column_{place}", sentence % {"name": first})
        return data

    def mapping(self) -> list[str]:
        return [self.cleaned_data.get(f"column_{place}", "") for place in range(len(self._headers))]

    def options(self) -> dict[str, bool]:
        return {"all_or_nothing": self.cleaned_data["take"] == WHOLE, "close_absent": self.cleaned_data["close_absent"]}


class _SeenForm(forms.Form):
    """Sends back which check the person has seen."""

    round = forms.IntegerField(widget=forms.HiddenInput)


class CodesForm(_SeenForm):
    """Which unknown codes to create."""

    columns = forms.MultipleChoiceField(
        label=_("Make these entries when the import is applied"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what is to be made.")},
    )

    def __init__(self, unknown: Mapping[str, Sequence[Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["columns"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [
            (column, _("%(list)s: %(count)s") % {"list": BY_COLUMN[column].label, "count": len(codes)})
            for column, codes in unknown.items()
        ]


class ApplyForm(_SeenForm):
    """The final confirmation; with the number of accounts to close, if there are many."""

    typed = forms.IntegerField(
        label=_("How many accounts are closed? Type the number."),
        min_value=0,
        error_messages={"required": _("Type how many accounts are closed.")},
        widget=forms.NumberInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, people_import: PeopleImport, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not people_import.closes_many:
            del self.fields["typed"]
