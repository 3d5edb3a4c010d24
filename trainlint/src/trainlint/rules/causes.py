"""Which finding explains which, and which run-time rules confirm a line of the source?"""

from collections.abc import Iterable, Iterator

from ..findings import Finding, Severity, by_weight

_GROUPS = {
    "unlearned": "125 135 204 212 214 217 219 251 311",
    "unbounded": "201 202 213 302 303 308 309 311 312 219 113",
}
"""What a model that does not move shows, and what unbounded numbers end in."""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    rows = (line.split(":") for line in text.split("\n") if line)
    told = ((code, " ".join(_GROUPS.get(c, c) for c in codes.split())) for code, codes in rows)
    return {f"RT{code}": tuple(f"RT{c}" for c in codes.split()) for code, codes in told}


EXPLAINS = _table("""
101: 104 124 129 135 unlearned
102: 106 124 unlearned
103: 109 106 unlearned
104: unlearned
105: 101 104 unlearned
107: 102 108 409 unlearned
110: 108 202
111: 123 124 102 unlearned
112: 127 130 unbounded
113: 102 103 106 unlearned
114: 122 123 unlearned
115: 119 121 122 135
116: 102 107 115 122 123 124 unlearned
117: 104 130
121: 102 107 122 123 119 124 unlearned
122: 119 135 unlearned
123: 119 124 unlearned
124: unlearned
125: 204 212 217 219
127: 130 unbounded
130: 127 unbounded
131: 219 204
132: 219
133: 119 126 219 311
139: 119 122 123 135
140: unlearned
141: 101 104 105 129 unlearned
142: unlearned
143: 126 130 308 unlearned
160: 202 253 302 509
201: 202 213 219 302 312
202: 254
203: 123 124 204
204: 212 219
206: 122 207
210: 202 212 219 127
215: 219 217 311
216: 219 217 126 309 310
220: 219 217
221: 211
231: 214
232: 122 123 207
233: 211 230 234 202
235: 311 309
237: 219 214
236: 219 217
250: 213
256: 127 130
302: 113 114 201 219 312
303: 201 302 113 219 312
307: 127 211 unbounded
308: 119 122 123 311 204 219
309: 126 123 219 311
310: 123 119 204 219
311: 219 204
312: 201 202 213 302 303 311
330: unbounded 114
332: 211 230 234 212 233
331: 311 219 204 308
334: 219 311
333: 203 311
404: 219 203 204 311
407: 102
411: 202 219
412: 219 217
430: 219 212 217 311
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
601: 102 112 204 212 131
602: 112 127
603: 111
604: 102
605: 107 122 102
606: 110
607: 127 130
608: 124 125 123
609: 113 125
610: 113
611: 130 202
612: 107
613: 101 104 124 125 130 202
614: 124 202 308 311
615: 115 116 120 135
616: 116 131 122
617: 115 135
618: 122
619: 118
620: 301 123 302
621: 114 302
622: 119 132
623: 110
624: 109
625: 105 141
626: 104 105 106
627: 101 104
628: 104
630: 121 122 119 135 232
631: 122 135 139
632: 115 131 119
633: 221 211
634: 115 131
635: 115 131
636: 122 135
637: 133
640: 210 202
641: 110 130
642: 216
643: 216 201
644: 215
645: 216 219
646: 203 206 207
647: 410
648: 216
650:
651: 221
652: 134
653: 409 411 408
654: 401 402
655: 219 412
656: 503 502
657: 505
658: 408 107
659: 408 409
660: 407
661: 108
662: 219 412
663: 120
664: 411 404 311
665: 120
666: 403
667: 406
668: 504
669: 506
670: 507
671: 218
672: 214
""")
"""Code of a source rule, and of the run-time rules of which any one confirms it."""

_BESIDE = _table("""
602: 130 202 219
603: 103 204 219
604: 103 219
605: 204
606: 130 202
607: 202
608: 219
610: 102
611: 302
612: 108
613: 129 219
614: 219
615: 119 219
616: 115 124 219
617: 119
618: 124
620: 303
627: 124
630: 219
631: 119
634: 119
635: 119
636: 119
637: 123 311
640: 201
641: 202
642: 219 309
643: 202
644: 219 217
646: 123
648: 219
651: 211
655: 217
665: 219 125
""")
"""Run-time rules that may find the consequence alone, which is too weak to confirm the cause."""

LINE_EXPLAINS: dict[str, tuple[str, ...]] = {code: (*own, *_BESIDE.get(code, ())) for code, own in CONFIRMED_BY.items()}
"""Code of a source rule, and of the run-time rules whose finding its line is the likely cause of."""
