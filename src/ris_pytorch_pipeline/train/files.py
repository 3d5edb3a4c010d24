"""Where are the files of a run, and may they be written?"""

from pathlib import Path

from ..errors import ConfigurationError

LEDGER, LAST, BEST = "ledger.jsonl", "last.safetensors", "best.safetensors"
"""Every event; the newest checkpoint; the checkpoint of the best epoch."""


class RunFiles:
    """The files of a run in one directory, or none at all.

    Args:
        directory: made if it does not exist; None keeps nothing.
        writes: whether this process writes; one that does not still reads the directory.
    """

    def __init__(self, directory: Path | str | None, *, writes: bool = True) -> None:
        self.directory = None if directory is None else Path(directory)
        self.writes = writes

    def path(self, name: str) -> Path | None:
        """The file of that name to write to; None where nothing is written."""
        return self.directory / name if self.directory is not None and self.writes else None

    def open_new(self) -> None:
        """Make the directory for a new run.

        Raises:
            ConfigurationError: it holds a run already, or cannot be made.
        """
        if self.directory is None:
            return
        held = [name for name in (LEDGER, LAST, BEST) if (self.directory / name).exists()]
        if held:
            raise ConfigurationError(
                "a directory without a run", f"{self.directory} with {', '.join(held)}", "an earlier run",
                "pick another directory, or pass resume=True (--resume) to go on",
            )  # fmt: skip
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                "a directory that can be made", f"{self.directory}: {error.strerror}", "a file of that name",
                "pick another directory",
            ) from error  # fmt: skip

    def newest(self) -> Path:
        """The checkpoint to resume from.

        Raises:
            ConfigurationError: there is none.
        """
        path = None if self.directory is None else self.directory / LAST
        if path is None or not path.exists():
            raise ConfigurationError(
                f"a directory with {LAST} to resume from", str(self.directory), "a run that never saved",
                "start it without resume",
            )  # fmt: skip
        return path
