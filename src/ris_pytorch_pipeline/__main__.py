"""`python -m ris_pytorch_pipeline` is `ris`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
