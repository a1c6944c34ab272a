"""Looking after people: pages, commands, files."""

import pytest

from accounts import cli, imports, ops, queries
from accounts.models import User
from core import tables
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, Invalid
from tests.clients import PASSWORD


@pytest.fixture
def admin(make):
    return make.user("admin", "manager")


def roles_of(username: str) -> list[str]:
    with reading():
        return sorted(session.scalars(queries.person(username)).one().roles)


def test_an_administrator_adds_somebody_who_can_sign_in(app, admin, signed_in, make):
    make.team("billing")
    browser = signed_in(admin)
    page = browser.submit(
        "/admin/people/new",
        {"username": "Li.Wei", "name": "李伟", "roles": ["rep", "qa"], "team": "billing", "tier": ""},
    ).get_data(as_text=True)
    password = page.split("<code>")[2].split("<")[0]
    assert app.test_client().sign_in("li.wei", password)
    assert roles_of("li.wei") == ["qa", "rep"]
    assert "李伟" in browser.text("/admin/people?q=li.w&team=billing&role=qa")
    assert "李伟" not in browser.text("/admin/people?q=nobody")


def test_roles_and_team_are_changed_on_the_page(admin, signed_in, make):
    make.team("billing")
    person = make.user("rep")
    browser = signed_in(admin)
    assert person.name in browser.text(f"/admin/people/{person.username}")
    browser.submit(
        f"/admin/people/{person.username}", {"name": "New Name", "roles": ["training"], "team": "billing", "tier": ""}
    )
    assert roles_of(person.username) == ["training"]
    for act in ("disable", "enable", "password"):
        answer = browser.submit(f"/admin/people/{person.username}", to=f"/admin/people/{person.username}/{act}")
        assert answer.status_code in {200, 303}


def test_what_is_refused_is_said_and_changes_nothing(admin, signed_in, make):
    person = make.user("rep", name="Old Name")
    answer = signed_in(admin).submit(
        f"/admin/people/{person.username}", {"name": "New Name", "roles": ["rep"], "team": "nowhere", "tier": ""}
    )
    assert answer.status_code == 422
    assert "There is no team nowhere" in answer.get_data(as_text=True)
    with reading() as s:
        assert s.get_one(User, person.id).name == "Old Name"


@pytest.mark.parametrize(
    ("role", "status"), [("rep", 403), ("qa", 403), ("supervisor", 403), ("manager", 200), ("admin", 200)]
)
def test_who_sees_the_list(make, signed_in, role, status):
    browser = signed_in(make.user(role))
    for page in ("/admin/people", "/admin/teams"):
        assert browser.get(page).status_code == status
    assert browser.get("/admin/people/new").status_code == (200 if role == "admin" else 403)


def test_places_are_added_and_renamed(admin, signed_in):
    browser = signed_in(admin)
    page = "/admin/teams"
    browser.submit(page, to=f"{page}/site", slug="wuhan", name="武汉", timezone="Asia/Shanghai")
    browser.submit(page, to=f"{page}/tier", slug="first", name="First line", position="1")
    browser.submit(page, to=f"{page}/team", slug="billing", name="Billing", site="wuhan")
    again = browser.submit(page, to=f"{page}/team", slug="billing", name="Other", site="")
    assert again.status_code == 422
    browser.submit(page, to=f"{page}/team", slug="billing", name="账单组", site="wuhan", change="1")
    text = browser.text(page)
    assert "账单组" in text
    assert "武汉" in text


def test_the_set_up_link_works_once(app, client):
    with writing():
        link = f"/setup/{ops.make_setup_link()}"
    about = {"name": "First", "username": "first", "password": PASSWORD, "again": PASSWORD}
    assert client.submit(link, {**about, "again": "something else"}).status_code == 422
    assert client.submit(link, about).status_code == 303
    assert client.get(link).status_code == 404
    assert client.get("/setup/guessed").status_code == 404
    client.sign_in("first", PASSWORD)
    assert roles_of("first") == ["admin", "manager"]


# ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("about", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"username": "x"}, "username"),
        ({"roles": ["boss"]}, "roles"),
        ({"roles": []}, "roles"),
        ({"team": "nowhere"}, "team"),
        ({"tier": "nowhere"}, "tier"),
        ({"locale": "fr"}, "locale"),
        ({"name": "x" * 121}, "name"),
    ],
)
def test_a_person_is_added_with_care(db, about, field):
    with pytest.raises(Invalid) as refused:
        ops.add_user(None, **{"username": "li.wei", "roles": ["rep"], **about})
    assert field in refused.value.errors


