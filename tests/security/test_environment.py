"""Children learn nothing of our secrets."""

import pytest
from pydantic import SecretStr

from skywright.security.environment import SECRET_VARIABLES, without_secrets
from skywright.settings import Settings


@pytest.mark.parametrize("name", sorted(SECRET_VARIABLES))
def test_secrets_are_taken_out(name):
    assert without_secrets({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


def test_every_secret_setting_is_among_them():
    secret = {
        f"SKYWRIGHT_{name.upper()}"
        for name, field in Settings.model_fields.items()
        if field.annotation is SecretStr
    }
    assert secret <= SECRET_VARIABLES
    assert {name.removeprefix("SKYWRIGHT_").lower() for name in SECRET_VARIABLES} <= set(
        Settings.model_fields
    )
