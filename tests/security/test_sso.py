"""Single sign-on against a provider on loopback: who comes in, and every way in which somebody must not."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from accounts import access, oidc, ops, second_step
from accounts.access import Access
from accounts.access_models import LinkedIdentity
from accounts.models import User
from accounts.rules import Role, Way
from core.audit import TrailEntry
from core.caches import forget_everything
from core.db import reading, session, writing
from core.errors import Conflict, Unauthenticated
from core.settings import Settings, SettingsError, load
from tests.clients import PASSWORD
from tests.support.factors import code_now, set_up
from tests.support.idp import CLIENT, LIES, SECRET, Idp


@pytest.fixture(scope="module")
def _provider():
    made = Idp()
    yield made
    made.close()


@pytest.fixture
def idp(_provider: Idp) -> Idp:
    _provider.person, _provider.lie, _provider.publish = {"sub": "248289"}, None, {}
    _provider.keys, _provider.asked = [_provider.key], []
    _provider.codes.clear()
    return _provider


@pytest.fixture
def sso() -> dict[str, Any]:
    """What a test sets otherwise."""
    return {}


@pytest.fixture
def settings(engine: str, tmp_path: Any, idp: Idp, sso: dict[str, Any]) -> Settings:
    house = {"var": tmp_path, "database_url": engine, "locale": "en", "threads": 4, "allow_unsafe_database": True}
    about = {"oidc_issuer": idp.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_name": "Works"}
    also = {"base_url": "http://spiral.example", "internal_hosts": "127.0.0.1"}
    return load({**house, **about, **also, **sso}, environ={})


@pytest.fixture
def linked(make, idp) -> User:
    """Somebody whom the provider knows by number."""
    user = make.user("qa", username="li.wei")
    link(user, idp)
    return user


def link(user: User, idp: Idp, subject: str = "248289") -> None:
    with writing():
        session.add(LinkedIdentity(issuer=idp.issuer, subject=subject, user_id=user.id, created_at=user.created_at))


def has_email(user: User, email: str) -> None:
    with writing():
        session.get_one(User, user.id).email = email


def leave(browser: Any, target: str = "") -> str:
    """Off to the provider: its address."""
    answer = browser.get(f"/login/sso{target}")
    assert answer.status_code == 303
    return answer.headers["Location"]


def round_trip(browser: Any, idp: Idp, target: str = "") -> Any:
    return browser.get(idp.visit(leave(browser, target)))


def who(browser: Any) -> str | None:
    answer = browser.get("/api/v1/me")
    return answer.json["username"] if answer.status_code == 200 else None


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_out_and_back_in(client, idp, linked):
    assert "Sign in with Works" in client.text("/login?next=/ledger")
    answer = round_trip(client, idp, "?next=/ledger")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ledger")
    assert who(client) == "li.wei"
    assert idp.asked == ["/.well-known/openid-configuration", "/keys"]


def test_the_browser_never_learns_what_completes_the_sign_in(client, idp, linked):
    asked = parse_qs(urlsplit(leave(client)).query)
    assert asked["redirect_uri"] == ["http://spiral.example/login/sso/back"], "whatever the request calls the host"
    with client.session_transaction() as cookie:
        state, _when, _target = cookie["sso"]
        kept = json.dumps(dict(cookie))
    assert asked["state"] == [state]
    assert asked["nonce"][0] not in kept
    assert len(asked["code_challenge"][0]) == 43


def test_the_way_back_stays_on_this_site(app, idp, linked):
    for target in ("//evil.example", "/\\evil.example", "https:evil.example", "/\t/evil", "///evil", "\\\\evil"):
        browser = app.test_client()
        there = browser.get("/login/sso", query_string={"next": target}).headers["Location"]
        assert browser.get(idp.visit(there)).headers["Location"] == "/", target


# ── what the provider signed ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore")  # joserfc warns of the very keys that are tried here
def test_what_is_not_signed_for_this_sign_in_opens_nothing(app, idp, linked, clock):
    """One application for all: what was learned from one lie must not help the next."""
    link_of_one = link_count()
    for name, lie in LIES.items():
        idp.lie = lie(idp)
        browser = app.test_client()
        answer = round_trip(browser, idp)
        assert (name, answer.status_code) == (name, 401)
        assert "did not work" in answer.text, name
        assert who(browser) is None, name
    idp.lie = None
    browser = app.test_client()
    assert round_trip(browser, idp).status_code == 303
    assert who(browser) == "li.wei"
    assert link_count() == link_of_one


def link_count() -> int:
    with reading() as s:
        return s.scalar(sa.select(sa.func.count()).select_from(LinkedIdentity)) or 0


def test_keys_that_were_changed_are_asked_for_again_but_not_by_every_liar(app, idp, linked, monkeypatch):
    from joserfc.jwk import RSAKey

    round_trip(app.test_client(), idp)
    idp.lie = lambda claims: idp.sign(claims, idp.old)
    for _ in range(3):
        round_trip(app.test_client(), idp)
    assert idp.asked.count("/keys") == 1
    idp.lie, new = None, RSAKey.generate_key(2048, {"kid": "two"})
    idp.keys, idp.lie = [new], lambda claims: idp.sign(claims, new, kid="two")
    monkeypatch.setattr(oidc, "KEYS_AGAIN", 0.0)
    browser = app.test_client()
    assert round_trip(browser, idp).status_code == 303
    assert who(browser) == "li.wei"


# ── the way back ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_a_way_back_leads_in_once(app, client, idp, linked):
    there = leave(client)
    thief = app.test_client()
    thief.set_cookie("spiral", client.get_cookie("spiral").value)
    assert client.get(idp.visit(there)).status_code == 303
    assert thief.get(idp.visit(there)).status_code == 401, "a copy of the cookie, and a fresh code"
    assert who(thief) is None
    assert client.get("/logout").status_code == 405


def test_nobody_is_signed_in_as_somebody_else_by_a_link(app, client, idp, linked):
    """Login CSRF: the attacker's own way back, opened in the victim's browser."""
    attacker = app.test_client()
    link_of_attacker = idp.visit(leave(attacker))
    assert client.get(link_of_attacker).status_code == 401
    leave(client)
    assert client.get(link_of_attacker).status_code == 401, "not while the victim signs in either"
    assert len(idp.codes) == 1, "the code was not even shown to the provider"
    assert who(client) is None


def test_a_way_back_that_is_not_whole(app, idp, linked, clock):
    for change in ("state", "iss", "code", "error", "late"):
        not_whole(app.test_client(), idp, clock, change)


def not_whole(client: Any, idp: Idp, clock: Any, change: str) -> None:
    back = idp.visit(leave(client))
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    query.update(
        {"state": {"state": "ü"}, "iss": {"iss": "http://other.example"}, "code": {"code": "x"}}.get(change, {})
    )
    if change == "error":
        query["error"] = "access_denied"
    if change == "late":
        clock.advance(minutes=16)
    assert client.get("/login/sso/back", query_string=query).status_code == 401, change
    assert who(client) is None, change


def test_links_that_others_made_are_counted(client, idp, clock):
    answers = [client.get("/login/sso/back?state=x").status_code for _ in range(60)]
    assert answers[0] == 401
    assert answers[-1] == 429


# ── who it is ────────────────────────────────────────────────────────────────────────────────────────────────────────

EMAIL = "Li.Wei@works.example"


def test_an_unverified_email_leads_to_nobody(app, idp, make):
    has_email(make.user("admin", username="boss"), EMAIL)
    for verified in (False, None, "true", 1, "false"):
        idp.person = {"sub": "7", "email": EMAIL, "email_verified": verified}
        answer = round_trip(app.test_client(), idp)
        assert (answer.status_code, "no account here is yours" in answer.text) == (401, True), verified
    assert link_count() == 0


def test_a_verified_email_leads_to_the_one_person_who_has_it_and_then_the_number_does(app, client, idp, make):
    user = make.user("rep", username="li.wei")
    has_email(user, EMAIL.lower())
    idp.person = {"sub": "7", "email": EMAIL, "email_verified": True}
    round_trip(client, idp)
    assert who(client) == "li.wei"
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(TrailEntry).where(TrailEntry.verb == "linked")) == 1
    idp.person = {"sub": "7", "email": "another@works.example", "email_verified": True}
    again = app.test_client()
    round_trip(again, idp)
    assert who(again) == "li.wei"
    idp.person = {"sub": "8", "email": EMAIL, "email_verified": True}
    other = app.test_client()
    assert round_trip(other, idp).status_code == 401, "somebody else at the provider, with an address that moved on"


def test_an_email_that_does_not_say_whom_leads_to_nobody(app, idp, make):
    """Of nobody – though the name is somebody's –, of somebody disabled, of two."""
    user, gone = make.user("rep", username="li.wei"), make.user("rep", active=False)
    idp.person = {"sub": "7", "email": EMAIL, "email_verified": True, "preferred_username": "li.wei"}
    for having in ((), (gone,), (user, make.user("rep"))):
        for one in having:
            has_email(one, EMAIL)
        assert round_trip(app.test_client(), idp).status_code == 401, having
    assert link_count() == 0


