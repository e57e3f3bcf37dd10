"""A server on this machine that gives one file, and cuts its answers short as often as asked."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What is served, and what was asked.

    Attributes:
        content: of the file.
        cuts: bytes of the next answers after which the connection is dropped; then none is.
        statuses: of the next answers, without content; then all is well.
        ranges: whether parts may be asked for.
        asked: the first byte of each request.
        address: of the file.
    """

    content: bytes
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[int] = field(default_factory=list)
    address: str = ""


@contextmanager
def serve(
    content: bytes,
    cuts: Sequence[int] = (),
    statuses: Sequence[int] = (),
    ranges: bool = True,
    name: str = "data.zip",
) -> Iterator[Served]:
    """Serve a file until the block ends."""
    served = Served(content, list(cuts), list(statuses), ranges)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self, served)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    served.address = f"http://127.0.0.1:{server.server_address[1]}/files/{name}?download=1"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def answer(handler: BaseHTTPRequestHandler, served: Served) -> None:
    """One answer, as RFC 9110 has ranges."""
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    start = int(wanted[1]) if wanted and served.ranges else 0
    served.asked.append(start)
    total = len(served.content)
    if served.statuses:
        handler.send_response(served.statuses.pop(0))
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    if start >= total:
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{total}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
    handler.send_header("Content-Length", str(total - start))
    handler.end_headers()
    end = start + served.cuts.pop(0) if served.cuts else total
    handler.wfile.write(served.content[start:end])
    handler.close_connection = True
