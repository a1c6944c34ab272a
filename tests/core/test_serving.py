"""The server as a process of its own: first start, second start, two at once, a clean end."""

import concurrent.futures
import http.client
import re
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.support.server import Server

pytestmark = pytest.mark.server


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_first_run_prints_a_set_up_link_and_no_password(start_server):
    server = start_server(SPIRAL_DEMO="0")
    link = re.search(r"http://\S+/setup/\S+", server.tail())
    assert link
    assert get(link[0])[0] == 200
    assert not (server.var / "demo-logins").exists()
    assert (server.var / "secret-key").stat().st_mode & 0o777 == 0o600
    assert get(server.base + "/readyz")[0] == 200
    assert "spiral_request_seconds" in get(server.base + "/metrics")[1]


def test_who_is_told_that_nothing_changed_asks_again_over_the_same_connection(spiral):
    line = http.client.HTTPConnection("127.0.0.1", spiral.port, timeout=20)
    line.request("GET", "/static/css/base.css")
    first = line.getresponse()
    first.read()
    known, opened = {"If-None-Match": first.getheader("ETag")}, line.sock
    for _turn in range(2):
        line.request("GET", "/static/css/base.css", headers=known)
        answer = line.getresponse()
        assert (answer.status, answer.read(), answer.getheader("Connection")) == (304, b"", None)
        assert line.sock is opened
    line.request("GET", "/static/css/base.css", headers={**known, "Connection": "close"})
    assert line.getresponse().getheader("Connection") == "close"
    line.close()


def test_single_instance_and_commands_beside_it(start_server):
    server = start_server(SPIRAL_DEMO="0")
    rival = {**server.environment, "PORT": str(server.port + 1 if server.port < 65000 else 64000)}
    second = subprocess.run(
        [sys.executable, "-m", "wiki.serve"], env=rival, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "serves" in second.stderr
    assert "Traceback" not in second.stderr
    server.flask("user", "add", "li.wei", "--role", "rep", "--password-stdin", stdin="a long password\n")
    token = server.flask("token", "create", "li.wei").stdout.split()[-1]
    asked = urllib.request.Request(server.base + "/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 200


def test_it_ends_cleanly_and_starts_again(start_server, monkeypatch):
    monkeypatch.setattr(Server, "divides", False)  # as `make run` does, whatever other tests spare themselves
    server = start_server(SPIRAL_DEMO="0")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(get, server.base + "/login") for _ in range(40)]
        time.sleep(0.05)
        assert [future.result()[0] for future in asked[:8]] == [200] * 8
        for future in asked:
            future.result()
    assert server.stop() == 0
    assert server.start().healthy()


def test_a_wrong_setting_names_itself(start_server, tmp_path):
    server = start_server(SPIRAL_DEMO="0")
    server.stop()
    wrong = {**server.environment, "SPIRAL_TREADS": "4"}
    done = subprocess.run(
        [sys.executable, "-m", "wiki.serve"], env=wrong, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "SPIRAL_TREADS is not a setting of Spiral" in done.stderr
