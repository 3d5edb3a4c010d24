"""How does a command learn of codebooks, channels, estimators and presets of one's own? From a Python file it runs."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from trainlint.errors import ExplainedError

from ...errors import ConfigurationError
from ...files import cause, move, read_regular, reason

_MOST_BYTES = 2**20


def extend(path: Path) -> None:
    """Run a Python file, which adds entries to the registries.

    ```python
    from ris_pytorch_pipeline.physics import CODEBOOKS, PRESETS, Codebook, preset

    CODEBOOKS["mine"] = Codebook(name="mine", draw=draw)
    PRESETS["lab"] = preset("pilot", codes="mine", horizontal=20)
    ```

    Args:
        path: of the file; it is code, and does whatever it says.

    Raises:
        ConfigurationError: no such file, or one that raises.
        ExplainedError: what the file raised, if it says four things of itself.
    """
    try:
        read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise ConfigurationError(
            "--extend FILE.py, a Python file",
            f"{path}: {reason(error)}",
            cause(error, "a mistyped path"),
            move(error, "check the path"),
        ) from error
    name = f"ris_extension_{path.stem}"
    spec = spec_from_file_location(name, path, loader=SourceFileLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ConfigurationError("a Python file", str(path), "a file of another kind", "name a file ending in .py")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ExplainedError:
        raise
    except Exception as error:  # whatever a program of somebody else's raises
        raise ConfigurationError(
            f"{path} to run through", f"{type(error).__name__}: {str(error)[:200]}", "an error in that file",
            f"run it alone: python {path}",
        ) from error  # fmt: skip
