"""What a setting has to say that is missing or wrong: its name, and what to do about it."""

from pydantic import ValidationError

from muniment.infra.settings import Settings


class NotSetError(ValueError):
    """A setting is missing that no embedded part fills in, or cannot be used: the message names it."""


def required(value: str | None, name: str) -> str:
    """The value; `NotSetError` says how to set it."""
    if not value:
        raise NotSetError(
            f"{name} is not set and no stack runs in this folder: set it, or start one with `muniment up`"
        )
    return value


def wrong_settings(error: ValidationError) -> str:
    """Which settings cannot be read and why, a line each; never their values, which may be secrets."""
    return "\n".join(f"{_variable(str(one['loc'][0]) if one['loc'] else '')}: {one['msg']}" for one in error.errors())


def _variable(name: str) -> str:
    field = Settings.model_fields.get(name)
    if field is None:
        # pydantic names a field with an alias by the alias, which is the variable.
        return name
    return f"{Settings.model_config.get('env_prefix', '')}{name}".upper()
