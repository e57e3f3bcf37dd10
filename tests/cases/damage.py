"""What may have happened to a file, by name."""

import os
import signal
import threading
from contextlib import contextmanager, suppress
from pathlib import Path


def cut(share):
    return lambda path: path.write_bytes(path.read_bytes()[: share(path.stat().st_size)])


def flip(share, bits=4):
    def flipped(path):
        content = bytearray(path.read_bytes())
        content[share(len(content))] ^= bits
        path.write_bytes(content)

    return flipped


def write(content):
    return lambda path: path.write_bytes(content)


def replace_by(make):
    def replaced(path):
        path.unlink()
        make(path)

    return replaced


def append(content):
    return lambda path: path.write_bytes(path.read_bytes() + content)


CONTENT = {
    "nothing left": cut(lambda size: 0),
    "the head alone": cut(lambda size: 30),
    "half": cut(lambda size: size // 2),
    "all but a byte": cut(lambda size: size - 1),
    "a byte more": append(b"0"),
    "first byte": flip(lambda size: 0),
    "byte of the header": flip(lambda size: min(12, size - 1)),
    "byte in the middle": flip(lambda size: size // 2),
    "last byte but one": flip(lambda size: size - 2),
    "a web page": write(b"<!DOCTYPE html><html><body>404</body></html>"),
    "an empty list": write(b"[]"),
    "zeros": write(bytes(5000)),
}
"""To a file's bytes."""

PLACE = {
    "a folder": replace_by(lambda path: path.mkdir()),
    "a pipe": replace_by(os.mkfifo),
    "a broken link": replace_by(lambda path: path.symlink_to("nowhere")),
}
"""To what lies under its name."""

FOREIGN = {
    "a JSON object": write(b"{}"),
    "null": write(b"null"),
    "nested lists": write(b"[" * 100_000),
    "UTF-16": lambda path: path.write_bytes("id,date\n1,2\n".encode("utf-16")),
    "bytes of any kind": write(bytes(range(256)) * 20),
    "second half changed": lambda path: path.write_bytes(
        (content := path.read_bytes())[: len(content) // 2]
        + bytes(255 - byte for byte in content[len(content) // 2 :])
    ),
    "every 40th byte changed": lambda path: path.write_bytes(
        bytes(b ^ 0x55 if n % 40 == 39 else b for n, b in enumerate(path.read_bytes()))
    ),
    "a device without end": replace_by(lambda path: path.symlink_to("/dev/zero")),
    "a device that is empty": replace_by(lambda path: path.symlink_to("/dev/null")),
    "a terabyte of zeros": lambda path: os.truncate(path, 2**40),
    "a link to itself": replace_by(lambda path: path.symlink_to(path.name)),
}
"""To files that others make."""


@contextmanager
def limited(seconds=10, pipes=()):
    """A block that may neither wait nor take gigabytes; who reads a pipe is let go, and told.

    Args:
        seconds: after which it fails.
        pipes: paths that may be pipes; opening one blocks its reader in C, beyond any signal.
    """
    import resource

    def stop(*_):
        waited.append(f"{seconds} s")
        raise TimeoutError(f"still at work after {seconds} s")

    def release():
        for path in pipes:
            if not path.is_fifo():
                continue
            with suppress(OSError):  # nobody has it open
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                waited.append(path)

    waited = []
    before = signal.signal(signal.SIGALRM, stop)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    timer = threading.Timer(min(2, seconds), release)
    timer.start()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (held + 2**30, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        timer.cancel()
        if waited:  # whatever the reader made of that
            raise TimeoutError(f"waited for {waited}")
