"""How much may a library in C allocate that believes what a file says of its own sizes? No more than a bound."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "linux":
    import resource

_PAGES = Path("/proc/self/statm")


@contextmanager
def allocating_at_most(more: int) -> Iterator[None]:
    """A block in which the process may take so many bytes more than it has, and no more.

    HDF5 allocates a header of an object by the four bytes in which a file states its size, before it finds that the
    file is shorter: 2.3 GB for a file of 5 kB. An allocation beyond the bound fails, which the library tells as an
    error. The bound is that of the whole process, so that other threads have no more either. On other systems than
    Linux nothing is bound.

    Args:
        more: bytes.

    Yields:
        Nothing.
    """
    if sys.platform != "linux":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = int(_PAGES.read_text().split()[0]) * resource.getpagesize() + more
    bounds = [each for each in (bound, soft, hard) if each != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(bounds), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
