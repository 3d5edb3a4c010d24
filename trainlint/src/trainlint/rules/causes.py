"""Which finding explains which, and which run-time rules confirm a line of the source?"""

from collections.abc import Iterable, Iterator

from ..findings import Finding, Severity, by_weight

_GROUPS = {
    "unlearned": "RT125 RT135 RT204 RT212 RT214 RT217 RT219 RT251 RT311",
    "unbounded": "RT201 RT202 RT213 RT302 RT303 RT308 RT309 RT311 RT312 RT219 RT113",
}
"""What a model that does not move shows, and what numbers that grow without bound end in."""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    rows = (line.split(":") for line in text.split("\n") if line)
    return {code: tuple(" ".join(_GROUPS.get(c, c) for c in codes.split()).split()) for code, codes in rows}


EXPLAINS = _table("""
RT101: RT104 RT124 RT129 RT135 unlearned
RT102: RT106 RT124 unlearned
RT103: RT109 RT106 unlearned
RT104: unlearned
RT105: RT101 RT104 unlearned
RT107: RT102 RT108 RT409 unlearned
RT110: RT108 RT202
RT111: RT123 RT124 RT102 unlearned
RT112: RT127 RT130 unbounded
RT113: RT102 RT103 RT106 unlearned
RT114: RT122 RT123 unlearned
RT115: RT119 RT121 RT122 RT135
RT116: RT102 RT107 RT115 RT122 RT123 RT124 unlearned
RT117: RT104 RT130
RT121: RT102 RT107 RT122 RT123 RT119 RT124 unlearned
RT122: RT119 RT135 unlearned
RT123: RT119 RT124 unlearned
RT124: unlearned
RT125: RT204 RT212 RT217 RT219
RT127: RT130 unbounded
RT130: RT127 unbounded
RT131: RT219 RT204
RT133: RT119 RT126 RT219 RT311
RT139: RT119 RT122 RT123 RT135
RT140: unlearned
RT141: RT101 RT104 RT105 RT129 unlearned
RT142: unlearned
RT143: RT126 RT130 RT308 unlearned
RT160: RT202 RT253 RT302 RT509
RT201: RT202 RT213 RT219 RT302 RT312
RT202: RT254
RT203: RT123 RT124 RT204
RT204: RT212 RT219
RT206: RT122 RT207
RT210: RT202 RT212 RT219 RT127
RT215: RT219 RT217 RT311
RT216: RT219 RT217 RT126 RT309 RT310
RT220: RT219 RT217
RT221: RT211
RT231: RT214
RT232: RT122 RT123 RT207
RT233: RT211 RT230 RT234 RT202
RT235: RT311 RT309
RT237: RT219 RT214
RT236: RT219 RT217
RT250: RT213
RT256: RT127 RT130
RT302: RT113 RT114 RT201 RT219 RT312
RT303: RT201 RT302 RT113 RT219 RT312
RT307: RT127 RT211 unbounded
RT308: RT119 RT122 RT123 RT311 RT204 RT219
RT309: RT126 RT123 RT219 RT311
RT310: RT123 RT119 RT204 RT219
RT311: RT219 RT204
RT312: RT201 RT202 RT213 RT302 RT303 RT311
RT330: unbounded RT114
RT332: RT211 RT230 RT234 RT212 RT233
RT331: RT311 RT219 RT204 RT308
RT334: RT219 RT311
RT333: RT203 RT311
RT404: RT219 RT203 RT204 RT311
RT407: RT102
RT411: RT202 RT219
RT412: RT219 RT217
RT430: RT219 RT212 RT217 RT311
""")
"""Code of a cause: codes of what follows from it. Where two explain each other, the one seen first is the cause."""


def explained(code: str, present: Iterable[str]) -> set[str]:
    """Codes among `present` that follow from a code, at once or through others that are present."""
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
    yield from dict.fromkeys(f.rule.code for f in serious if _explains(f, finding))


def _explains(cause: Finding, symptom: Finding) -> bool:
    """Trainings are apart, and so are optimisers: what one of them lacks says nothing of another."""
    one, other = cause.rule.code, symptom.rule.code
    apart = any(len(set(_named(mark, cause, symptom))) > 1 for mark in ("model #", "optimiser "))
    mutual = one in EXPLAINS.get(other, ())
    return not apart and other in EXPLAINS.get(one, ()) and (not mutual or _before(cause, symptom))


def _before(one: Finding, other: Finding) -> bool:
    return one.update is not None and other.update is not None and one.update < other.update


