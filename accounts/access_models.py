"""Tables of the second step, of single sign-on and of what an administrator asks of those who sign in."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from accounts.rules import Way
from core.db import Base, enum_column


class AccessRules(Base):
    """The administrator's choices, one row (``id`` 1). Where there is none, ``access.DEFAULT`` holds."""

    __tablename__ = "access_rules"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    second_roles: Mapped[list[Any]]  # whoever holds one of these roles takes a second step
    second_after_sso: Mapped[bool] = mapped_column(default=False)  # also where the identity provider vouched for them
    passwords: Mapped[bool] = mapped_column(default=True)  # False: nobody but ``break_glass_id`` signs in with one
    break_glass_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))


class SecondFactor(Base):
    """The secret that a person's app and Spiral share, sealed with the installation's key.

    It counts from ``confirmed_at`` on. ``last_step``: the half minute of the newest code that was used; no code of it
    or before it is taken again.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str] = mapped_column(sa.String(300))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class RecoveryCode(Base):
    """One way in without the app, kept as SHA-256; good until ``used_at``."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    used_at: Mapped[datetime | None]


class HalfSignIn(Base):
    """Somebody gave the right password and still owes the second step. It opens that one page and nothing else."""

    __tablename__ = "half_sign_ins"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    way: Mapped[Way] = mapped_column(enum_column(Way))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship()


class LinkedIdentity(Base):
    """A person as a provider knows them: its ``issuer`` and its own ``subject``, never a name or an e-mail."""

    __tablename__ = "linked_identities"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"), sa.UniqueConstraint("issuer", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(sa.String(300))
    subject: Mapped[str] = mapped_column(sa.String(255))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship()


class SpentState(Base):
    """A way back from the identity provider that was used; it leads in once."""

    __tablename__ = "spent_states"

    state_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime]
