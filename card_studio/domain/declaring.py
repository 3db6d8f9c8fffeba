"""How options are declared: their base, one option, and a method of one's own."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.config import JsonDict

from card_studio.domain.names import CorruptionName, is_own


class Options(BaseModel):
    """Base of all option groups: frozen, and a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


def option(
    default: Any = ...,
    help: str = "",
    *,
    unit: str = "",
    since: int = 1,
    identity: bool = True,
    needs: tuple[str, str] | None = None,
    shown: bool = True,
    **constraints: Any,
) -> Any:
    """Declare an option: its default, one line of explanation, unit and range.

    Args:
        default: the value where none is given; `...` where one must be.
        help: one line for the form, the command line and error messages.
        unit: shown after the value, such as "epochs".
        since: the schema version that introduced it; a later one at its default leaves fingerprints as they were.
        identity: whether the option changes the result, and so belongs in the fingerprint.
        needs: another option of the group, and the value that it must have for this one to matter.
        shown: whether a form shows it; what follows from other options is not.
        constraints: pydantic's ge, le, gt, lt, min_length, ...
    """
    extra: JsonDict = {"unit": unit, "since": since, "identity": identity, "shown": shown}
    if needs is not None:
        extra["needs"] = list(needs)
    return Field(default, description=help, json_schema_extra=extra, **constraints)


PlainValue = bool | int | float | str
"""What an option of one's own may be."""
OwnName = Annotated[str, Field(pattern=r"^own\.[a-z][a-z0-9_]{0,39}$")]
"""`own.` and the name under which a method was registered."""


class Own(Options):
    """A method of one's own: its name, where its code comes from, and whatever options it declares beside these.

    The options are checked against what the method declared when a job is submitted, and again by the method itself.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, PlainValue] = Field(init=False)  # else type checkers take it for an argument

    name: OwnName = option(..., "Name")
    source: str = option("", "SHA-256 of its code; empty for that in the workspace", pattern="^([0-9a-f]{64})?$")


class OwnCorruption(Own):
    """A corruption of one's own."""


def whose(value: Any) -> str:
    """Tell a method of one's own from ours by its name, in plain values or in options."""
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", None)
    return "own" if is_own(str(name)) else "built-in"


CorruptionOption = Annotated[
    Annotated[CorruptionName, Tag("built-in")] | Annotated[OwnName, Tag("own")],
    Discriminator(lambda name: "own" if is_own(str(name)) else "built-in"),
]
"""The name of a corruption, ours or one's own."""
