from .credible import Evidence, evidence, weak
from .edges import at_edge
from .groups import Groups, groups_of
from .modes import modes_of
from .sandwich import sandwich_information
from .structure import Structure, structure
from .verdict import ALARM, Judged, judge

__all__ = [
    "ALARM",
    "Evidence",
    "Groups",
    "Judged",
    "Structure",
    "at_edge",
    "evidence",
    "groups_of",
    "judge",
    "modes_of",
    "sandwich_information",
    "structure",
    "weak",
]
