"""Who gets in: by address, by token, by the site that a page is from."""

from __future__ import annotations

import pytest

from blazetrack.web.access import Access, is_loopback

OTHERS = ["[", "[::1", "a]b", "", None, "localhost.evil.com", "evil.com:8765", "127.0.0.1.evil.com"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_only_this_machine_reaches_the_loopback_address(host: str) -> None:
    assert is_loopback(host)
    assert Access(host).token == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_where_others_may_come_the_link_has_a_token(host: str) -> None:
    one, two = Access(host), Access(host)
    assert len(one.token) >= 20
    assert one.token != two.token


def test_the_token_is_the_one_of_the_link() -> None:
    access = Access("0.0.0.0", "küche")
    assert access.admits_token("küche")
    assert not any(access.admits_token(one) for one in (None, "", "kuche", "küche ", "KÜCHE"))


def test_without_a_token_there_must_be_none() -> None:
    access = Access("localhost")
    assert access.admits_token(None)
    assert access.admits_token("")
    assert not access.admits_token("guess")


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:8765", "LocalHost:1"])
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert Access("localhost").admits_host(host)


@pytest.mark.parametrize("host", OTHERS)
def test_a_name_that_was_pointed_here_is_not_answered(host: str | None) -> None:
    assert not Access("localhost").admits_host(host)


def test_with_a_token_every_name_is_answered() -> None:
    assert Access("0.0.0.0").admits_host("raspberrypi.local:8765")


@pytest.mark.parametrize("origin", ["http://localhost:8765", "https://LOCALHOST:8765"])
def test_a_page_of_this_server_may_open_a_line(origin: str) -> None:
    assert Access("localhost").admits_origin(origin, "localhost:8765")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://localhost",
        "http://localhost:8766",
        "http://127.0.0.1:8765",
        "http://evil.com",
        "http://localhost:8765.evil.com",
        "http://localhost:8765@evil.com",
        "file://localhost:8765",
        "http://[",
    ],
)
def test_a_page_of_another_site_may_not(origin: str | None) -> None:
    assert not Access("localhost").admits_origin(origin, "localhost:8765")


@pytest.mark.parametrize("host", [None, ""])
def test_who_names_no_host_may_not(host: str | None) -> None:
    assert not Access("localhost").admits_origin("http://", host)
