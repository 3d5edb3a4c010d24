"""Programs of the kinds that public questions describe: which are named, and which nobody sees."""

import pytest

from .public import BUGS, Bug
from .public_second import SECOND


@pytest.mark.parametrize("bug", (*BUGS, *SECOND), ids=lambda bug: bug.told)
@pytest.mark.filterwarnings("ignore:Using a target size:UserWarning")
def test_bug_is_named_or_known_to_be_missed(bug: Bug):
    verdict = bug.program().close()
    if bug.code:
        assert bug.code in verdict.codes
    elif bug.flagged:
        assert not verdict.healthy
    else:
        assert verdict.healthy, "it is seen now: say so in the table of the handbook"
