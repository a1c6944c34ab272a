"""Signing in with the directory's password, against a real slapd: what gets through, and what never does."""

import contextlib
import socket
import threading
from typing import Any

import pytest

from accounts import directory, ops
from accounts.directory import ldap3
from accounts.models import User
from core.caches import forget_everything
from core.db import session, writing
from core.errors import Unavailable
from core.settings import Settings, SettingsError, load
from tests.clients import PASSWORD
from tests.support.directory import BASE, LOOKER, LOOKERS_PASSWORD, PEOPLE, Slapd


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """People wait four seconds for a directory; this machine may have much else to do."""
    monkeypatch.setattr(directory, "PATIENCE", 30)


@pytest.fixture(scope="module")
def slapd(tmp_path_factory):
    made = Slapd(tmp_path_factory.mktemp("slapd"), tls=True)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    made = Slapd(tmp_path_factory.mktemp("plain"), tls=False)
    yield made
    made.stop()


def about(server: Slapd, **more: Any) -> dict[str, Any]:
    return {
        "ldap_url": server.url, "ldap_bind_dn": LOOKER, "ldap_bind_password": LOOKERS_PASSWORD, "ldap_base": BASE,
        "ldap_ca": server.ca, **more,
    }  # fmt: skip


GROUPS = f"qa=cn=qa,{BASE}; rep=cn=reps,{BASE}"


@pytest.fixture
def settings(engine: str, tmp_path: Any, slapd: Slapd) -> Settings:
    house = {"var": tmp_path, "database_url": engine, "locale": "en", "threads": 4, "allow_unsafe_database": True}
    return load({**house, **about(slapd, ldap_groups=GROUPS)}, environ={})


def sign_in(browser: Any, username: str, password: str) -> str | None:
    browser.delete_cookie("spiral")
    browser.submit("/login", username=username, password=password)
    answer = browser.get("/api/v1/me")
    return answer.json["username"] if answer.status_code == 200 else None


def test_the_directory_lets_people_in_with_the_roles_of_their_groups(client, app, make):
    assert sign_in(client, "Li.Wei", PEOPLE["li.wei"]) == "li.wei"
    assert client.get("/api/v1/me").json["roles"] == ["qa", "rep"]
    assert sign_in(client, "wang.fang", PEOPLE["wang.fang"]) == "wang.fang"
    assert client.get("/api/v1/me").json["roles"] == ["rep"]
    assert sign_in(client, "li.wei", PEOPLE["wang.fang"]) is None
    assert sign_in(client, "no.group", PEOPLE["no.group"]) is None, "in none of the groups"
    assert sign_in(client, "nobody", "x") is None


def test_an_empty_password_never_binds(client, settings, slapd):
    """RFC 4513: a name with an empty password is nobody, and the server says yes to nobody."""
    connection = ldap3.Connection(ldap3.Server("127.0.0.1", slapd.port, get_info=ldap3.NONE))
    assert connection.bind(), "it does say yes"
    connection.unbind()
    for password in ("", "\0", "x\0"):
        assert directory.check(settings, "li.wei", password) is None
    for password in ("", " ", "\u3000"):
        assert sign_in(client, "li.wei", password) is None


def test_a_name_is_letters_and_no_search(settings, client):
    """``*`` is somebody's name here, and finds them alone; a bracket ends nothing."""
    escaped = directory.filter_for("(uid={username})", "a*)(uid=*))(|(x=\\")
    assert escaped == "(uid=a\\2a\\29\\28uid=\\2a\\29\\29\\28|\\28x=\\5c)"
    for name in ("*", "li.w*", "li.wei)(uid=*", "*)(objectClass=*", "li.wei)(|(uid=*", "(", "\\2a"):
        assert directory.check(settings, name, PEOPLE["li.wei"]) is None, name
        assert sign_in(client, name, PEOPLE["li.wei"]) is None, name
    assert directory.check(settings, "li.wei\0", PEOPLE["li.wei"]) is None
    found = directory.check(settings, "star*", PEOPLE["star*"])
    assert found
    assert found.name == "Star*"


def test_no_password_without_tls(settings, plain, slapd):
    """A server that speaks none, one with a certificate nobody vouches for, one that is another than it says."""
    hidden = settings.model_copy(update=about(plain))
    with pytest.raises(Unavailable):
        directory.check(hidden, "li.wei", PEOPLE["li.wei"])
    forget_everything()
    assert directory.check(hidden.model_copy(update={"ldap_starttls": False}), "li.wei", PEOPLE["li.wei"])
    with pytest.raises(Unavailable):
        directory.check(settings.model_copy(update={"ldap_ca": ""}), "li.wei", PEOPLE["li.wei"])
    forget_everything()
    other = slapd.url.replace("127.0.0.1", "localhost")
    with pytest.raises(Unavailable):
        directory.check(settings.model_copy(update={"ldap_url": other}), "li.wei", PEOPLE["li.wei"])


