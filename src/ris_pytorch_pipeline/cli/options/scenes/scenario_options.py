"""Which options override the fields of a scenario: one per field, its help taken from the field's documentation."""

import argparse
import inspect
import re
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args, get_origin

from ....experiment import flat_fields
from ....experiment.strict import NONE, plain
from ....physics.channels import CHANNELS
from ....physics.codebooks import CODEBOOKS
from ....physics.scenes.scenario import Scenario

_ENTRY = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
"""An entry of a docstring's Args section, with its continuation lines."""


def add_scenario_options(group: Any, only: Collection[str] = (), skip: Collection[str] = ()) -> None:  # noqa: ANN401
    """Add `--field-name` for each field of `Scenario`, and `--impairments.field-name`.

    Values stay texts under the dest `scenario.<field>`, and are absent unless given.

    Args:
        group: argparse parser or group.
        only: fields to offer; empty is all.
        skip: fields to leave out.
    """
    base = Scenario()
    values = {name: vars(base)[name] for name in base.unused} | plain(base)
    texts = field_texts(Scenario) | {f"impairments.{k}": v for k, v in field_texts(type(base.impairments)).items()}
    for name, hint in flat_fields(base):
        if name in skip or (only and name not in only):
            continue
        group.add_argument(
            "--" + name.replace("_", "-"),
            dest=f"scenario.{name}",
            default=argparse.SUPPRESS,
            metavar="VALUE",
            help=f"{texts[name].rstrip('.')}{_choices(name, hint)} ({_default(values, name)})".replace(
                "None", NONE
            ).replace("%", "%%"),
        )


def field_texts(owner: type) -> dict[str, str]:
    """Field name to its text in the Args section of a class's docstring."""
    document = inspect.getdoc(owner)
    return {} if document is None else {name: " ".join(text.split()) for name, text in _ENTRY.findall(document)}


def _choices(name: str, hint: Any) -> str:  # noqa: ANN401
    """The values that a field may have, where they are few and named."""
    known = {"codes": CODEBOOKS, "channel": CHANNELS}.get(name, get_args(hint) if get_origin(hint) is Literal else ())
    return f"; one of {', '.join(known)}" if known else ""


def _default(values: Mapping[str, Any], name: str) -> str:
    value: Any = values
    for key in name.split("."):
        value = value[key]
    return NONE if value is None else str(value).lower() if isinstance(value, bool) else str(value)
