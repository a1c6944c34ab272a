"""When a row of the table holds: one function per condition, its first line in plain words for ``docs/notices.md``."""

from typing import Any

from workflows.rules import State, Verb


def always(event: Any) -> bool:
    """–"""
    return True


def handed_over(event: Any) -> bool:
    """somebody handed it over"""
    return str(event.how) == "handed"


def handed_in(event: Any) -> bool:
    """it was handed in"""
    return event.verb is Verb.SUBMIT


def moved_on(event: Any) -> bool:
    """approved, and a further stage follows"""
    return event.verb is Verb.APPROVE and event.after.state is State.IN_REVIEW and event.after != event.before


def approved(event: Any) -> bool:
    """approved to the end"""
    return event.after.state is State.APPROVED


def returned(event: Any) -> bool:
    """sent back to the author"""
    return event.verb is Verb.SEND_BACK and event.after.state is State.RETURNED


def sent_to_stage(event: Any) -> bool:
    """sent back to an earlier stage"""
    return event.verb is Verb.SEND_BACK and event.after.state is State.IN_REVIEW


def new_round(event: Any) -> bool:
    """a new round began: sent back to a stage, text changed, or submitted again"""
    return event.verb in {Verb.SEND_BACK, Verb.REVISE, Verb.SUBMIT} and event.after.state is State.IN_REVIEW


def rejected(event: Any) -> bool:
    """rejected"""
    return event.after.state is State.REJECTED


def withdrawn(event: Any) -> bool:
    """withdrawn"""
    return event.after.state is State.WITHDRAWN


def overtaken(event: Any) -> bool:
    """withdrawn, changed, or decided in another seat"""
    return event.verb is not Verb.SUBMIT


def not_signed(event: Any) -> bool:
    """nothing came of it, and not by who had asked"""
    return bool(event.because != "taken_back")


def asks_to_confirm(event: Any) -> bool:
    """a business notice that readers have not seen before"""
    return event.kind == "notice" and not event.imported and not event.restored


def is_urgent(event: Any) -> bool:
    """it is urgent"""
    return bool(event.urgent)


def is_not_urgent(event: Any) -> bool:
    """it is not urgent"""
    return not event.urgent


def unhelpful(event: Any) -> bool:
    """a reader says that it did not help"""
    return not event.helpful


def was_written(event: Any) -> bool:
    """the text is there"""
    return bool(event.done)


def was_dropped(event: Any) -> bool:
    """it is not asked for any more"""
    return not event.done


def back_to_keeper(event: Any) -> bool:
    """its reporter replied, or opened it again"""
    return event.act in {"reply", "reopen"}


def to_reporter(event: Any) -> bool:
    """its keeper asked or answered"""
    return event.act in {"ask", "answer"}


def was_signed(event: Any) -> bool:
    """it was signed off"""
    return bool(event.verdict == "signed")


def was_sent_back(event: Any) -> bool:
    """it was sent back with a word"""
    return bool(event.verdict == "sent_back")


def is_late(event: Any) -> bool:
    """its day has passed"""
    return bool(event.late)


def is_near(event: Any) -> bool:
    """its day is near"""
    return not event.late


def somebody_did(event: Any) -> bool:
    """somebody assigned it, or moved its day"""
    return event.actor_id is not None


def nobody_did(event: Any) -> bool:
    """somebody came into its audience"""
    return event.actor_id is None
