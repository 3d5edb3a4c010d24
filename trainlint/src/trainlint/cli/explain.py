"""`trainlint explain`: what does a finding mean, what does it not mean, and what comes next?"""

import argparse

from ..findings import Rule, wrapped
from ..rules import RULES
from ..rules.causes import CONFIRMED_BY
from ..rules.pages import PAGES
from ..settings import refuse_name


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("codes", nargs="+", metavar="CODE", help="codes or names of rules, such as RT101 or graph-cut")


def run(arguments: argparse.Namespace) -> int:
    """Print a page for each code.

    Returns:
        The exit code.
    """
    print("\n\n".join(explained(code) for code in arguments.codes))
    return 0


def explained(code: str) -> str:
    """The page of a rule as text.

    Raises:
        InputError: no rule has it; the nearest known one is named.

    >>> print(explained("RT101").splitlines()[0])
    RT101 zero-learning-rate (fatal)
    """
    wanted = code.strip()
    found = [r for r in RULES if wanted.upper() == r.code or wanted.lower() == r.name]
    if found:
        return _page(found[0])
    known = [r.code for r in RULES] if wanted.upper().startswith("RT") else [r.name for r in RULES]
    return refuse_name("the code or name of a rule", wanted, known)


def _page(rule: Rule) -> str:
    lines = [
        f"{rule.code} {rule.name} ({rule.severity})",
        "",
        f"Verdict: {rule.state}.",
        "",
        wrapped(f"Symptom: {rule.symptom}", 9),
        wrapped(f"Cause:   {rule.cause}", 9),
        wrapped(f"Next:    {rule.move}", 9),
    ]
    if rule.code in PAGES:
        example, not_meant = PAGES[rule.code]
        lines += ["", "Example:", *(f"    {line}" for line in example.splitlines())]
        lines += ["", wrapped(f"What this does not mean: {not_meant}", 0)]
    if CONFIRMED_BY.get(rule.code):
        lines += ["", wrapped(f"Read in the source; a run confirms it with {' or '.join(CONFIRMED_BY[rule.code])}.", 0)]
    return "\n".join(lines)
