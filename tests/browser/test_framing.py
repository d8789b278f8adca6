"""Another site cannot put our pages into a frame and have somebody click through it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Site


@pytest.fixture
def elsewhere(site: Site) -> Iterator[str]:
    """A site of another origin whose page frames ours, and one of its own beside it."""

    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            own = b"<p>a page that may be framed</p>"
            frames = "".join(
                f'<iframe name="f{n}" src="{address}"></iframe>'
                for n, address in enumerate(
                    ["/own", f"{site.address}/sign-in", f"{site.address}/family", f"{site.address}/nowhere"]
                )
            ).encode()
            body = own if self.path == "/own" else b"<!doctype html><title>Win a prize</title>" + frames
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.asvs("3.4.6")
def test_our_pages_show_nothing_inside_another_sites_frame(chromium: Browser, elsewhere: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(elsewhere, wait_until="load")
    own = page.frame("f0")
    assert own is not None
    assert "may be framed" in own.content()
    for number in (1, 2, 3):
        frame = page.frame(f"f{number}")
        assert frame is not None
        assert frame.url == "chrome-error://chromewebdata/"
        assert frame.locator("form, h1").count() == 0 or "refused to connect" in frame.content()
        assert "password" not in frame.content()
    assert len([said for said in refused if "frame-ancestors" in said]) >= 3
    context.close()
