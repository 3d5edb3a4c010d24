"""`python -m trainlint` is `trainlint`."""

import sys

from .cli import main

sys.exit(main())
