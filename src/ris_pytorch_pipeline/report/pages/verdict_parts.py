"""How does a page tell a verdict? The state, each finding with its cause and next move, and what was not judged."""

from collections.abc import Sequence

from trainlint import Finding, Verdict

from .parts import Listing, Part, Verbatim, Words


def verdict_parts(verdict: Verdict | None, unjudged: str) -> list[Part]:
    """The parts of a page that tell a verdict.

    Args:
        verdict: to tell; None where there is none.
        unjudged: why there is none.
    """
    if verdict is None:
        return [Words(text=f"Not judged: {unjudged or 'no reason is known'}.", alarm=True)]
    counted = ", ".join(f"{value} {name}" for name, value in verdict.counts.items())
    state = f"The training is {verdict.state}{f' ({counted})' if counted else ''}."
    return [
        Words(text=state, alarm=not verdict.healthy),
        *(Listing(lines=_told(finding), alarm=True) for finding in verdict.findings),
        *_listed("Seen once, and not confirmed by the end:", [finding.line for finding in verdict.suspected]),
        *_listed("Let pass:", verdict.passed),
        *_listed("Not judged:", verdict.blind),
        *_ran(verdict),
    ]


def _told(finding: Finding) -> list[str]:
    return [finding.line, f"Cause: {finding.rule.cause}", f"Next: {finding.rule.move}", f"See: {finding.rule.link}"]


def _listed(words: str, lines: Sequence[str]) -> list[Part]:
    return [Words(text=words), Listing(lines=lines)] if lines else []


def _ran(verdict: Verdict) -> list[Part]:
    if not verdict.ran:
        return []
    blind = "" if verdict.blind else " Every check that ran could judge what it is for."
    words = f"{len(verdict.ran)} checks judged something.{blind}"
    return [Words(text=words), Verbatim(text="\n".join(verdict.ran), summary="Which checks")]
