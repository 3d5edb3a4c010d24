from .certainty.sandwich import sandwich_information
from .counting.credible import Evidence, evidence, weak
from .elsewhere.edges import at_edge
from .groups import Groups, groups_of
from .meaning.capture import capture_notes
from .meaning.other_ways import NOISE_ESTIMATED, STATED, Convention, conventions, nearest_spacing
from .meaning.preflight import Note, channel_rank, check_units, facts, grating_lobes, looks, notes
from .meaning.trying import WIDER, Trial, better, explains, try_conventions
from .residual.structure import SENTENCES, Structure, structure
from .residual.tangents import Tangents, tangents_of
from .verdict import ALARM

__all__ = [
    "ALARM",
    "NOISE_ESTIMATED",
    "SENTENCES",
    "STATED",
    "WIDER",
    "Convention",
    "Evidence",
    "Groups",
    "Note",
    "Structure",
    "Tangents",
    "Trial",
    "at_edge",
    "better",
    "capture_notes",
    "channel_rank",
    "check_units",
    "conventions",
    "evidence",
    "explains",
    "facts",
    "grating_lobes",
    "groups_of",
    "looks",
    "nearest_spacing",
    "notes",
    "sandwich_information",
    "structure",
    "tangents_of",
    "try_conventions",
    "weak",
]
