"""Which small program earns each finding, and which change mends it?"""

from .example import Example, changed
from .read import CHANGES
from .read import SOUND as SCRIPT
from .snippets import ALONE, CALLED, LOGGED
from .watched import SOUND, UPDATES
from .watched_losses import LOSSES

WITHOUT = {
    "RT128": "it takes two processes; `tests/during/test_watch.py` starts them",
    "RT412": "a run and the source beside it say it together; `tests/unedited/test_joined.py` does",
    "RT236": "a watch in the code is handed every loss; `tests/unedited/test_lost.py` runs such a program",
}
"""Rules without a small example, and why."""


def _made() -> dict[str, Example]:
    made = {c: Example(kind="read", sound=SCRIPT, broken=changed(SCRIPT, change)) for c, change in CHANGES.items()}
    for code, (shared, change) in (UPDATES | LOSSES).items():
        sound = changed(SOUND, shared)
        made[code] = Example(kind="watched", sound=sound, broken=changed(sound, change))
    for kind, table in (("alone", ALONE), ("called", CALLED), ("logged", LOGGED)):
        made |= {c: Example(kind=kind, sound=changed(b, mend), broken=b) for c, (b, mend) in table.items()}
    return dict(sorted(made.items()))


EXAMPLES: dict[str, Example] = _made()
"""Code of a rule, and its example."""
