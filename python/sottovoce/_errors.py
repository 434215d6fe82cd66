"""What calls raise, besides ``TypeError`` and ``ValueError`` for arguments of the wrong kind."""


class SottovoceError(Exception):
    """A recording, a model or a reference cannot be used; the text says what to do.

    ``code`` is a short, stable name, the same as in the command line's JSON.
    """

    code: str

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


class FileError(SottovoceError, OSError):
    """A file cannot be read. It has the attributes of ``OSError``."""

    code = "unreadable-file"

    def __init__(self, errno: int, strerror: str, filename: str) -> None:
        OSError.__init__(self, errno, strerror, filename)

    __str__ = OSError.__str__


class MissingFileError(FileError, FileNotFoundError):
    """There is no such file."""
