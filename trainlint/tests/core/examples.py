"""How an example of a rule is tried: as a script is read, run under a watch, printed as a log, or checked."""

from collections.abc import Callable

from handbook.examples import Example

from trainlint import Verdict, check_source, diagnose_text


def names_after(text: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(text, "example", "exec"), names)
    return names


def watched(text: str) -> list[str]:
    verdict = names_after(text)["verdict"]
    assert isinstance(verdict, Verdict)
    return [f.rule.code for f in verdict.findings]


def logged(text: str) -> list[str]:
    lines = names_after(text)["log"]
    assert isinstance(lines, list)
    return list(diagnose_text("\n".join(lines)).codes)


def called(text: str) -> list[str]:
    found = names_after(text)["findings"]
    assert isinstance(found, list | tuple)
    return [f.rule.code for f in found]


def read(text: str) -> list[str]:
    return [f.code for f in check_source(text)]


TRIED: dict[str, Callable[[str], list[str]]] = {
    "watched": watched, "alone": watched, "logged": logged, "called": called, "read": read,
}  # fmt: skip


def codes(example: Example, *, broken: bool) -> list[str]:
    """Codes of what a program earns, notes among them."""
    return TRIED[example.kind](example.broken if broken else example.sound)
