"""Access checks, rate limit and certificate of the live page."""

from __future__ import annotations

import ipaddress
import os
import ssl
from pathlib import Path

import pytest

from blazetrack.errors import InputError
from blazetrack.web.access import Access, RateLimit, is_loopback, links, write_certificate
from tests.web.clock import Clock

FOREIGN = [
    "[",
    "[::1",
    "a]b",
    "",
    None,
    "localhost.evil.com",
    "evil.com:8765",
    "127.0.0.1.evil.com",
]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_access_loopback_host_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert Access(host).token == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", ""])
def test_access_public_host_has_random_token(host: str) -> None:
    one, two = Access(host), Access(host)
    assert len(one.token) >= 20
    assert one.token != two.token


def test_allows_token_only_exact_match() -> None:
    access = Access("0.0.0.0", "küche")
    assert access.allows_token("küche")
    assert not any(access.allows_token(one) for one in (None, "", "kuche", "küche ", "KÜCHE"))


def test_allows_token_loopback_refuses_any_token() -> None:
    access = Access("localhost")
    assert access.allows_token(None)
    assert access.allows_token("")
    assert not access.allows_token("guess")


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:8765", "LocalHost:1"])
def test_allows_host_loopback_names(host: str) -> None:
    assert Access("localhost").allows_host(host)


@pytest.mark.parametrize("host", FOREIGN)
def test_allows_host_foreign_name_is_refused(host: str | None) -> None:
    assert not Access("localhost").allows_host(host)


def test_allows_host_with_token_any_name() -> None:
    assert Access("0.0.0.0").allows_host("raspberrypi.local:8765")


@pytest.mark.parametrize("origin", ["http://localhost:8765", "https://LOCALHOST:8765"])
def test_allows_origin_same_host(origin: str) -> None:
    assert Access("localhost").allows_origin(origin, "localhost:8765")


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
def test_allows_origin_other_site_is_refused(origin: str | None) -> None:
    assert not Access("localhost").allows_origin(origin, "localhost:8765")


@pytest.mark.parametrize("host", [None, ""])
def test_allows_origin_without_host_is_refused(host: str | None) -> None:
    assert not Access("localhost").allows_origin("http://", host)


def test_links_ipv6_address_has_brackets() -> None:
    assert links("::1", 80, "t", True) == ["https://[::1]:80/?token=t"]


def test_rate_limit_burst_is_two_seconds() -> None:
    rate = RateLimit(10, Clock())
    assert [rate.take() for _ in range(21)] == [True] * 20 + [False]


def test_rate_limit_refills_at_its_rate() -> None:
    clock = Clock()
    rate = RateLimit(10, clock)
    while rate.take():
        pass
    clock.now_s += 0.5
    assert [rate.take() for _ in range(6)] == [True] * 5 + [False]


def test_rate_limit_after_pause_holds_two_seconds() -> None:
    clock = Clock()
    rate = RateLimit(10, clock)
    clock.now_s += 3600
    assert sum(rate.take() for _ in range(100)) == 20


def test_rate_limit_steady_rate_is_never_refused() -> None:
    clock = Clock()
    rate = RateLimit(10, clock)
    for _ in range(1000):
        clock.now_s += 0.1001
        assert rate.take()


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, Path]:
    pytest.importorskip("trustme")
    return write_certificate(tmp_path, ["localhost", "192.168.1.7", "::1"])


def test_certificate_names_its_hosts_for_30_days(written: tuple[Path, Path]) -> None:
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(written[0].read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = [ipaddress.ip_address(one) for one in ("192.168.1.7", "::1")]
    assert names.get_values_for_type(x509.IPAddress) == addresses
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    valid = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert (valid.days, valid.seconds) == (30, 3600)


def test_certificate_loads_into_a_server(written: tuple[Path, Path]) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*written)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file modes")
def test_certificate_key_is_readable_by_its_user_only(written: tuple[Path, Path]) -> None:
    assert written[1].stat().st_mode & 0o777 == 0o600


def test_certificate_each_call_has_another_key(written: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    other = write_certificate(tmp_path / "b", ["localhost"])
    assert written[1].read_bytes() != other[1].read_bytes()


def test_certificate_invalid_name_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("trustme")
    with pytest.raises(InputError, match="my_host") as error:
        write_certificate(tmp_path, ["localhost", "my_host"])
    assert "\n" not in str(error.value)
