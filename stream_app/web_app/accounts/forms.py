"""Forms: a name, where a link does not fix it, and a new password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password


class PasswordForm(forms.Form):
    """Asks for a user name and twice for a password.

    Args:
        fixed_name: The name that the link fixes; empty where the user chooses it.
    """

    username = forms.CharField(
        label="User name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label="Password",
        help_text="At least 12 characters, and no common password.",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    repeated = forms.CharField(
        label="Password again",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, fixed_name: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._fixed_name = fixed_name
        if fixed_name:
            self.fields["username"].disabled = True
            self.fields["username"].initial = fixed_name

    def clean_username(self) -> str:
        """Return the name.

        Raises:
            ValidationError: it is invalid or taken.
        """
        name: str = self._fixed_name or self.cleaned_data["username"]
        User.username_validator(name)
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError("This user name is taken.")
        return name

    def clean(self) -> dict[str, Any]:
        """Check both passwords.

        Raises:
            ValidationError: they differ.
        """
        values: dict[str, Any] = super().clean() or {}
        password = values.get("password")
        if password is not None and "repeated" in values:
            if password != values["repeated"]:
                self.add_error("repeated", "The two passwords differ.")
            try:
                validate_password(password, User(username=values.get("username", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values