def test_somebody_disabled_stays_out(client, idp, linked):
    with writing():
        ops.disable(None, session.get_one(User, linked.id))
    assert round_trip(client, idp).status_code == 401


class TestWhereNewPeopleAreLetIn:
    @pytest.fixture
    def sso(self) -> dict[str, Any]:
        return {"oidc_new_people": "rep", "oidc_link_email": False}

    def test_they_become_representatives(self, app, client, idp, make):
        boss = make.user("admin", username="boss")
        has_email(boss, EMAIL)
        idp.person = {"sub": "7", "preferred_username": "New.One", "name": "New One", "email": EMAIL,
                      "email_verified": True, "roles": ["admin"], "groups": ["admin"]}  # fmt: skip
        round_trip(client, idp)
        assert client.get("/api/v1/me").json["roles"] == ["rep"]
        assert who(client) == "new.one"
        again = app.test_client()
        round_trip(again, idp)
        assert who(again) == "new.one"

    def test_a_name_that_is_taken_leads_to_nobody(self, client, idp, make):
        make.user("admin", username="boss")
        idp.person = {"sub": "7", "preferred_username": "BOSS"}
        assert round_trip(client, idp).status_code == 401
        assert (who(client), link_count()) == (None, 0)


# ── with the rest of the house ───────────────────────────────────────────────────────────────────────────────────────


