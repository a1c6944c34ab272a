"""Forms of sign-in, profile and administration. CSRF is checked for the whole site, so the forms do not repeat it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, DateTimeLocalInput, ListWidget

from accounts.absence_rules import NOTE_MAX, NoSuchTimeError, moment
from accounts.rules import Role
from core.errors import Invalid
from core.i18n import LOCALE_NAMES, _, _l

NEEDED = _l("This is needed.")
ROLE_NAMES = {
    Role.REP: _l("Representative"),
    Role.BUSINESS: _l("Business reviewer"),
    Role.QA: _l("Quality reviewer"),
    Role.TRAINING: _l("Trainer"),
    Role.SUPERVISOR: _l("Supervisor"),
    Role.MANAGER: _l("Knowledge manager"),
    Role.ADMIN: _l("Administrator"),
}


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """(value, label) pairs as WTForms wants them."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def places(rows: Iterable[Any]) -> list[SelectChoice]:
    """Teams, sites or tiers to choose from, or none of them."""
    return choices([("", "–"), *((row.slug, row.name) for row in rows)])


class SelectMultipleCheckboxField(SelectMultipleField):
    """Several of a few, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class Form(FlaskForm):
    """A form that can take the refusals of an operation."""

    class Meta:
        csrf = False

    def must_be_filled(self) -> None:
        """Refuse a form whose fields are not as they should be.

        Raises:
            Invalid: the sentences are at the fields already.
        """
        if not self.validate():
            raise Invalid({})

    def take(self, error: Invalid) -> None:
        """Show each sentence at its field, those without a field above the form."""
        for name, said in error.errors.items():
            field: Any = self._fields.get(name)
            if field is None:
                self.form_errors.append(said)
            else:
                field.errors = [*field.errors, said]


def needed() -> list[Any]:
    """The validators of a field that must be filled."""
    return [InputRequired(message=NEEDED), Length(max=1024, message=_l("This is too long."))]


class LoginForm(Form):
    username = StringField(_l("Username"), needed())
    password = PasswordField(_l("Password"), needed())


class CodeForm(Form):
    code = StringField(
        _l("Code of your app"), needed(), description=_l("Six digits from your app, or one of your recovery codes.")
    )


class FirstCodeForm(Form):
    code = StringField(_l("Code of your app"), needed(), description=_l("The six digits that your app shows now."))


class FactorForm(FirstCodeForm):
    password = PasswordField(_l("Present password"), needed())


class AccessForm(Form):
    roles = SelectMultipleCheckboxField(
        _l("Roles that take a second step at sign-in"), choices=choices(ROLE_NAMES.items())
    )
    after_sso = BooleanField(_l("Also of those who come by single sign-on"))
    passwords = BooleanField(_l("Everybody may sign in with a password"))
    keeper = SelectField(_l("Who may do so in any case"), validate_choice=False)
    tokens_end = BooleanField(_l("End all API tokens now"))

    def offer(self, people: Iterable[Any]) -> None:
        """Fill the choice of whom to keep for emergencies."""
        rows = [(str(one.id), one.name) for one in people]
        self.keeper.choices = choices([("", _("nobody")), *rows])


class ProfileForm(Form):
    name = StringField(_l("Full name"), needed())
    locale = SelectField(_l("Language"), choices=choices(LOCALE_NAMES.items()))


class PasswordForm(Form):
    password = PasswordField(_l("Present password"), needed())
    new_password = PasswordField(
        _l("New password"), needed(), description=_l("At least ten characters; a short sentence is good.")
    )
    again = PasswordField(_l("New password, once more"), needed())


class TokenForm(Form):
    name = StringField(_l("What is it for?"), [Optional(), Length(max=80, message=_l("This is too long."))])
    code = StringField(_l("Code of your app"), [Optional(), Length(max=100, message=_l("This is too long."))])


class SetupForm(Form):
    name = StringField(_l("Your name"), needed())
    username = StringField(_l("Username"), needed(), description=_l("Small letters and digits; you sign in with it."))
    password = PasswordField(
        _l("Password"), needed(), description=_l("At least ten characters; a short sentence is good.")
    )
    again = PasswordField(_l("Password, once more"), needed())


class PersonForm(Form):
    name = StringField(_l("Full name"), needed())
    email = StringField(_l("E-mail"), [Optional(), Length(max=200, message=_l("This is too long."))])
    roles = SelectMultipleCheckboxField(_l("Roles"), choices=choices(ROLE_NAMES.items()))
    team = SelectField(_l("Team"), validate_choice=False)
    tier = SelectField(_l("Tier"), validate_choice=False)

    def offer(self, teams: Iterable[Any], tiers: Iterable[Any]) -> None:
        """Fill the choices of places."""
        self.team.choices = places(teams)
        self.tier.choices = places(tiers)


class NewPersonForm(PersonForm):
    username = StringField(_l("Username"), needed(), description=_l("Small letters and digits; they sign in with it."))


class TeamForm(Form):
    slug = StringField(_l("Short name"), needed(), description=_l("Small letters, digits and hyphens; it stays."))
    name = StringField(_l("Name"), needed())
    site = SelectField(_l("Site"), validate_choice=False)


class SiteForm(Form):
    slug = StringField(_l("Short name"), needed(), description=_l("Small letters, digits and hyphens; it stays."))
    name = StringField(_l("Name"), needed())
    timezone = StringField(_l("Time zone"), needed(), default="Asia/Shanghai")


class TierForm(Form):
    slug = StringField(_l("Short name"), needed(), description=_l("Small letters, digits and hyphens; it stays."))
    name = StringField(_l("Name"), needed())
    position = IntegerField(_l("Order"), [InputRequired(message=NEEDED), NumberRange(0, 9999)], default=1)


class AbsenceForm(Form):
    starts_at = StringField(_l("Away from"), needed(), widget=DateTimeLocalInput())
    ends_at = StringField(_l("Away until"), needed(), widget=DateTimeLocalInput())
    deputy = SelectField(_l("Deputy"), validate_choice=False)
    reviews = BooleanField(_l("The deputy may judge for the one who is away"), default=True)
    notices = BooleanField(_l("The deputy gets the notices too"), default=True)
    note = StringField(_l("Note"), [Optional(), Length(max=NOTE_MAX, message=_l("This is too long."))])

    def offer(self, people: Iterable[Any], team_id: int | None) -> None:
        """Fill the choice of deputies, those of one's own team first."""
        rows = list(people)
        near = [one for one in rows if team_id is not None and one.team_id == team_id]
        far = [one for one in rows if one not in near]
        groups = [(_("Same team"), near), (_("Elsewhere"), far)]
        self.deputy.choices = [
            SelectChoice(value="", label=_("nobody"), optgroup=""),
            *(_person(one, group) for group, found in groups for one in found),
        ]

    def times(self, zone: str) -> tuple[datetime, datetime]:
        """From when until when, typed on the clock of this zone.

        Raises:
            Invalid: with a sentence at each field that is no time.
        """
        found, wrong = {}, {}
        for name, last in (("starts_at", False), ("ends_at", True)):
            try:
                found[name] = moment(self[name].data or "", zone, last=last)
            except NoSuchTimeError:
                wrong[name] = _("The clock never shows this time: it is put forward over it. Choose another.")
            except (ValueError, OverflowError):
                wrong[name] = _("This is not a date with a time.")
        if wrong:
            raise Invalid(wrong)
        return found["starts_at"], found["ends_at"]


def _person(user: Any, group: str) -> SelectChoice:
    label = f"{user.name} · {user.team.name}" if user.team else user.name
    return SelectChoice(value=user.username, label=label, optgroup=group)
