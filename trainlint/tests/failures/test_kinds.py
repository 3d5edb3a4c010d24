"""Is each kind of broken loss, mode or batch named, and its sound neighbour left alone?"""

import pytest

from .kinds import KINDS
from .toy import codes

QUIET = (
    "ignore:Using a target size:UserWarning",
    "ignore:Implicit dimension choice:UserWarning",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings(*QUIET)
def test_broken_program_earns_its_finding(kind: str):
    broken, code, _ = KINDS[kind]
    assert code in codes(broken)


@pytest.mark.parametrize("kind", KINDS)
def test_sound_neighbour_stays_clean(kind: str):
    assert codes(KINDS[kind][2]) == ()