def test_the_second_step_is_the_providers_unless_it_is_asked_for_here_too(app, client, idp, linked, clock):
    secret, _codes = set_up(linked)
    round_trip(client, idp)
    assert who(client) == "li.wei"
    with writing():
        access.save(None, Access(second_roles=frozenset({Role.QA}), second_after_sso=True))
    assert who(client) is None, "it took none"
    answer = round_trip(client, idp, "?next=/ledger")
    assert answer.headers["Location"] == "/login/second?next=/ledger"
    clock.advance(seconds=60)
    client.submit("/login/second", code=code_now(secret))
    assert who(client) == "li.wei"


@pytest.mark.both_databases
def test_passwords_can_be_switched_off_but_for_one_administrator(app, client, idp, linked, make, signed_in, api):
    admin, other = make.user("admin", username="boss"), make.user("admin")
    boss, inside, by_sso = signed_in(admin), signed_in(linked), app.test_client()
    round_trip(by_sso, idp)
    script, kept_script = api(linked), api(admin)
    with writing():
        begun_token = second_step.begin(session.get_one(User, linked.id), Way.PASSWORD, fresh=False).token
    form = {"roles": [], "keeper": "", "passwords": ""}
    del form["passwords"]
    assert boss.submit("/admin/access", form).status_code == 422, "without somebody for emergencies"
    assert boss.submit("/admin/access", {**form, "keeper": str(linked.id)}).status_code == 422, "no administrator"
    assert signed_in(other).submit("/admin/access", {**form, "keeper": str(admin.id)}).status_code == 422, "out oneself"
    said = boss.submit("/admin/access", {**form, "keeper": str(admin.id)}, follow=True).text
    assert "2 sign-ins that no longer suffice have ended" in said
    assert (who(inside), who(by_sso), who(boss)) == (None, "li.wei", "boss")
    with pytest.raises(Unauthenticated), reading():
        second_step.half(begun_token)
    assert script.get("/me").status_code == 200, "of a program"
    boss.submit("/admin/access", {**form, "keeper": str(admin.id), "tokens_end": "y"})
    assert (script.get("/me").status_code, kept_script.get("/me").status_code) == (401, 200)
    assert client.submit("/login", username="li.wei", password=PASSWORD).status_code == 401
    wrong = client.submit("/login", username="nobody", password="wrong")
    right = client.submit("/login", username=other.username, password=PASSWORD)
    assert wrong.text.count("do not go together") == right.text.count("do not go together") == 1
    assert api().post("/tokens", {"username": "li.wei", "password": PASSWORD}).status_code == 401
    assert app.test_client().submit("/login", username="boss", password=PASSWORD).status_code == 303
    round_trip(client, idp)
    assert who(client) == "li.wei"
    with pytest.raises(Conflict) as kept, writing():
        ops.disable(None, session.get_one(User, admin.id))
    assert kept.value.code == "break-glass"
    run = app.test_cli_runner().invoke(args=["user", "allow-passwords"])
    assert run.exit_code == 0
    assert app.test_client().submit("/login", username="li.wei", password=PASSWORD).status_code == 303


