from .assembling import Imported, import_scenes, scenes_of
from .mapping import ImportMapping, mapping_of, read_mapping
from .quantities import Places, Quantity, Signal
from .reading import FORMATS, Folder, Format
from .summary import Row, doubts_of, summary_of
from .truths import note_of_truth

__all__ = [
    "FORMATS",
    "Folder",
    "Format",
    "ImportMapping",
    "Imported",
    "Places",
    "Quantity",
    "Row",
    "Signal",
    "doubts_of",
    "import_scenes",
    "mapping_of",
    "note_of_truth",
    "read_mapping",
    "scenes_of",
    "summary_of",
]
