"""The page from outside: access, responses, and messages."""

from __future__ import annotations

import pytest

pytest.importorskip("uvicorn")

from blazetrack.web.catalog import BROWSER_CAMERA
from tests.toy_models import ToyWorld
from tests.web.served_page import Open


def test_static_files_have_their_content_types(serve_page: Open) -> None:
    with serve_page() as site:
        page = site.request("/")
        assert page.status == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for name in ("app.js", "style.css", "icon.svg"):
            assert f"static/{name}".encode() in page.body
            asset = site.request(f"/static/{name}")
            assert asset.status == 200
            assert asset.headers["content-type"].startswith(("text/", "image/svg"))


def test_responses_have_security_headers(serve_page: Open) -> None:
    with serve_page() as site:
        for path in ("/", "/static/app.js", "/nowhere", "/recordings/a/b"):
            headers = site.request(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "unsafe" not in headers["content-security-policy"]
            assert "http" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


def test_paths_outside_the_static_folder_are_404(serve_page: Open) -> None:
    with serve_page() as site:
        for path in (
            "/static/",
            "/static/../app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e/app.py",
            "/static/..%5capp.py",
            "/static/%2fetc%2fpasswd",
            "/static/app.js%00",
            "/static/app.js%ff",
            "/../../etc/passwd",
            "/recordings/../../etc/passwd",
            "/recordings/..%2f..%2fetc/passwd",
            "/recordings/x/mp4",
            "/recordings/x/..",
            "//etc/passwd",
            "http://localhost/etc/passwd",
        ):
            assert site.request(path).status == 404, path


def test_writing_methods_are_refused(serve_page: Open) -> None:
    with serve_page() as site:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            for path in ("/", "/static/app.js", "/recordings/x/mp4", "/live"):
                assert site.request(path, method).status in (404, 405)


def test_foreign_host_is_refused(serve_page: Open) -> None:
    with serve_page() as site:
        for host in ("evil.com", "[", "localhost.evil.com", "192.168.1.7:8765"):
            for path in ("/", "/static/app.js", "/live"):
                response = site.request(path, host=host)
                assert response.status == 421
                assert "content-security-policy" in response.headers
            if host != "[":
                assert site.refused(host=host, origin=f"http://{host}") == 403


def test_foreign_origin_is_refused(serve_page: Open) -> None:
    with serve_page() as site:
        for origin in ("http://evil.com", "null", "", "http://[", "http://localhost:1", None):
            assert site.refused(origin=origin) == 403


def test_requests_without_the_token_are_refused(serve_page: Open) -> None:
    with serve_page("0.0.0.0") as site:
        for query in ("", "?token=", "?token=wrong", "?token=secre", "?token=secret%00"):
            assert site.request("/" + query).status == 403
            assert site.request("/recordings/x/mp4" + query).status == 403
            assert site.refused(query) == 403
            page = site.request("/" + query)
            assert page.headers["content-type"].startswith("text/html")
            assert b'name="viewport"' in page.body
        assert site.request("/?token=secret").status == 200
        with site.connect("?token=secret") as page:
            page.receive("hello")


def test_page_receives_hello_state_and_frames(serve_page: Open) -> None:
    with serve_page() as site, site.connect() as page:
        hello = page.receive("hello")
        assert hello["sources"] == ["discs", "more", BROWSER_CAMERA]
        assert hello["begin"] == "discs"
        assert page.receive("state")["source"] == "discs"
        first, second = page.receive("picture"), page.receive("picture")
        assert second["number"] > first["number"]
        (person,) = second["record"]["poses"]
        assert len(person["landmarks_px"]) == 33


def test_change_of_one_page_is_sent_to_all(serve_page: Open) -> None:
    with serve_page() as site, site.connect() as one, site.connect() as two:
        for page in (one, two):
            page.receive("state")
        one.send(type="set", people=3, smoothing=0, paused=True, source="more")
        state = two.receive("state")
        while not state["paused"]:  # of the greeting
            state = two.receive("state")
        assert (state["people"], state["smoothing"], state["source"]) == (3, 0, "more")


def test_unknown_choice_is_an_error_for_its_page(serve_page: Open) -> None:
    with serve_page() as site, site.connect() as page:
        for wanted in ({"source": "/etc/passwd"}, {"model": "../x"}, {"graph": "pose_multi"}):
            page.send(type="set", **wanted)
            assert page.receive("error")["text"].startswith("no ")
        page.receive("picture")


def test_browser_camera_receives_its_frames_only(serve_page: Open, toy: ToyWorld) -> None:
    with serve_page(first=BROWSER_CAMERA) as site, site.connect() as page:
        assert page.receive("hello")["begin"] == BROWSER_CAMERA
        page.send(type="set", source=BROWSER_CAMERA)
        assert page.receive("state")["source"] == BROWSER_CAMERA
        for number in (1, 2):
            page.send_image(toy.picture((100, 100)), number)
            response = page.receive("frame")
            assert response["number"] == number
            assert len(response["record"]["poses"]) == 1
        page.send(type="set", source="discs")
        page.receive("picture")


def test_browser_camera_page_receives_the_state_before_its_first_image(
    serve_page: Open, toy: ToyWorld
) -> None:
    with serve_page(first=BROWSER_CAMERA) as site, site.connect() as page:
        state = page.receive("state")
        assert (state["source"], state["model"], state["graph"]) == (BROWSER_CAMERA, "full", "pose")
        page.send(type="set", masks=True)
        assert page.receive("state")["masks"] is True
        page.send_image(toy.picture((100, 100)))
        (person,) = page.receive("frame")["record"]["poses"]
        assert person["mask"]["size"] == [240, 320]


def test_begin_starts_ids_afresh(serve_page: Open, toy: ToyWorld) -> None:
    with serve_page(first=BROWSER_CAMERA) as site, site.connect() as page:
        for number, at in enumerate([(50, 50), (250, 180)]):
            page.send(type="begin", still=True)
            page.send_image(toy.picture(at), number)
            (person,) = page.receive("frame")["record"]["poses"]
            assert person["id"] == 1
            assert person["landmarks_px"][0][:2] == pytest.approx(at, abs=2)
