"""How is a wheel made smaller? Hatchling packs it at zlib's default level, and it is packed anew at the strongest."""

import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Strongest(BuildHookInterface):
    """Packs the files of a finished wheel anew, in their order and with their dates."""

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Replace the wheel by one with the same content; `version` is `standard` for a wheel to install elsewhere."""
        if version != "standard":
            return
        path = Path(artifact_path)
        packed = path.with_suffix(".part")
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
            for entry in old.infolist():
                new.writestr(entry, old.read(entry), zipfile.ZIP_DEFLATED, 9)
        packed.replace(path)
