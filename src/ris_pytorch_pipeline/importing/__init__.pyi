from .assembling import Imported, import_scenes, scenes_of
from .mapping import ImportMapping, Places, Quantity, Signal, mapping_of, read_mapping
from .reading import FORMATS, Folder, Format
from .summary import Row, doubts_of, spacing_of, summary_of

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
    "read_mapping",
    "scenes_of",
    "spacing_of",
    "summary_of",
]
