"""Courses for roles and tiers, days after being reached, one row per person and assignment; versions of courses."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Amount, Json, Time, code

revision = "0046_courses"
down_revision = "0045_must_read"

STANDING = sa.text("ended_at IS NULL")
NAMED = sa.text("ended_at IS NULL AND circle <> ''")  # the release before, while it still serves, names no circle
ALONE = "user_id IS NULL OR (role IS NULL AND team_id IS NULL AND tier_id IS NULL)"
SOMEBODY = "user_id IS NOT NULL OR role IS NOT NULL OR team_id IS NOT NULL OR tier_id IS NOT NULL"


def upgrade() -> None:
    _assignments()
    _duties()
    _versions()
    _first_versions()


def _assignments() -> None:
    with op.batch_alter_table("assignments") as batch:
        batch.drop_constraint("team_or_person", type_="check")
        batch.drop_constraint("uq_assignments_course_id_team_id", type_="unique")
        batch.drop_constraint("uq_assignments_course_id_user_id", type_="unique")
        batch.add_column(sa.Column("circle", sa.String(80), nullable=False, server_default=""))
        batch.add_column(sa.Column("role", code()))
        tier = sa.ForeignKey("tiers.id", name="fk_assignments_tier_id_tiers")
        batch.add_column(sa.Column("tier_id", sa.Integer, tier))
        batch.add_column(sa.Column("days", sa.Integer))
        batch.add_column(sa.Column("ended_at", Time))
    op.execute(
        "UPDATE assignments SET circle = CASE WHEN team_id IS NULL THEN 'user:' || user_id ELSE 'team:' || team_id END"
    )
    with op.batch_alter_table("assignments") as batch:
        batch.create_check_constraint("person_alone", ALONE)
        batch.create_check_constraint("somebody", SOMEBODY)
        batch.create_check_constraint("one_due", "due_on IS NULL OR days IS NULL")
    op.create_index(
        "uq_assignments_standing", "assignments", ["course_id", "circle"],
        unique=True, sqlite_where=NAMED, postgresql_where=NAMED,
    )  # fmt: skip


def _duties() -> None:
    op.create_table(
        "course_duties",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("assignment_id", sa.Integer, sa.ForeignKey("assignments.id"), nullable=False),
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("since", Time, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("ended_at", Time),
    )
    op.create_index(
        "uq_course_duties_open", "course_duties", ["assignment_id", "user_id"],
        unique=True, sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip
    op.create_index("ix_course_duties_person", "course_duties", ["user_id", "course_id"])
    op.create_index("ix_course_duties_course", "course_duties", ["course_id", "user_id"])
    op.create_index("ix_course_duties_due", "course_duties", ["due_on", "id"])
    op.execute(
        "INSERT INTO course_duties (assignment_id, course_id, user_id, since, due_on)"
        " SELECT a.id, a.course_id, u.id, a.created_at, a.due_on FROM assignments a"
        " JOIN users u ON (u.id = a.user_id OR u.team_id = a.team_id) WHERE u.active"
    )


def _versions() -> None:
    op.create_table(
        "course_versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("credits", Amount, nullable=False),
        sa.Column("requires", code(), nullable=False),
        sa.Column("outline", Json, nullable=False),
        sa.Column("audience", Json, nullable=False),
        sa.Column("published_at", Time, nullable=False),
        sa.Column("published_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.UniqueConstraint("course_id", "number"),
    )
    op.create_table(
        "course_version_steps",
        sa.Column("version_id", sa.Integer, sa.ForeignKey("course_versions.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("ref_id", sa.Integer, primary_key=True, autoincrement=False),
    )
    op.create_index("ix_course_version_steps_step", "course_version_steps", ["kind", "ref_id"])
    with op.batch_alter_table("enrolments") as batch:
        version = sa.ForeignKey("course_versions.id", name="fk_enrolments_version_id_course_versions")
        batch.add_column(sa.Column("version_id", sa.Integer, version))
    op.create_index("ix_enrolments_version_id", "enrolments", ["version_id"])


def _first_versions() -> None:
    """Every open course is its version 1 as it stands, and whoever began it began that."""
    table = sa.table("course_versions", *(sa.column(name) for name in (
        "id", "course_id", "number", "note", "credits", "requires", "published_at", "published_by_id")),
        sa.column("outline", Json), sa.column("audience", Json),
    )  # fmt: skip
    steps = sa.table("course_version_steps", sa.column("version_id"), sa.column("kind"), sa.column("ref_id"))
    connection = op.get_bind()
    courses = "SELECT id, credits, requires, published_at, author_id FROM courses WHERE state = 'published'"
    for course in connection.execute(sa.text(courses)).all():
        rows = _outline(connection, course.id)
        circles = connection.execute(
            sa.text("SELECT circle, due_on FROM assignments WHERE course_id = :c ORDER BY id"), {"c": course.id}
        )
        connection.execute(sa.insert(table), {
            "id": course.id, "course_id": course.id, "number": 1, "note": "", "credits": course.credits,
            "requires": course.requires, "published_at": course.published_at, "published_by_id": course.author_id,
            "outline": rows,
            "audience": [{"circle": c, "due_on": str(d) if d else None, "days": None} for c, d in circles],
        })  # fmt: skip
        for row in rows:
            kind, _colon, number = row["step"].partition(":")
            if kind != "module":
                connection.execute(sa.insert(steps), {"version_id": course.id, "kind": kind, "ref_id": int(number)})
    if connection.dialect.name == "postgresql":
        op.execute("SELECT setval('course_versions_id_seq', (SELECT max(id) FROM course_versions) + 1)")
    op.execute(
        "UPDATE enrolments SET version_id = course_id"
        " WHERE EXISTS (SELECT 1 FROM course_versions v WHERE v.id = enrolments.course_id)"
    )


def _outline(connection: sa.Connection, course: int) -> list[dict]:
    """The steps and headings of a course in their order, as ``wiki.training.versions.plan`` writes them."""

    def rows(statement: str, number: int = course) -> list:
        return list(connection.execute(sa.text(statement), {"c": number}))

    where = "WHERE course_id = :c AND removed_at IS NULL ORDER BY"
    found: dict[str, dict] = {}
    pinned = (
        "SELECT l.id, p.id AS publication, p.major, p.minor FROM lessons l JOIN publications p ON"
        " p.id = l.publication_id WHERE l.course_id = :c AND l.removed_at IS NULL ORDER BY l.position, l.id"
    )
    for one in rows(pinned):
        found[f"lesson:{one.id}"] = {"publication": one.publication, "version": f"{one.major}.{one.minor}"}
    for kind, table, order in (("session", "course_sessions", "starts_at, id"), ("task", "course_tasks", "id")):
        found |= {
            f"{kind}:{one.id}": {"title": one.title} for one in rows(f"SELECT id, title FROM {table} {where} {order}")
        }
    for quiz in rows(f"SELECT id, title, pass_mark FROM quizzes {where} position, id"):
        own = (
            "SELECT id, text FROM questions WHERE quiz_id = :c AND asked_here AND retired_at IS NULL"
            " AND suspended_at IS NULL ORDER BY position, id"
        )
        borrowed = (
            "SELECT q.id, q.text FROM quiz_asks a JOIN questions q ON q.id = a.question_id WHERE a.quiz_id = :c"
            " AND q.retired_at IS NULL AND q.suspended_at IS NULL ORDER BY a.id"
        )
        asked = {one.id: one.text[:200] for one in [*rows(own, quiz.id), *rows(borrowed, quiz.id)]}
        drawn = (
            "SELECT c.name, a.count AS many FROM quiz_asks a JOIN categories c ON c.id = a.category_id"
            " WHERE a.quiz_id = :c ORDER BY a.id"
        )
        found[f"quiz:{quiz.id}"] = {
            "title": quiz.title, "mark": quiz.pass_mark, "questions": [list(one) for one in asked.items()],
            "draws": [[one.name, one.many] for one in rows(drawn, quiz.id)],
        }  # fmt: skip
    found |= {
        f"module:{one.id}": {"title": one.title} for one in rows(f"SELECT id, title FROM course_modules {where} id")
    }
    placed = [one.step for one in rows("SELECT step FROM course_placings WHERE course_id = :c ORDER BY position")]
    order = [key for key in placed if key in found]
    return [{"step": key, **found[key]} for key in [*order, *(key for key in found if key not in order)]]


def downgrade() -> None:
    op.drop_index("ix_enrolments_version_id", "enrolments")
    with op.batch_alter_table("enrolments") as batch:
        batch.drop_constraint("fk_enrolments_version_id_course_versions", type_="foreignkey")
        batch.drop_column("version_id")
    op.drop_table("course_version_steps")
    op.drop_table("course_versions")
    op.drop_table("course_duties")
    op.execute("DELETE FROM assignments WHERE ended_at IS NOT NULL OR (team_id IS NULL) = (user_id IS NULL)")
    op.execute("DELETE FROM assignments WHERE role IS NOT NULL OR tier_id IS NOT NULL")
    op.drop_index("uq_assignments_standing", "assignments")
    with op.batch_alter_table("assignments") as batch:
        for name in ("person_alone", "somebody", "one_due"):
            batch.drop_constraint(name, type_="check")
        batch.drop_constraint("fk_assignments_tier_id_tiers", type_="foreignkey")
        for column in ("circle", "role", "tier_id", "days", "ended_at"):
            batch.drop_column(column)
        batch.create_check_constraint("team_or_person", "(team_id IS NULL) <> (user_id IS NULL)")
        batch.create_unique_constraint("uq_assignments_course_id_team_id", ["course_id", "team_id"])
        batch.create_unique_constraint("uq_assignments_course_id_user_id", ["course_id", "user_id"])
