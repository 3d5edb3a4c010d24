"""Does a fuzzer that sees which lines a reader reaches find a file that fails it with a foreign exception?

Run: pip install atheris; python benchmarks/fuzz/guided.py scene --seconds 600 [--corpus build/corpus]

atheris keeps, in CORPUS/READER, each input that reached something new, and begins with what is there. Documents are
sealed anew after every change, so that what lies behind the digest is reached. A foreign exception ends the run, and
the input is left beside the corpus; a crash of the interpreter does too.
"""

import argparse
import os
import random
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

atheris = import_module("atheris")  # which is no dependency

with atheris.instrument_imports(include=["ris_pytorch_pipeline", "trainlint"]):
    from changing import sealed_anew
    from making import make_all
    from reader import SECONDS, outcome
    from readers import READERS

MOST = 60_000
"""Bytes of an input."""


def main() -> None:
    """Fuzz one reader.

    Raises:
        SystemExit: by atheris, with another code than 0 where an input failed.
    """
    parser = argparse.ArgumentParser(description="Guided by coverage.")
    parser.add_argument("reader", choices=[*READERS])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, default=Path("build/corpus"))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as place:
        make_all(Path(place))
        reader = READERS[given.reader]
        path, kept = Path(place) / reader.file, given.corpus / reader.folder
        good = path.read_bytes()
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "good").write_bytes(good)

        def one(content: bytes) -> None:
            path.write_bytes(content)
            told = outcome(reader.read, path)
            if told.startswith("FOREIGN"):
                raise AssertionError(told)

        def changed(content: bytes, most: int, seed: int) -> bytes:
            draw = random.Random(seed)
            try:
                new = reader.change(content, draw) if draw.random() < 0.5 else atheris.Mutate(content, most)
            except Exception:
                new = atheris.Mutate(content, most)
            return sealed_anew(new)[:most]

        told = [f"-max_total_time={given.seconds}", f"-max_len={MOST}", f"-timeout={SECONDS}", "-rss_limit_mb=1024"]
        told += ["-print_final_stats=1", f"-artifact_prefix={kept.parent}{os.sep}"]
        atheris.Setup([sys.argv[0], *told, str(kept)], one, custom_mutator=changed)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
