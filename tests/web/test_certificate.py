"""The certificate that is made where there is none."""

from __future__ import annotations

import ipaddress
import os
import ssl
from pathlib import Path

import pytest

pytest.importorskip("cryptography")
from cryptography import x509

from blazetrack.web.certificate import write_certificate


def test_it_is_for_the_names_and_addresses_given(tmp_path: Path) -> None:
    path, _ = write_certificate(tmp_path, ["localhost", "192.168.1.7", "::1"])
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    addresses = [ipaddress.ip_address(one) for one in ("192.168.1.7", "::1")]
    assert names.get_values_for_type(x509.IPAddress) == addresses
    is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not is_ca


def test_a_server_can_use_it(tmp_path: Path) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
        *write_certificate(tmp_path, ["localhost"])
    )


@pytest.mark.skipif(os.name != "posix", reason="this system has other rights")
def test_nobody_else_may_read_the_key(tmp_path: Path) -> None:
    _, key = write_certificate(tmp_path, ["localhost"])
    assert key.stat().st_mode & 0o777 == 0o600


def test_each_is_another(tmp_path: Path) -> None:
    keys = []
    for name in "ab":
        (tmp_path / name).mkdir()
        keys.append(write_certificate(tmp_path / name, ["localhost"])[1].read_bytes())
    assert keys[0] != keys[1]
