"""Which finding explains which: a cause is shown before its symptoms."""

from collections.abc import Iterable, Iterator, Mapping

from ..findings import Finding, Severity, by_weight

_NOTHING_LEARNED = ("RT125", "RT135", "RT204", "RT212", "RT214", "RT217", "RT219", "RT251", "RT311")
"""What a model that does not move shows: constant losses and answers, and nothing better than a constant."""
_LEFT_THE_RANGE = ("RT201", "RT202", "RT213", "RT302", "RT303", "RT308", "RT309", "RT311", "RT219", "RT113")
"""What numbers that grow without bound end in."""

EXPLAINS: Mapping[str, tuple[str, ...]] = {
    "RT101": ("RT104", "RT124", "RT129", "RT135", *_NOTHING_LEARNED),
    "RT102": ("RT106", "RT124", *_NOTHING_LEARNED),
    "RT103": ("RT109", "RT106", *_NOTHING_LEARNED),
    "RT104": _NOTHING_LEARNED,
    "RT105": ("RT101", "RT104", *_NOTHING_LEARNED),
    "RT107": ("RT102", "RT108", "RT409", *_NOTHING_LEARNED),
    "RT110": ("RT108", "RT202"),
    "RT111": ("RT123", "RT124", "RT102", *_NOTHING_LEARNED),
    "RT112": ("RT127", "RT130", *_LEFT_THE_RANGE),
    "RT113": ("RT102", "RT103", "RT106", *_NOTHING_LEARNED),
    "RT114": ("RT122", "RT123", *_NOTHING_LEARNED),
    "RT115": ("RT119", "RT135"),
    "RT116": ("RT102", "RT107", "RT115", "RT122", "RT123", "RT124", *_NOTHING_LEARNED),
    "RT117": ("RT104", "RT130"),
    "RT121": ("RT102", "RT107", "RT115", "RT122", "RT123", "RT119", "RT124", *_NOTHING_LEARNED),
    "RT122": ("RT119", "RT135", *_NOTHING_LEARNED),
    "RT123": ("RT119", "RT124", *_NOTHING_LEARNED),
    "RT124": _NOTHING_LEARNED,
    "RT125": ("RT204", "RT212", "RT217", "RT219"),
    "RT127": ("RT130", *_LEFT_THE_RANGE),
    "RT130": ("RT127", *_LEFT_THE_RANGE),
    "RT131": ("RT219", "RT204"),
    "RT133": ("RT119", "RT126", "RT219", "RT311"),
    "RT139": ("RT119", "RT122", "RT123", "RT135"),
    "RT140": _NOTHING_LEARNED,
    "RT141": ("RT101", "RT104", "RT105", "RT129", *_NOTHING_LEARNED),
    "RT142": _NOTHING_LEARNED,
    "RT143": ("RT126", "RT130", "RT308", *_NOTHING_LEARNED),
    "RT160": ("RT202", "RT253", "RT302", "RT509"),
    "RT201": ("RT202", "RT213", "RT219", "RT302"),
    "RT202": ("RT254",),
    "RT203": ("RT123", "RT124", "RT204"),
    "RT204": ("RT212", "RT219"),
    "RT206": ("RT122", "RT207"),
    "RT210": ("RT202", "RT212", "RT219", "RT127"),
    "RT215": ("RT219", "RT217", "RT311"),
    "RT216": ("RT219", "RT217", "RT126", "RT309", "RT310"),
    "RT220": ("RT219", "RT217"),
    "RT221": ("RT211",),
    "RT231": ("RT214",),
    "RT232": ("RT122", "RT123", "RT207"),
    "RT233": ("RT211", "RT230", "RT234", "RT202"),
    "RT235": ("RT311", "RT309"),
    "RT237": ("RT219", "RT214"),
    "RT236": ("RT219", "RT217"),
    "RT250": ("RT213",),
    "RT302": ("RT113", "RT114", "RT201", "RT219"),
    "RT303": ("RT201", "RT302", "RT113", "RT219"),
    "RT307": ("RT127", "RT211", *_LEFT_THE_RANGE),
    "RT308": ("RT119", "RT122", "RT123", "RT311", "RT204", "RT219"),
    "RT309": ("RT126", "RT123", "RT219", "RT311"),
    "RT310": ("RT123", "RT119", "RT204", "RT219"),
    "RT311": ("RT219", "RT204"),
    "RT330": (*_LEFT_THE_RANGE, "RT114"),
    "RT332": ("RT211", "RT230", "RT234", "RT212", "RT233"),
    "RT331": ("RT311", "RT219", "RT204", "RT308"),
    "RT334": ("RT219", "RT311"),
    "RT333": ("RT203", "RT311"),
    "RT404": ("RT219", "RT203", "RT204", "RT311"),
    "RT407": ("RT102",),
    "RT411": ("RT202", "RT219"),
    "RT412": ("RT219", "RT217"),
    "RT430": ("RT219", "RT212", "RT217", "RT311"),
}
"""Code of a cause: codes of what follows from it. Where two explain each other, the graver one is shown first."""


def explained(code: str, present: Iterable[str]) -> set[str]:
    """Codes among `present` that follow from a code, at once or through others that are present.

    Args:
        code: of the cause.
        present: codes of the findings at hand.
    """
    known, found, new = set(present), set[str](), [code]
    while new:
        following = {c for c in EXPLAINS.get(new.pop(), ()) if c in known and c not in found and c != code}
        found |= following
        new += following
    return found


def causes_of(finding: Finding, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Codes of the findings that explain one, in the order given; empty for a cause."""
    return tuple(_causes(finding, list(findings)))


def _causes(finding: Finding, findings: list[Finding]) -> Iterator[str]:
    serious = [f for f in findings if f.severity is not Severity.NOTE]
    for other in dict.fromkeys(f.rule.code for f in serious if _explains(f, finding)):
        mutual = finding.rule.code in EXPLAINS and other in EXPLAINS[finding.rule.code]
        if not mutual:
            yield other


def _explains(cause: Finding, symptom: Finding) -> bool:
    """Trainings are apart, and so are optimisers: what one of them lacks says nothing of another."""
    apart = any(len(set(_named(mark, cause, symptom))) > 1 for mark in ("model #", "optimiser "))
    return not apart and symptom.rule.code in EXPLAINS.get(cause.rule.code, ())


def _named(mark: str, *findings: Finding) -> Iterator[str]:
    return (part for each in findings for part in each.subject.split(", ") if part.startswith(mark))


def by_cause(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with each cause before what follows from it; chains stand in the order of their most serious member.

    Args:
        findings: confirmed ones, in any order.

    >>> from trainlint import rule
    >>> [f.rule.code for f in by_cause([rule("RT123").found("0 of 4"), rule("RT121").found("no grad_fn")])]
    ['RT121', 'RT123']
    """
    ranked = sorted(findings, key=by_weight)
    codes = [f.rule.code for f in ranked]
    below = {code: explained(code, codes) for code in codes}

    def place(finding: Finding) -> tuple[tuple[int, int], int]:
        own = finding.rule.code
        if finding.severity is Severity.NOTE:  # a note is no cause of anything serious
            return (by_weight(finding)[0], 0), ranked.index(finding)
        gravest = min((f for f in ranked if f is finding or f.rule.code in below[own]), key=by_weight)
        # Where two explain each other neither counts as the deeper one.
        depth = sum(own in below[code] and code not in below[own] for code in below)
        return (by_weight(gravest)[0], depth), ranked.index(finding)

    return tuple(sorted(ranked, key=place))