def test_nothing_about_anybody_is_said_before_tls(settings):
    """A peer that only listens hears the wish for TLS, and neither a name nor a password."""
    heard = b""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def listen() -> None:
            nonlocal heard
            connection, _from = listening.accept()
            with connection:
                heard += connection.recv(4096)
                connection.sendall(bytes.fromhex("300c02010178070a010204000400"))  # no TLS here
                connection.settimeout(2)
                with contextlib.suppress(OSError):
                    heard += connection.recv(4096)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        url = f"ldap://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(Unavailable):
            directory.check(settings.model_copy(update={"ldap_url": url}), "li.wei", PEOPLE["li.wei"])
        thread.join()
    assert b"1.3.6.1.4.1.1466.20037" in heard
    for word in ("li.wei", LOOKERS_PASSWORD, PEOPLE["li.wei"], "spiral"):
        assert word.encode() not in heard


def test_who_has_a_password_here_is_not_the_directorys(client, make):
    make.user("admin", username="li.wei")
    assert sign_in(client, "li.wei", PEOPLE["li.wei"]) is None
    assert sign_in(client, "li.wei", PASSWORD) == "li.wei"


def test_a_program_of_that_name_is_not_taken_over(client, make):
    make.user("admin", username="wang.fang", password=None)
    assert sign_in(client, "wang.fang", PEOPLE["wang.fang"]) is None


def test_an_email_leads_to_nobody_unless_the_settings_say_so(client, make, app):
    user = make.user("admin", username="lw", password=None)
    with writing():
        session.get_one(User, user.id).email = "li.wei@works.example"
    assert sign_in(client, "li.wei", PEOPLE["li.wei"]) == "li.wei", "somebody new"
    assert client.get("/api/v1/me").json["roles"] == ["qa", "rep"]


def test_an_email_links_who_has_no_password_here_and_roles_follow_the_groups(client, make, app):
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update={"ldap_link_email": True})
    user, admin = make.user("rep", username="lw", password=None), make.user("admin")
    with writing():
        session.get_one(User, user.id).email = "li.wei@works.example"
        session.get_one(User, admin.id).email = "wang.fang@works.example"
    assert sign_in(client, "li.wei", PEOPLE["li.wei"]) == "lw"
    assert client.get("/api/v1/me").json["roles"] == ["qa", "rep"]
    assert sign_in(client, "wang.fang", PEOPLE["wang.fang"]) == "wang.fang", "a new one: the other has a password here"
    assert client.get("/api/v1/me").json["roles"] == ["rep"]


def test_somebody_disabled_stays_out(client, app):
    assert sign_in(client, "li.wei", PEOPLE["li.wei"]) == "li.wei"
    with writing():
        ops.disable(None, session.query(User).filter_by(username="li.wei").one())
    assert sign_in(client, "li.wei", PEOPLE["li.wei"]) is None


def test_the_password_is_changed_where_it_is_kept(client):
    sign_in(client, "li.wei", PEOPLE["li.wei"])
    form = {"password": PEOPLE["li.wei"], "new_password": "a long new one", "again": "a long new one"}
    answer = client.submit("/profile", form, to="/profile/password")
    assert (answer.status_code, "kept in the directory" in answer.text) == (422, True)


def test_guesses_wait_as_for_any_password(client, clock):
    seen = [client.submit("/login", username="li.wei", password="wrong").status_code for _ in range(6)]
    assert seen == [401] * 5 + [429]
    clock.advance(minutes=1)
    assert sign_in(client, "li.wei", PEOPLE["li.wei"]) == "li.wei"


def test_a_directory_that_is_away_keeps_nobody_out_who_has_a_password_here(client, make, slapd):
    make.user("admin", username="boss")
    slapd.stop()
    try:
        answer = client.submit("/login", username="li.wei", password=PEOPLE["li.wei"])
        assert (answer.status_code, "does not answer" in answer.text) == (504, True)
        assert sign_in(client, "boss", PASSWORD) == "boss"
    finally:
        slapd.start()


def test_it_is_set_up_whole_or_not_at_all(settings):
    for wrong, said in (
        ({"ldap_url": "http://x"}, "SPIRAL_LDAP_URL"),
        ({"ldap_base": ""}, "SPIRAL_LDAP_BASE"),
        ({"ldap_filter": "(uid=x)"}, "SPIRAL_LDAP_FILTER"),
        ({"ldap_groups": "boss=cn=x"}, "SPIRAL_LDAP_GROUPS"),
    ):
        with pytest.raises(SettingsError, match=said):
            load({**settings.model_dump(), **wrong}, environ={})
    assert LOOKERS_PASSWORD not in str(settings.shown())
