from .atomic import append_whole, check_can_write, remove_leftovers, replacing, write_whole
from .causes import cause, is_missing, move
from .content import Content
from .document import parse_document, parse_toml
from .folders import check_can_make, make_folder
from .lines import Lines
from .lock import Lock, is_working_file, remove_old_leftovers
from .regular import is_there, open_regular, read_regular, reason, regular_size
from .schema import fits, from_document
from .seal import SEAL, blank, check_seal, sealed
from .sealed_text import Format, is_changed, sealed_document, signed_text, unsealed_document
from .signals import Stop, Terminated, parent_watch, stopping, terminating
from .tensors import StoredTensors, read_tensors, warn_unsealed, write_tensors

__all__ = [
    "SEAL",
    "Content",
    "Format",
    "Lines",
    "Lock",
    "Stop",
    "StoredTensors",
    "Terminated",
    "append_whole",
    "blank",
    "cause",
    "check_can_make",
    "check_can_write",
    "check_seal",
    "fits",
    "from_document",
    "is_changed",
    "is_missing",
    "is_there",
    "is_working_file",
    "make_folder",
    "move",
    "open_regular",
    "parent_watch",
    "parse_document",
    "parse_toml",
    "read_regular",
    "read_tensors",
    "reason",
    "regular_size",
    "remove_leftovers",
    "remove_old_leftovers",
    "replacing",
    "sealed",
    "sealed_document",
    "signed_text",
    "stopping",
    "terminating",
    "unsealed_document",
    "warn_unsealed",
    "write_tensors",
    "write_whole",
]
