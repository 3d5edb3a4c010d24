"""All rules, by code: the one table that findings and the handbook share."""

from ..errors import InputError
from ..findings import Rule
from . import data, losses, source, source_model, updates

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            rule
            for room in (updates, losses, data, source, source_model)
            for rule in vars(room).values()
            if isinstance(rule, Rule)
        ),
        key=lambda rule: rule.code,
    )
)
"""Every rule, in the order of its code."""


def rule(code: str) -> Rule:
    """The rule with this code.

    Args:
        code: such as `RT101`.

    Raises:
        InputError: no such code.
    """
    for each in RULES:
        if each.code == code:
            return each
    raise InputError("the code of a rule, such as RT101", repr(code), "a typing error", "look it up in docs/rules.md")
