"""The documented nginx in front of two machines: what it lets through, what it hides, and what it tells us."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.deploy.cluster import Cluster
from tests.deploy.proxy import DOCUMENTED, HOST
from tests.soak.people import TOKEN
from tests.stack import ROOT
from tests.waiting import until

TOPIC = "Topic.objects.get(clinic__slug='harbor').name"


@pytest.fixture
def staff(cluster: Cluster) -> Iterator[httpx.Client]:
    with cluster.client() as client:
        yield client


def test_nginx_takes_the_documented_file(cluster: Cluster) -> None:
    done = cluster.proxy.check()
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr, done.stderr


def test_plain_http_is_sent_to_https(cluster: Cluster, staff: httpx.Client) -> None:
    asked = staff.get(f"http://127.0.0.1:{cluster.proxy.plain_port}/kiosk/?a=b", headers={"Host": HOST})
    assert (asked.status_code, asked.headers["Location"]) == (308, f"{cluster.url}/kiosk/?a=b")


def test_another_name_gets_no_handshake(cluster: Cluster) -> None:
    context = cluster.proxy.trusting()
    context.check_hostname = False
    with pytest.raises(httpx.ConnectError) as refused, httpx.Client(verify=context, trust_env=False) as client:
        client.get(f"https://127.0.0.1:{cluster.proxy.port}/kiosk/", extensions={"sni_hostname": "other.example"})
    assert "unrecognized name" in str(refused.value).replace("_", " ").lower()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(cluster: Cluster, version: ssl.TLSVersion) -> None:
    context = cluster.proxy.trusting()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = context.maximum_version = version
    with pytest.raises(httpx.ConnectError), httpx.Client(verify=context, trust_env=False) as client:
        client.get(cluster.url)


def test_pages_know_that_they_are_under_tls(staff: httpx.Client) -> None:
    page = staff.get("/login/")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert page.headers["Server"] == "nginx"
    cookies = page.headers.get_list("Set-Cookie")
    assert cookies and all(one.startswith("__Host-") and "Secure" in one for one in cookies)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_is_for_machines_is_closed_to_the_world(staff: httpx.Client, path: str) -> None:
    asked = staff.get(path)
    assert asked.status_code == 404
    assert "X-Request-ID" not in asked.headers, "a web process answered"


def test_monitoring_on_the_machine_asks_each_process_by_its_own_address(cluster: Cluster) -> None:
    for port in cluster.web_ports:
        for path in ("/healthz", "/readyz", "/metrics"):
            asked = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)
            assert asked.status_code == 200, (path, asked)
    assert "evenkeel_" in asked.text
    forwarded = {"X-Forwarded-For": "127.0.0.1"}
    assert httpx.get(f"http://127.0.0.1:{port}/metrics", headers=forwarded, trust_env=False).status_code == 404


def test_a_request_has_one_id_in_the_log_of_nginx_and_in_ours(cluster: Cluster, staff: httpx.Client) -> None:
    asked = staff.get("/kiosk/offline/", headers={"X-Request-ID": "chosen-by-the-client"})
    given = asked.headers["X-Request-ID"]
    assert given != "chosen-by-the-client"
    until(lambda: any(given in line for line in cluster.proxy.lines()))


def test_a_client_does_not_say_where_it_comes_from(cluster: Cluster, staff: httpx.Client) -> None:
    """What the client says of addresses, schemes and hosts is replaced by what nginx sees."""
    said = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    page = staff.get("/login/", headers=said)
    assert page.status_code == 200, "sent on to https: the client's own scheme was believed"


def test_the_audit_has_the_address_that_nginx_saw(cluster: Cluster) -> None:
    transport = httpx.HTTPTransport(local_address="127.0.0.2", verify=cluster.proxy.trusting())
    lied = {"Origin": cluster.url, "X-Forwarded-For": "203.0.113.9"}
    with httpx.Client(base_url=cluster.url, transport=transport, headers=lied) as client:
        (token,) = TOKEN.findall(client.get("/login/").text)
        client.post("/login/", data={"csrfmiddlewaretoken": token, "username": "ana", "password": "wrong"})
    last = "AuditEvent.objects.filter(action='login.fail').latest('pk').address"
    assert cluster.ask(last) == "127.0.0.2"


def test_socket_hears_the_state_and_its_beat(cluster: Cluster) -> None:
    name, value = cluster.keys["monitor"]
    url = f"{cluster.url.replace('http', 'ws', 1)}/ws/{cluster.ask(TOPIC)}/"
    tls, cookie = cluster.proxy.trusting(), {"Cookie": f"{name}={value}"}
    with connect(url, ssl=tls, origin=cluster.url, additional_headers=cookie, proxy=None) as socket:
        first, beat = socket.recv(5), socket.recv(7)
    assert '"version"' in str(first) and '"version"' in str(beat)
    with pytest.raises(InvalidStatus) as refused:
        connect(url, ssl=tls, origin="https://evil.example", additional_headers=cookie, proxy=None)
    assert refused.value.response.status_code == 403


def test_static_files_are_kept_for_ever_and_come_compressed(staff: httpx.Client) -> None:
    page = staff.get("/login/")
    (path, *_more) = re.findall(r'href="(/static/bundles/[^"]+\.css)"', page.text)
    file = staff.get(path, headers={"Accept-Encoding": "br"})
    assert file.status_code == 200 and "immutable" in file.headers["Cache-Control"]
    assert file.headers["Content-Encoding"] == "br"
    assert staff.get("/static/no-such-file.css").status_code == 404


def test_a_list_of_bookings_that_is_too_long_is_refused_by_us_and_not_by_nginx(staff: httpx.Client) -> None:
    asked = staff.post("/login/", data={"username": "x" * 700_000})
    assert asked.status_code in (400, 403, 413)
    assert "X-Request-ID" in asked.headers, "nginx answered"


def test_no_log_has_a_patients_link_or_what_was_looked_for(cluster: Cluster, staff: httpx.Client) -> None:
    staff.get("/v/a-secret-of-a-patient/")
    staff.get("/desk/", params={"q": "Marta-Muster"})
    answered = staff.get("/kiosk/offline/").headers["X-Request-ID"]
    until(lambda: answered in cluster.proxy.logs())
    assert "/v/-/" in cluster.proxy.logs()
    assert "a-secret-of-a-patient" not in cluster.proxy.logs()
    assert "Marta-Muster" not in cluster.proxy.logs()


def test_links_stay_out_of_the_logs_also_while_no_web_process_runs(cluster: Cluster, staff: httpx.Client) -> None:
    for name in ("web 1", "web 2"):
        cluster.end(name)
    asked = staff.get("/v/another-secret-of-a-patient/")
    for name in ("web 1", "web 2"):
        cluster.start(name)
    assert asked.status_code == 502
    until(lambda: "502" in cluster.proxy.lines()[-1])
    assert "another-secret-of-a-patient" not in cluster.proxy.logs()
    assert staff.get("/login/").status_code == 200, "nginx holds it against them that they were away"


def test_installer_of_nginx_is_called_where_it_is_needed() -> None:
    recipes = (ROOT / "Makefile").read_text()
    for target in ("test", "soak"):
        (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", recipes, flags=re.M)
        assert "sh tests/nginx.sh" in recipe
    assert Path(DOCUMENTED).exists()
