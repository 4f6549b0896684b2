"""No secret of an address is ever shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazetrack.common.addresses import shown_address, shown_source
from blazetrack.errors import SourceError
from blazetrack.sources import open_source


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://me:secret@10.0.0.2/live", "rtsp://10.0.0.2/live"),
        ("rtsp://user:p@s3cret@127.0.0.1:9/x", "rtsp://127.0.0.1:9/x"),
        ("rtsp://user:p/s3cret@127.0.0.1:9/x", "rtsp://127.0.0.1:9/x"),
        ("rtsp://user:p?s3#cret@127.0.0.1:9/x", "rtsp://127.0.0.1:9/x"),
        ("rtsp://127.0.0.1:9/x?user=admin&pwd=s3cret", "rtsp://127.0.0.1:9/x"),
        ("http://h/x?mail=a@b&pwd=s3cret", "http://b"),
        ("rtsp://h:554/user=admin_password=s3cret_channel=1.sdp", "rtsp://h:554/…"),
        ("rtsp://h:554/0/admin:s3cret/main", "rtsp://h:554/0/…/main"),
        ("rtmp://a.example/live2/s3cr-et12", "rtmp://a.example/live2/…"),
        ("https://h/0123456789abcdef0123456789/clip.mp4", "https://h/…/clip.mp4"),
        ("http://[::1]:80/a%20b", "http://[::1]:80/…"),
        ("http://h/x;jsessionid=s3cret", "http://h/…"),
        ("http://127.0.0.1:18998/clip.mp4#t=s3cret", "http://127.0.0.1:18998/clip.mp4"),
        ("a film.mp4", "a film.mp4"),
    ],
)
def test_shown_address_has_no_secret(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@given(st.text(st.characters(codec="ascii"), min_size=0, max_size=12))
def test_shown_address_of_any_password_hides_it(noise: str) -> None:
    secret = f"Q{noise}Z9Q"
    assert "Z9Q" not in shown_address(f"rtsp://user:{secret}@10.0.0.2:554/live")
    assert "user" not in shown_address(f"rtsp://user:{secret}@10.0.0.2:554/live")


def test_shown_source_mistyped_address_has_no_password() -> None:
    assert shown_source("rtsp:/user:s3cret@10.0.0.2/live") == "rtsp:…@10.0.0.2/live"
    assert shown_source("rtsp:user:s3cret@10.0.0.2/live?k=s3cret") == "rtsp:…@10.0.0.2/live"
    assert shown_source("clips/a@b.mp4") == "clips/a@b.mp4"


@pytest.mark.parametrize(
    "text",
    ["rtsp:/user:s3cret@h/x", "mine.cam:Cam?url=rtsp://user:s3cret@h/x", "user:s3cret@h"],
)
def test_open_source_unknown_text_shows_no_password(text: str) -> None:
    with pytest.raises(SourceError) as error:
        open_source(text)
    assert "s3cret" not in str(error.value)
