"""What does each rule look like in code, and what does its finding not mean?"""

from dataclasses import dataclass

from .pages_measured import MEASURED
from .pages_read import READ
from .pages_series import SERIES


@dataclass(frozen=True, kw_only=True)
class Page:
    """What `trainlint explain` adds to a rule.

    Args:
        example: a few lines that earn the finding.
        not_meant: what a reader might conclude and should not.
    """

    example: str
    not_meant: str


PAGES: dict[str, Page] = {
    code: Page(example=example, not_meant=not_meant)
    for code, (example, not_meant) in (MEASURED | READ | SERIES).items()
}
"""Code of a rule, and its page."""
