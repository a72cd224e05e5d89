"""Who gets an answer from the server, and what every answer says to the browser."""

from __future__ import annotations

import pytest
from page_server import BASE
from starlette.testclient import TestClient

from spritelab.app import Served, build_app
from spritelab.app.guard import Door

DOOR = Door("127.0.0.1", 8017, "the-token")


@pytest.fixture
def stranger(served: Served) -> TestClient:
    return TestClient(build_app(served, DOOR), base_url=BASE, follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/ui/main.js", "/api/models", "/api/runs", "/nothing"])
def test_nothing_without_the_token(stranger: TestClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer the-tokem"}, {"Cookie": "spritelab-8017=x"}):
        assert stranger.get(path, headers=headers).status_code == 403
    assert stranger.get("/?token=the-tokem").status_code == 403


def test_the_address_gives_a_cookie_and_leaves_the_token_behind(stranger: TestClient) -> None:
    answer = stranger.get("/?token=the-token")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("spritelab-8017=the-token;")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/api/models").status_code == 200


def test_tokens_differ_and_are_not_shown() -> None:
    one, other = Door("127.0.0.1", 1), Door("127.0.0.1", 1)
    assert one.token != other.token
    assert len(one.token) >= 32
    assert one.token not in repr(one)
    assert one.address == f"http://127.0.0.1:1/?token={one.token}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8017"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example:8017"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "192.168.0.7:8017"},
        {"Host": ""},
    ],
)
def test_other_origins_and_names_are_refused_even_with_the_token(
    stranger: TestClient, headers: dict[str, str]
) -> None:
    own = {"Authorization": "Bearer the-token"}
    assert stranger.get("/api/models", headers=own).status_code == 200
    assert stranger.get("/api/models", headers={**own, **headers}).status_code == 403
    assert stranger.post("/api/runs", json={}, headers={**own, **headers}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8017", "localhost:8017", "[::1]:8017", "LOCALHOST"])
def test_own_names(stranger: TestClient, host: str) -> None:
    headers = {"Authorization": "Bearer the-token", "Host": host, "Origin": f"http://{host}"}
    assert stranger.get("/api/models", headers=headers).status_code == 200


def test_open_to_others_takes_addresses_and_no_foreign_names(served: Served) -> None:
    door = Door("0.0.0.0", 8017, "the-token")
    assert door.open_to_others
    assert not DOOR.open_to_others
    assert door.address.startswith("http://127.0.0.1:8017/")
    client = TestClient(build_app(served, door), base_url=BASE)
    for host, status in (("192.168.0.7:8017", 200), ("evil.example", 403)):
        headers = {"Authorization": "Bearer the-token", "Host": host}
        assert client.get("/api/models", headers=headers).status_code == status


def test_what_every_answer_tells_the_browser(client: TestClient) -> None:
    for path in ("/", "/api/models", "/api/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../page.py",
        "/%2e%2e/page.py",
        "/ui/../../folder.py",
        "/ui/%2e%2e/%2e%2e/folder.py",
        "/app/..%2fserver.py",
        "//etc/passwd",
        "/app/.app/jobs",
        "/runs/tiny/run.json",
        "/api/runs/..%2f..%2fetc/samples.png",
        "/api/runs/%2e%2e",
        "/api/uploads/../inspect",
        "/api/uploads/%2e%2e%2fjobs/inspect",
    ],
)
def test_only_the_files_of_the_page_are_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 405)


def test_the_page_is_served(client: TestClient) -> None:
    assert "<title>spritelab</title>" in client.get("/").text
    script = client.get("/ui/main.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert client.get("/app/train.js").status_code == 200
    listed = client.get("/models.json").json()
    assert listed["served"]
    names = [one["name"] for one in listed["models"]]
    assert names == ["tiny", "builtin-16", "crawl-16", "crawl-16-quick"]