def _named(mark: str, *findings: Finding) -> Iterator[str]:
    return (part for each in findings for part in each.subject.split(", ") if part.startswith(mark))


def by_cause(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with each cause before what follows from it; chains stand in the order of their most serious member.

    >>> from trainlint import rule
    >>> [f.rule.code for f in by_cause([rule("RT123").found("0 of 4"), rule("RT121").found("no grad_fn")])]
    ['RT121', 'RT123']
    """
    ranked = sorted(findings, key=by_weight)
    codes = [f.rule.code for f in ranked]
    first = {f.rule.code: f for f in reversed(ranked)}
    below = {code: explained(code, codes) for code in codes}

    def place(finding: Finding) -> tuple[tuple[int, int], int]:
        own = finding.rule.code
        if finding.severity is Severity.NOTE:  # a note is no cause of anything serious
            return (by_weight(finding)[0], 0), ranked.index(finding)
        gravest = min((f for f in ranked if f is finding or f.rule.code in below[own]), key=by_weight)
        depth = sum(own in below[c] and (c not in below[own] or _before(first[c], finding)) for c in below)
        return (by_weight(gravest)[0], depth), ranked.index(finding)

    return tuple(sorted(ranked, key=place))


CONFIRMED_BY = _table("""
RT601: RT102 RT112 RT204 RT212 RT131
RT602: RT112 RT127
RT603: RT111
RT604: RT102
RT605: RT107 RT122 RT102
RT606: RT110
RT607: RT127 RT130
RT608: RT124 RT125 RT123
RT609: RT113 RT125
RT610: RT113
RT611: RT130 RT202
RT612: RT107
RT613: RT101 RT104 RT124 RT125 RT130 RT202
RT614: RT124 RT202 RT308 RT311
RT615: RT115 RT116 RT120 RT135
RT616: RT116 RT131 RT122
RT617: RT115 RT135
RT618: RT122
RT619: RT118
RT620: RT301 RT123 RT302
RT621: RT114 RT302
RT622: RT119 RT132
RT623: RT110
RT624: RT109
RT625: RT105 RT141
RT626: RT104 RT105 RT106
RT627: RT101 RT104
RT628: RT104
RT630: RT121 RT122 RT119 RT135 RT232
RT631: RT122 RT135 RT139
RT632: RT115 RT131 RT119
RT633: RT221 RT211
RT634: RT115 RT131
RT635: RT115 RT131
RT636: RT122 RT135
RT637: RT133
RT640: RT210 RT202
RT641: RT110 RT130
RT642: RT216
RT643: RT216 RT201
RT644: RT215
RT645: RT216 RT219
RT646: RT203 RT206 RT207
RT647: RT410
RT648: RT216
RT650:
RT651: RT221
RT652: RT134
RT653: RT409 RT411 RT408
RT654: RT401 RT402
RT655: RT219 RT412
RT656: RT503 RT502
RT657: RT505
RT658: RT408 RT107
RT659: RT408 RT409
RT660: RT407
RT661: RT108
RT662: RT219 RT412
RT663: RT120
RT664: RT411 RT404 RT311
RT665: RT120
RT666: RT403
RT667: RT406
RT668: RT504
RT669: RT506
RT670: RT507
RT671: RT218
RT672: RT214
""")
"""Code of a source rule, and of the run-time rules of which any one confirms it."""

_BESIDE = _table("""
RT602: RT130 RT202 RT219
RT603: RT103 RT204 RT219
RT604: RT103 RT219
RT605: RT204
RT606: RT130 RT202
RT607: RT202
RT608: RT219
RT610: RT102
RT611: RT302
RT612: RT108
RT613: RT129 RT219
RT614: RT219
RT615: RT119 RT219
RT616: RT115 RT124 RT219
RT617: RT119
RT618: RT124
RT620: RT303
RT627: RT124
RT630: RT219
RT631: RT119
RT634: RT119
RT635: RT119
RT636: RT119
RT637: RT123 RT311
RT640: RT201
RT641: RT202
RT642: RT219 RT309
RT643: RT202
RT644: RT219 RT217
RT646: RT123
RT648: RT219
RT651: RT211
RT655: RT217
RT665: RT219 RT125
""")
"""Run-time rules that may find the consequence alone, which is too weak to confirm the cause."""

LINE_EXPLAINS: dict[str, tuple[str, ...]] = {code: (*own, *_BESIDE.get(code, ())) for code, own in CONFIRMED_BY.items()}
"""Code of a source rule, and of the run-time rules whose finding its line is the likely cause of."""
