"""Which well-known kind of file begins like this? For messages about a file in another one's place."""

_BEGINNINGS = {
    b"\x1f\x8b": "a gzip archive, to be unpacked first",
    b"BZh": "a bzip2 archive, to be unpacked first",
    b"\xfd7zXZ": "an xz archive, to be unpacked first",
    b"\x28\xb5\x2f\xfd": "a zstd archive, to be unpacked first",
    b"PK\x03\x04": "a zip archive, such as .npz files and those of torch.save",
    b"\x93NUMPY": "a .npy file",
    b"MATLAB": "a .mat file",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"<": "a page of HTML or XML, such as a server answers in place of a file",
    b"{": "a JSON text",
}


def kind_of(beginning: bytes) -> str | None:
    r"""In words; None of what is not known.

    >>> kind_of(b"\x93NUMPY\x01\x00")
    'a .npy file'

    Args:
        beginning: eight bytes or more.
    """
    return next((kind for start, kind in _BEGINNINGS.items() if beginning.startswith(start)), None)