def test_leaving_says_where_else_to_sign_out(client, idp, linked):
    round_trip(client, idp)
    answer = client.submit("/profile", to="/logout", follow=True)
    assert (
        f"{idp.issuer}/end?client_id=spiral&amp;post_logout_redirect_uri=http%3A%2F%2Fspiral.example%2Flogin"
        in answer.text
    )
    assert who(client) is None


# ── a provider that is away, or evil ─────────────────────────────────────────────────────────────────────────────────


def test_a_provider_that_is_away_is_said_and_not_asked_by_everybody(client, idp):
    idp.publish = {"issuer": "http://other.example"}
    for _ in range(3):
        answer = client.get("/login/sso")
        assert (answer.status_code, "does not answer" in answer.text) == (504, True)
    assert len(idp.asked) == 1


def test_it_sends_us_nowhere_inside(app, idp, linked):
    for name in ("token_endpoint", "jwks_uri"):
        for place in ("http://169.254.169.254/latest", "https://127.0.0.2/x", "file:///etc/passwd", None):
            forget_everything()
            idp.publish, browser = {name: place}, app.test_client()
            answer = browser.get(idp.visit(leave(browser)))
            assert answer.status_code in {401, 504}, (name, place)
            assert who(browser) is None


def test_it_is_set_up_whole_or_not_at_all(settings, tmp_path):
    for about, said in (
        ({"oidc_client_id": ""}, "SPIRAL_OIDC_CLIENT_ID"),
        ({"base_url": ""}, "SPIRAL_BASE_URL"),
        ({"internal_hosts": ""}, "https://"),
        ({"oidc_issuer": "https://sso.example/?x"}, "SPIRAL_OIDC_ISSUER"),
        ({"oidc_new_people": "admin"}, "SPIRAL_OIDC_NEW_PEOPLE"),
        ({"internal_hosts": "http://idp"}, "SPIRAL_INTERNAL_HOSTS"),
    ):
        with pytest.raises(SettingsError, match=said):
            load({**settings.model_dump(), **about}, environ={})


def test_the_secret_is_shown_nowhere(settings):
    assert SECRET not in str(settings.shown())
