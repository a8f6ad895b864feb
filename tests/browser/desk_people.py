"""Who is in front of the desk: patients from a shell beside the stack, and what a clerk's hands and keys do."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.people import log_in
from tests.names import another_name
from tests.stack import Stack

ARRIVE = """
from datetime import date, timedelta
from django.utils import timezone
from clinic import clock
from clinic.services import Actor, Answers, check_in
clinic = Clinic.objects.select_related("topic").get(slug="harbor")
since = timezone.now() - timedelta(minutes={minutes}, seconds=5)
with clock.override(lambda: since):
    visit = check_in(clinic, Answers({family!r}, {born}, {given!r}, language={language!r}), by=Actor())
"""
ASK = """
from clinic.services import ask_for_help
ask_for_help(Clinic.objects.select_related("topic").get(slug="harbor"), None)
"""
SEND_ALL_HOME = """
from clinic.services import Actor, move
from clinic.states import ON_SITE, State, Verb
for visit in Visit.objects.filter(state__in=ON_SITE).select_related("clinic__topic"):
    verb = Verb.DISCHARGE if visit.state == State.ROOMED else Verb.LEFT
    move(visit.clinic, visit.public_id, verb, by=Actor())
HelpRequest.objects.update(taken_at="2026-01-01T00:00Z")
"""
LAST = 'Visit.objects.latest("pk").ticket'
MANY = """
from datetime import timedelta
from clinic.models import Room
from clinic.services import ask_for_help, move
from clinic.states import Lane, Verb
names = [("María Guadalupe", "López Hernández-Wojciechowska"), ("Jun", "Park"), ("Łukasz", "Al-Sayed O'Brien")]
for n in range({many}):
    past = timezone.now() - timedelta(minutes={many} * 2 - 2 * n)
    (given, family), lane = names[n % 3], Lane.PRIORITY if n % 5 == 4 else Lane.STANDARD
    born, tongue = date(1940 + 7 * n % 82, 1 + n % 12, 1 + n % 28), "es" if n % 3 == 0 else "en"
    said = Answers(family + {salt!r} + "b" * (n // 3), born, given, language=tongue)
    with clock.override(lambda: past):
        visit = check_in(clinic, said, by=Actor(), lane=lane)
    later = timezone.now() + timedelta(minutes=8)
    flags = dict(red_flag=n % 4 == 0, needs_help=n % 4 == 1, not_before=later if n % 4 == 2 else None)
    Visit.objects.filter(pk=visit.pk).update(**flags)
    for verb in [[], [], [Verb.CALL], [Verb.CALL, Verb.ROOM], [Verb.STEP_OUT], [Verb.LEFT]][n % 6]:
        move(clinic, visit.public_id, verb, by=Actor(), room=Room.objects.filter(clinic=clinic)[n % 4])
"""


def open_desk(context: BrowserContext, stack: Stack, who: str = "desk") -> Page:
    """A clerk at the desk, on a live path."""
    page = log_in(context, stack, who, "/desk/")
    expect(page.locator(".desk-page")).not_to_have_attribute("data-live", "poll", timeout=10_000)
    return page


def send_all_home(stack: Stack) -> None:
    """Nobody is there, and no alarm stands."""
    stack.shell.run(SEND_ALL_HOME)


def arrive(stack: Stack, given: str = "", family: str = "Miller", minutes: int = 0, language: str = "en") -> str:
    """Somebody has checked in so many minutes ago. Returns the ticket."""
    said = {"given": given or another_name(), "family": family, "minutes": minutes, "language": language}
    stack.shell.run(ARRIVE.format(**said, born="date(1985, 4, 17)"))
    return str(stack.ask(LAST))


def arrive_many(stack: Stack, many: int) -> None:
    """So many, in every state, with every flag, the last long waits first."""
    stack.shell.run(ARRIVE.partition("since =")[0] + MANY.format(many=many, salt=another_name()[-4:]))


def ask_for_help(stack: Stack) -> None:
    stack.shell.run(ASK)


def card(page: Page, ticket: str) -> Locator:
    return page.locator(f".card[data-ticket='{ticket}']")


def tab_to(page: Page, target: Locator) -> None:
    """By the Tab key alone."""
    handle = target.element_handle()
    for _press in range(200):
        if page.evaluate("one => one === document.activeElement", handle):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {target}")


def key_in(page: Page, ticket: str, verb: str) -> None:
    """A button of a card by keys alone: under "More" if it is there."""
    button = card(page, ticket).locator(f"[data-verb={verb}]")
    if not button.is_visible():
        tab_to(page, card(page, ticket).locator("summary"))
        page.keyboard.press("Enter")
    tab_to(page, button)
    page.keyboard.press("Enter")
