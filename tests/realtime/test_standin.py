"""The stand-in when all is well: publishing, its control port, its ports, its command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.realtime.standin_rig import CALM, PUBLISH_KEY, SUBSCRIBE_KEY, Rig, running, spec, token
from tests.waiting import until


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running(timing=CALM) as rig:
        yield rig


def test_sdk_batch_is_acknowledged_channel_by_channel(rig: Rig) -> None:
    with rig.sdk() as client:
        answer = client.request("POST", "/messages", "3", body=[spec("n:a"), spec("n:b", "n:c")])
    assert answer.success and answer.status_code == 201
    assert [(item["successCount"], item["failureCount"]) for item in answer.items] == [(1, 0), (2, 0)]
    results = [result for item in answer.items for result in item["results"]]
    assert [result["channel"] for result in results] == ["n:a", "n:b", "n:c"]
    assert all(result["messageId"] for result in results)


def test_sdk_publishes_over_tls_under_the_authority(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(rig.standin.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with rig.sdk(tls=True, tls_port=rig.standin.tls_port) as client:
        answer = client.request("POST", "/messages", "3", body=[spec("n:a")])
    assert answer.success
    assert answer.response.http_version == "HTTP/1.1"


def test_sdk_refuses_the_twin_without_the_authority(rig: Rig) -> None:
    client = rig.sdk(tls=True, tls_port=rig.standin.tls_port)
    with client, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        client.request("POST", "/messages", "3", body=[spec("n:a")])
    until(lambda: rig.seen()["open"] == 0)


def test_sdk_publish_to_one_channel_reaches_a_name_with_odd_characters(rig: Rig) -> None:
    with rig.stream("x y/z:é") as stream, rig.sdk() as client:
        client.channels.get("x y/z:é").publish("changed", {"version": 7})
        message = json.loads(stream.event()["data"])
    assert (message["channel"], message["name"]) == ("x y/z:é", "changed")
    assert (message["data"], message["encoding"]) == ('{"version": 7}', "json")


def test_sdk_asks_the_time_without_a_token_check(rig: Rig) -> None:
    with rig.sdk(token="x.y.z") as client:
        assert abs(client.time() / 1000 - time.time()) < 5


def test_single_publish_names_the_channel_and_the_message(rig: Rig) -> None:
    answer = rig.post("/channels/n:a/messages", [{"data": "1"}, {"data": "2"}])
    assert answer.status_code == 201
    assert answer.json()["channel"] == "n:a" and answer.json()["messageId"]


def test_batch_of_one_spec_is_answered_by_one_object(rig: Rig) -> None:
    answer = rig.post("/messages", {"channels": "n:a", "messages": {"data": "1"}})
    assert answer.status_code == 201
    assert answer.json()["successCount"] == 1
    assert answer.json()["results"][0]["channel"] == "n:a"


def test_batch_delivers_every_message_to_every_channel(rig: Rig) -> None:
    with rig.stream("n:a,n:b") as stream:
        rig.post("/messages", {"channels": ["n:a", "n:b"], "messages": [{"data": "1"}, {"data": {"v": 2}}]})
        got = [json.loads(stream.event()["data"]) for _ in range(4)]
    assert [(m["channel"], m["data"]) for m in got] == [
        ("n:a", "1"),
        ("n:a", '{"v":2}'),
        ("n:b", "1"),
        ("n:b", '{"v":2}'),
    ]
    assert len({message["id"] for message in got[:2]}) == 2


@pytest.mark.parametrize(
    "body",
    [
        "text",
        [],
        [1],
        {},
        {"channels": [], "messages": {}},
        {"channels": [""], "messages": {}},
        {"channels": ["a"] * 101, "messages": {}},
        {"channels": "a", "messages": []},
        {"channels": "a", "messages": "1"},
        {"channels": "a", "messages": [{}] * 1001},
    ],
)
def test_batch_that_makes_no_sense_is_refused(rig: Rig, body: Any) -> None:
    answer = rig.post("/messages", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 40000
    assert answer.headers["x-ably-errorcode"] == "40000"


def test_body_that_is_not_json_is_refused(rig: Rig) -> None:
    headers = {"Authorization": f"Bearer {token()}"}
    answer = rig.http.post(rig.url + "/messages", content=b"\xff{", headers=headers)
    assert answer.status_code == 400


def test_body_over_the_limit_ends_the_connection(rig: Rig) -> None:
    with pytest.raises(httpx.TransportError):
        rig.post("/messages", {"channels": "a", "messages": {"data": "x" * (2 * 1024 * 1024)}})


def test_unknown_address_is_an_error_in_the_vendors_shape(rig: Rig) -> None:
    answer = rig.http.get(rig.url + "/stats")
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "statusCode", "message", "href"}
    assert answer.headers["x-ably-errormessage"]


def test_seen_has_exactly_the_promised_shape(rig: Rig) -> None:
    before = time.time()
    rig.publish("n:a", data="7")
    report = rig.seen()
    assert set(report) == {"connections", "requests", "open"}
    (connection,), (request,) = report["connections"], report["requests"]
    assert set(connection) == {"id", "at", "closed_at"}
    assert connection["closed_at"] is None and report["open"] == 1
    assert before <= connection["at"] <= request["at"] <= time.time()
    assert set(request) == {"at", "method", "path", "body"}
    assert (request["method"], request["path"]) == ("POST", "/messages")
    assert json.loads(request["body"]) == [spec("n:a", data="7")]


def test_seen_keeps_the_query_of_a_request(rig: Rig) -> None:
    rig.http.get(rig.url + "/time?name=Ann")
    assert rig.seen()["requests"][0]["path"] == "/time?name=Ann"


def test_seen_counts_one_connection_for_requests_that_share_it(rig: Rig) -> None:
    for _ in range(3):
        rig.publish("n:a")
    report = rig.seen()
    assert (len(report["connections"]), len(report["requests"])) == (1, 3)


def test_seen_notices_at_once_that_a_client_has_left(rig: Rig) -> None:
    with httpx.Client(trust_env=False) as client:
        client.get(rig.url + "/time")
    until(lambda: rig.seen()["open"] == 0, seconds=0.25)
    connection = rig.seen()["connections"][0]
    assert connection["at"] <= connection["closed_at"] <= time.time()


def test_seen_does_not_count_the_control_port(rig: Rig) -> None:
    assert rig.seen() == {"connections": [], "requests": [], "open": 0}


def test_reset_forgets_but_open_connections_stay_counted(rig: Rig) -> None:
    rig.publish("n:a")
    assert rig.control("POST", "/__reset").status_code == 200
    assert rig.seen() == {"connections": [], "requests": [], "open": 1}


def test_seen_keeps_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.standin.seen.MOST_KEPT", 2)
    with running() as small:
        for number in range(3):
            small.http.get(f"{small.url}/time?{number}")
        assert [request["path"] for request in small.seen()["requests"]] == ["/time?1", "/time?2"]


@pytest.mark.parametrize(
    "content",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"mode":"tired"}',
        b'{"mode":["ok"]}',
        b'{"mode":"silent","seconds":0}',
        b'{"mode":"silent","seconds":"1"}',
        b'{"mode":"silent","seconds":true}',
        b'{"mode":"silent","seconds":Infinity}',
    ],
)
def test_fault_that_makes_no_sense_is_refused_with_a_sentence(rig: Rig, content: bytes) -> None:
    answer = rig.control("POST", "/__fault", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert rig.control("GET", "/__fault").json() == {"mode": "ok", "until": None}


def test_unknown_control_address_names_the_known_ones(rig: Rig) -> None:
    answer = rig.control("GET", "/messages")
    assert answer.status_code == 404
    assert "/__seen" in answer.json()["error"]


def test_more_hosts_serve_the_same_port() -> None:
    with running(hosts=["127.0.0.2"]) as rig:
        answer = rig.http.get(f"http://127.0.0.2:{rig.standin.port}/time")
        assert answer.status_code == 200
        assert len(rig.seen()["connections"]) == 1


def test_taken_port_is_named(rig: Rig) -> None:
    with pytest.raises(OSError, match=rf"127\.0\.0\.1 port {rig.standin.port} .*choose another"):
        running(port=rig.standin.port).__enter__()


def test_bytes_that_are_not_http_end_the_connection(rig: Rig) -> None:
    with pytest.raises(httpx.TransportError):
        rig.http.get(f"https://127.0.0.1:{rig.standin.port}/time")
    with pytest.raises(httpx.TransportError):
        rig.http.get(f"http://127.0.0.1:{rig.standin.tls_port}/time")
    until(lambda: rig.seen()["open"] == 0)


RUN = """
import sys
from django.conf import settings
settings.configure()
from realtime.management.commands.standin import Command
Command().run_from_argv(["manage.py", "standin", *sys.argv[1:]])
"""


def command(*words: str) -> subprocess.Popen[str]:
    keys = ["--publish-key", PUBLISH_KEY, "--subscribe-key", SUBSCRIBE_KEY]
    line = [sys.executable, "-c", RUN, *keys, *words]
    path = str(Path(__file__).parents[2])
    pipe = subprocess.PIPE
    return subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True, env={**os.environ, "PYTHONPATH": path})


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_command_says_where_it_listens_and_ends_on_a_signal(tmp_path: Path, end: signal.Signals) -> None:
    authority = tmp_path / "ca.pem"
    with command("--ca-file", str(authority), "--host", "127.0.0.2") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert set(ready) == {"control", "port", "tls_port", "ca_file"}
        assert Path(ready["ca_file"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
        assert httpx.get(ready["control"] + "/__fault", trust_env=False).json()["mode"] == "ok"
        assert httpx.get(f"http://127.0.0.2:{ready['port']}/time", trust_env=False).status_code == 200
        process.send_signal(end)
        assert process.communicate(timeout=5) == ("", "")
    assert process.returncode == 0


def test_command_refuses_a_key_without_a_secret(tmp_path: Path) -> None:
    with command("--ca-file", str(tmp_path / "ca.pem"), "--publish-key", "app.id") as process:
        _, problem = process.communicate(timeout=5)
    assert process.returncode != 0
    assert "app.id:secret" in problem


def test_command_names_a_taken_port(rig: Rig, tmp_path: Path) -> None:
    with command("--ca-file", str(tmp_path / "ca.pem"), "--port", str(rig.standin.port)) as process:
        _, problem = process.communicate(timeout=5)
    assert process.returncode == 1
    assert f"port {rig.standin.port}" in problem and "Traceback" not in problem
