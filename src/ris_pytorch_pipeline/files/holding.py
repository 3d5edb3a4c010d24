"""How does one process hold a file against all others? By the kernel, which lets go when the process ends."""

import errno

try:
    import fcntl
except ImportError:  # Windows, where nothing is held
    fcntl = None


def try_hold(descriptor: int) -> None:
    """Hold an open file until it is closed or the process ends.

    Args:
        descriptor: of the file.

    Raises:
        BlockingIOError: another process holds it.
        OSError: this platform or file system cannot hold files.
    """
    if fcntl is None:
        raise OSError(errno.ENOSYS, "no file locks on this platform")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
