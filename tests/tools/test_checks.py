"""The checks find what they are there to find, and nothing else."""

import pytest
from babel.messages.catalog import Catalog

from benchmarks import harness
from benchmarks.__main__ import load_all
from benchmarks.harness import Benchmark, Figure, Row, run
from tools.check_translations import faults
from tools.check_tree import faults_in

# the forbidden words are put together here, so that this file itself may be committed
REGISTRY = "https://pypi{}org/simple".format(".")
PLACE = "{}home/li/spiral".format("/")


@pytest.mark.parametrize(
    ("name", "line", "why"),
    [
        ("requirements/run.txt", f"--index-url {REGISTRY}", "names a registry host"),
        ("requirements/run.in", "--extra-" + "index-url https://packages.example", "fixes the registry"),
        ("package-lock.json", '"resolved": "https://packages.example/a.tgz"', "the address a package was fetched from"),
        ("docs/setup.md", f"cd {PLACE}", "names a path of one machine"),
        ("templates/articles/page.html", "{{ body | safe }}", "a second door for HTML"),
        ("templates/articles/page.html", "{% autoescape false %}", "a second door for HTML"),
        ("wiki/articles/views.py", "return Markup" + "(text)", "markup outside the one door"),
        ("templates/base.html", '<p style="color: red">', "styles inline"),
        ("templates/base.html", '<p class="{{ kind }}" style="{{ shade }}">', "styles inline"),
        ("templates/base.html", "<style>p {}</style>", "styles inline"),
        ("templates/base.html", '<a onclick="go()">', "scripts inline"),
        ("templates/base.html", "<script>go()</script>", "scripts inline"),
        ("templates/base.html", '<img src="https://cdn.example/x.png">', "loads from elsewhere"),
    ],
)
def test_what_must_not_be_committed_is_named(name: str, line: str, why: str) -> None:
    found = list(faults_in(name, f"first line\n{line}\n"))
    assert found
    assert f"{name}:2: " in found[0]
    assert any(why in fault for fault in found)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("core/markup.py", "return Markup" + "(clean)"),
        ("wiki/articles/views.py", "def body() -> Markup:"),
        ("templates/base.html", '<script type="module" src="{{ static(\'js/app.js\') }}"></script>'),
        ("templates/base.html", '<a class="button" href="/articles/once">Safe once</a>'),
        ("templates/work/list.html", "{% include 'work/row.html' %} {{ condition }}"),
        ("templates/macros/ui.html", "{% macro time(at, style='short') %}{# style='x' #}{{ at|time(style='long') }}"),
        ("docs/a.md", "static/css/work.css and templates/home/page.html"),
    ],
)
def test_what_may_be_committed_is_left_alone(name: str, line: str) -> None:
    assert not list(faults_in(name, line))


def catalog(*rows: tuple[str, str] | tuple[tuple[str, str], tuple[str, ...]], fuzzy: bool = False) -> Catalog:
    made = Catalog(locale="zh_Hans")
    for source, translation in rows:
        made.add(source, translation, flags=["fuzzy"] if fuzzy else [])
    return made


DAYS = ("%(num)s day", "%(num)s days")


@pytest.mark.parametrize(
    ("have", "why"),
    [
        (catalog(), "is missing"),
        (catalog(("%(name)s left", "")), "is not translated"),
        (catalog(("%(name)s left", "走了")), "placeholders"),
        (catalog(("%(name)s left", "%(nam)s走了")), "placeholders"),
        (catalog(("%(name)s left", "%(name)s走了"), fuzzy=True), "fuzzy"),
    ],
)
def test_a_string_that_a_reader_would_not_see_right_is_a_fault(have: Catalog, why: str) -> None:
    assert [fault for fault in faults(catalog(("%(name)s left", "")), have) if why in fault]


def test_a_whole_catalogue_has_no_fault() -> None:
    wanted = catalog(("%(name)s left", ""), (DAYS, ("",)))
    assert not list(faults(wanted, catalog(("%(name)s left", "%(name)s走了"), (DAYS, ("%(num)s 天",)))))


def test_the_plural_of_chinese_has_one_form() -> None:
    assert list(faults(catalog((DAYS, ("",))), catalog((DAYS, ("天",)))))


@pytest.mark.parametrize(
    ("better", "value", "ratio", "verdict"),
    [("lower", 15, 2.0, "reached"), ("lower", 60, 0.5, "missed"), ("higher", 60, 2.0, "reached")],
)
def test_a_ratio_of_one_reaches_the_target(better: str, value: float, ratio: float, verdict: str) -> None:
    row = run(Benchmark("x", "ms", 30, better, 1, False, lambda times: Figure(value)))  # type: ignore[arg-type]
    assert (row.ratio, row.verdict) == (ratio, verdict)


def test_every_benchmark_has_a_row_at_ten_times_its_size_and_a_target_there() -> None:
    load_all()
    targets = {row.name: row.target for row in harness.REGISTRY}
    for name, target in targets.items():
        if not name.endswith(" · 10 ×"):
            assert (targets[f"{name} · 10 ×"] is None) == (target is None), name


def test_a_broken_benchmark_is_a_row_and_hides_no_other() -> None:
    row: Row = run(Benchmark("x", "ms", 30, "lower", 1, False, lambda times: times / 0))
    assert row.verdict == "FAILED"
    assert "ZeroDivisionError" in row.error


def test_a_lone_percent_sign_would_break_its_page() -> None:
    source = "with 95 percent, of %(n)s"
    (fault,) = faults(catalog((source, "")), catalog((source, "95% 区间，共 %(n)s")))
    assert fault.endswith("is written %%")
    assert not list(faults(catalog((source, "")), catalog((source, "95%% 区间，共 %(n)s"))))
