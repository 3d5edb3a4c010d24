from .credible import Evidence, evidence, weak
from .edges import at_edge
from .groups import Groups, groups_of
from .modes import modes_of
from .other_ways import STATED, Convention, conventions, nearest_spacing
from .preflight import Note, channel_rank, check_units, grating_lobes, notes
from .sandwich import sandwich_information
from .structure import Structure, structure
from .tangents import Tangents, tangents_of
from .trying import Trial, better, explains, try_conventions
from .verdict import ALARM, Judged, judge

__all__ = [
    "ALARM",
    "STATED",
    "Convention",
    "Evidence",
    "Groups",
    "Judged",
    "Note",
    "Structure",
    "Tangents",
    "Trial",
    "at_edge",
    "better",
    "channel_rank",
    "check_units",
    "conventions",
    "evidence",
    "explains",
    "grating_lobes",
    "groups_of",
    "judge",
    "modes_of",
    "nearest_spacing",
    "notes",
    "sandwich_information",
    "structure",
    "tangents_of",
    "try_conventions",
    "weak",
]