def test_a_username_is_taken_once(db):
    ops.add_user(None, username="li.wei", roles=["rep"])
    with pytest.raises(Conflict):
        ops.add_user(None, username="LI.WEI", roles=["rep"])


def test_only_administrators_look_after_people(db, make):
    with pytest.raises(Forbidden):
        ops.add_user(make.actor("manager"), username="li.wei", roles=["rep"])


def test_somebody_always_administers(db, make):
    last = make.user("admin")
    with pytest.raises(Conflict):
        ops.disable(None, last)
    with pytest.raises(Conflict):
        ops.change_person(None, last, name="x", roles=["rep"], team=None, tier=None)
    make.user("admin")
    ops.disable(None, last)


# ── files and commands ───────────────────────────────────────────────────────────────────────────────────────────────

CSV = (
    "Username,Name,Roles,Team,Password\nli.wei,李伟,rep;qa,billing,a long password\nbad name,X,rep,,\nzhao,赵,boss,,\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_people_come_from_a_file_and_a_bad_row_spoils_nothing(app, make, tmp_path, encoding):
    make.team("billing")
    file = tmp_path / "people.csv"
    file.write_bytes(CSV.encode(encoding))
    report = imports.import_users(None, tables.rows(file))
    assert (report.added, [line for line, _said in report.errors]) == (1, [3, 4])
    assert roles_of("li.wei") == ["qa", "rep"]
    assert imports.import_users(None, tables.rows(file)).unchanged == 1


def test_json_lines_and_spreadsheets_too(app, tmp_path):
    import xlsxwriter

    lines = tmp_path / "people.jsonl"
    lines.write_text('{"username": "a.one", "roles": ["rep"], "unknown": 1}\nnonsense\n[]\n', "utf-8")
    report = imports.import_users(None, tables.rows(lines))
    assert (report.added, [line for line, _said in report.errors]) == (1, [2, 3])
    book = xlsxwriter.Workbook(tmp_path / "people.xlsx")
    sheet = book.add_worksheet()
    for row, values in enumerate([("username", "role"), ("b.two", "qa")]):
        sheet.write_row(row, 0, values)
    book.close()
    assert imports.import_users(None, tables.rows(tmp_path / "people.xlsx")).added == 1


@pytest.fixture
def run(app):
    import contextvars

    def command(*words: str, stdin: str | None = None):
        return contextvars.Context().run(app.test_cli_runner().invoke, args=list(words), input=stdin)

    return command


def test_commands_add_list_and_disable(run):
    added = run("user", "add", "li.wei", "--role", "rep", "--role", "qa", "--password-stdin", stdin="a long password\n")
    assert added.exit_code == 0, added.output
    token = run("token", "create", "li.wei")
    assert len(token.output.split()[-1]) > 40
    assert "li.wei\tli.wei\tqa,rep\t-\tactive" in run("user", "list").output
    assert run("user", "disable", "li.wei").exit_code == 0
    assert "disabled" in run("user", "list", "--role", "qa").output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["user", "add", "li.wei"], 2, "--role"),
        (["user", "add", "li.wei", "--role", "boss"], 2, "boss"),
        (["user", "add", "li.wei", "--role", "rep", "--team", "nowhere"], 1, "There is no team nowhere"),
        (["token", "create", "nobody"], 1, "nobody"),
        (["user", "import", "nowhere.csv"], 1, "There is no file"),
        (["db", "check"], 0, "as it should be"),
        (["worker", "--once"], 0, "0 jobs done"),
        (["doctor"], 0, "SPIRAL_SECRET_KEY = ***"),
    ],
)
def test_commands_say_what_is_wrong_in_one_sentence(run, words, code, said):
    done = run(*words)
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "Traceback" not in done.output


def test_every_command_has_an_example(app):
    for group in (cli.user, cli.token):
        for name, command in group.commands.items():
            assert "Example" in (command.help or ""), name


def test_a_question_without_end_finds_nobody(make, signed_in):
    """SQLite refuses patterns of 50,000 letters."""
    browser = signed_in(make.user("admin", "manager"))
    for path in ("/admin/people", "/reviews/all"):
        field = "q" if path == "/admin/people" else "author"
        assert browser.get(path, query_string={field: "x" * 60_000}).status_code == 200, path
