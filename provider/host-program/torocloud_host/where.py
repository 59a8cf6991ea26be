"""Where things are: the root of the host's file system, which tests move into a folder of their own."""

root = ""
"""What stands in front of every absolute path; empty but in tests."""

command_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where commands are found."""


def real(path: str) -> str:
    """The path to open for an absolute path of the host."""
    return root + path
