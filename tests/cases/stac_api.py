"""A STAC API on 127.0.0.1 that answers every search with the same items, and counts."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def stac_api(items, files=None):
    """Serve items, and files below a folder; gives the URL and the searches that came."""
    searches = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/":
                return self._send_file(files / self.path[1:])
            url = f"http://127.0.0.1:{self.server.server_port}"
            links = [
                {"rel": "self", "href": url},
                {"rel": "root", "href": url, "type": "application/json"},
                {"rel": "search", "href": f"{url}/search", "type": "application/geo+json"}
                | {"method": "POST"},
            ]
            return self._answer(
                {
                    "type": "Catalog",
                    "id": "local",
                    "stac_version": "1.0.0",
                    "description": "a few items",
                    "conformsTo": [
                        "https://api.stacspec.org/v1.0.0/core",
                        "https://api.stacspec.org/v1.0.0/item-search",
                        "https://api.stacspec.org/v1.0.0/item-search#query",
                    ],
                    "links": links,
                }
            )

        def do_HEAD(self):
            self._send_file(files / self.path[1:], body=False)

        def _send_file(self, path, body=True):
            if not path.is_file():
                return self.send_error(404)
            content = path.read_bytes()
            asked = self.headers.get("Range")
            first, last = 0, len(content) - 1
            if asked:
                start, _, stop = asked.removeprefix("bytes=").partition("-")
                first, last = int(start), min(last, int(stop or last))
            self.send_response(206 if asked else 200)
            self.send_header("Accept-Ranges", "bytes")
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            self.send_header("Content-Length", str(last + 1 - first))
            self.end_headers()
            if body:
                self.wfile.write(content[first : last + 1])

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            searches.append(json.loads(self.rfile.read(length)))
            self._answer({"type": "FeatureCollection", "features": items, "links": []})

        def _answer(self, body):
            payload = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", searches
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
