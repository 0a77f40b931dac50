"""What a check asks names its host, which is how hosts are told apart."""

import pytest

from allgreen.domain.check import DnsOptions, HttpOptions, Options, TcpOptions, TlsOptions

HOSTS: list[tuple[Options, str]] = [
    (
        HttpOptions(method="GET", url="https://API.Example.org:8443/health?host=other"),
        "api.example.org",
    ),
    (HttpOptions(method="GET", url="http://user@[2001:DB8::1]/"), "2001:db8::1"),
    (HttpOptions(method="GET", url="nonsense"), ""),
    (HttpOptions(method="GET", url="http://["), ""),
    (DnsOptions(name="Example.org"), "example.org"),
    (TcpOptions(hostname="DB.example.org", port=5432), "db.example.org"),
    (TlsOptions(hostname="Example.org", server_name="other.example"), "example.org"),
]


@pytest.mark.parametrize(("options", "host"), HOSTS)
def test_options_name_their_host_in_lower_case(options: Options, host: str) -> None:
    assert options.host == host


@pytest.mark.parametrize(
    "options",
    [
        HttpOptions(method="POST", url="/", headers={"X-Key": "canary"}, body="canary"),
        TcpOptions(hostname="a.example", port=1, send="canary"),
    ],
)
def test_options_written_into_a_log_hold_no_secret(options: Options) -> None:
    assert "canary" not in repr(options)
