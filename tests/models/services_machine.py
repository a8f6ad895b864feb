"""People at kiosks and desks, in any order, each step made by the services and by the plain model of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clinic import services, states
from clinic.models import Clinic, Device, HelpRequest, Room
from clinic.services import Actor, AlreadyDone, Refused
from clinic.states import ENDED, Lane, State, Verb
from realtime.models import Topic
from tests.factories import make_clinic, make_destination, make_device
from tests.models import agreement
from tests.models.clinic_model import ClinicModel, No, asked_enough, says_something
from tests.models.people import PEOPLE, said_by
from tests.models.stays import EFFECTS, Person, Stay
from tests.models.world import World, id_of, must_be_same, word_of

# A Saturday afternoon in Chicago; the clocks go forward in the night after it.
BEGIN = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
people = some.sampled_from(PEOPLE)
flags = some.booleans()
# Which of the visits so far, which room, which actor: the nearest there is.
picks = some.integers(0, 15)
numbers = count()


class ServicesMachine(RuleBasedStateMachine):
    """One clinic, beside those of the examples before: nothing of one may show in another."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.clock = world, world.clock
        self.clock.at = BEGIN
        self.clinic: Clinic = make_clinic(f"clinic-{next(numbers)}")
        self.homes: list[int] = [make_destination(self.clinic, name=name).pk for name in ("EMR", "Register")]
        self.kiosks: list[Device] = [make_device(self.clinic, name=name)[0] for name in ("Left", "Right")]
        self.rooms: list[Room] = list(self.clinic.rooms.all())
        self.topic: str = Topic.objects.get(pk=self.clinic.topic_id).name
        self.model = ClinicModel(self.clinic.time_zone)
        self.again: list[Callable[[], None]] = []
        # At which version and time the screens were last looked at.
        self.seen = (0, BEGIN)
        # All is compared before the first step, too.
        world.steps -= 1
        world.rung.clear()
        world.asked.clear()

    # --- Who and what -------------------------------------------------------------------------------------------

    def stay(self, pick: int, among: list[Stay] | None = None) -> Stay:
        stays = among or self.model.stays
        return stays[pick % len(stays)]

    def actor(self, pick: int) -> Actor:
        """Ana, Ben, a kiosk, the system itself, or the patient."""
        actors = [Actor(user=user) for user in self.world.staff] + [Actor(device=kiosk) for kiosk in self.kiosks]
        return [*actors, Actor(), Actor(is_patient=True)][pick % 6]

    def agree(self, by: Actor, model: Callable[[], list[Any]], real: Callable[[], list[Any]]) -> None:
        """Both do it, or both refuse it, for the same reason."""
        try:
            wanted = model()
        except No as no:
            with pytest.raises(Refused) as refused, self.world.committing():
                real()
            assert type(refused.value) is (AlreadyDone if no.first or no.here else Refused)
            assert word_of(no, by) in str(refused.value)
            return
        with self.world.committing():
            results = real()
        for expected, result in zip(wanted, results, strict=True):
            must_be_same(expected, result)

    def twice(self, step: Callable[[], None]) -> None:
        """Now, and perhaps again later: a tap that was repeated, a form that was sent twice."""
        self.again.append(step)
        step()

    # --- Arrivals -----------------------------------------------------------------------------------------------

    @rule(who=people, claimed=flags, desk=flags, pick=picks, lane=some.sampled_from(Lane), checked=flags)
    def check_in(self, who: Person, claimed: bool, desk: bool, pick: int, lane: Lane, checked: bool) -> None:
        by, key, said = self.actor(pick), uuid.uuid4(), said_by(who, claimed)
        more = {"lane": lane, "checked": checked} if desk else {}
        told = {"lane": lane, "identity_checked": checked} if desk else {}
        self.twice(
            lambda: self.agree(
                by,
                lambda: [self.model.check_in(self.clock.at, who, by, key, claimed, **more)],
                lambda: [services.check_in(self.clinic, said, by=by, key=key, **told)],
            )
        )

    @precondition(lambda self: self.model.in_state(*ENDED))
    @rule(pick=picks, who=picks, and_undo=flags)
    def come_back(self, pick: int, who: int, and_undo: bool) -> None:
        """Somebody whose visit has ended checks in again; perhaps the desk then takes the end of it back."""
        latest_first = sorted(self.model.in_state(*ENDED), key=lambda stay: -stay.last.serial)
        ended = self.stay(pick % 3, latest_first)
        self.check_in(ended.person, False, False, who, Lane.STANDARD, False)
        if and_undo:
            self.undo_of(ended, self.actor(who), None)

    @rule(group=some.lists(some.tuples(people, flags), min_size=1, max_size=4), pick=picks)
    def check_in_together(self, group: list[tuple[Person, bool]], pick: int) -> None:
        by, key, said = self.actor(pick), uuid.uuid4(), [said_by(*one) for one in group]
        self.twice(
            lambda: self.agree(
                by,
                lambda: self.model.check_in_together(self.clock.at, group, by, key),
                lambda: services.check_in_together(self.clinic, said, by=by, key=key),
            )
        )

    @rule(who=people, minutes=some.sampled_from([-30, 0, 20, 90, 600]), pick=picks)
    def book(self, who: Person, minutes: int, pick: int) -> None:
        by, at = self.actor(pick), self.clock.at + timedelta(minutes=minutes)
        self.agree(
            by,
            lambda: [self.model.book(self.clock.at, who, at, by)],
            lambda: [services.book(self.clinic, said_by(who, True), at, by=by)],
        )

    @precondition(lambda self: self.model.stays)
    @rule(pick=picks, who=picks, only_expected=flags)
    def arrive(self, pick: int, who: int, only_expected: bool) -> None:
        expected = self.model.in_state(State.EXPECTED) if only_expected else None
        stay, by = self.stay(pick, expected), self.actor(who)
        self.agree(
            by,
            lambda: [self.model.arrive(self.clock.at, stay, by)],
            lambda: [services.arrive(self.clinic, id_of(stay), by=by)],
        )

    # --- Moves --------------------------------------------------------------------------------------------------

    def move(self, stay: Stay, verb: Verb, by: Actor, **given: Any) -> None:
        key = uuid.uuid4()
        self.twice(
            lambda: self.agree(
                by,
                lambda: self.model.move(self.clock.at, stay, verb, by, key, **given),
                lambda: [services.move(self.clinic, id_of(stay), verb, by=by, key=key, **given)],
            )
        )

    @precondition(lambda self: self.model.stays)
    @rule(pick=picks, nth=picks, who=picks, room=picks, lane=some.sampled_from(Lane))
    def move_that_is_legal(self, pick: int, nth: int, who: int, room: int, lane: Lane) -> None:
        open_ones = self.model.in_state(*states.OPEN)
        stay = self.stay(pick, open_ones)
        legal = [verb for verb in EFFECTS if states.after(verb, State(stay.state)) and says_something(stay, verb)]
        legal = [verb for verb in legal if not asked_enough(stay, verb)]
        if not legal:
            return
        verb, before = legal[nth % len(legal)], self.model.version
        given = {Verb.CALL: {"room": self.rooms[room % 2]}, Verb.MOVE: {"lane": lane}}.get(verb, {})
        self.move(stay, verb, self.actor(who), **given, reason="because")
        assert self.model.version == before + 1, "a legal verb is never refused"

    @precondition(lambda self: self.model.stays)
    @rule(
        pick=picks,
        verb=some.sampled_from(sorted(EFFECTS)),
        who=picks,
        room=some.one_of(some.none(), picks),
        lane=some.one_of(some.none(), some.sampled_from(Lane)),
        reason=some.sampled_from(["", " \x00\n ", "because"]),
        seen_free=flags,
    )
    def move_of_any_kind(
        self, pick: int, verb: Verb, who: int, room: int | None, lane: Lane | None, reason: str, seen_free: bool
    ) -> None:
        own = None if room is None else self.rooms[room % 2]
        free = seen_free and verb == Verb.CALL and own is not None
        stay, by = self.stay(pick), self.actor(who)
        self.move(stay, verb, by, room=own, lane=lane, reason=reason.strip("\x00\n "), seen_free=free)

    @rule(who=picks, room=picks, seen_free=flags)
    def call_next(self, who: int, room: int, seen_free: bool) -> None:
        by, key, given = self.actor(who), uuid.uuid4(), {"room": self.rooms[room % 2], "seen_free": seen_free}
        self.twice(
            lambda: self.agree(
                by,
                lambda: self.model.call_next(self.clock.at, by, key, **given),
                lambda: [services.call_next(self.clinic, by=by, key=key, **given)],
            )
        )

    @precondition(lambda self: self.model.stays)
    @rule(pick=picks, who=picks, room=picks, seen_free=flags)
    def call_together(self, pick: int, who: int, room: int, seen_free: bool) -> None:
        stay, by, key = self.stay(pick), self.actor(who), uuid.uuid4()
        given = {"room": self.rooms[room % 2], "seen_free": seen_free}
        self.twice(
            lambda: self.agree(
                by,
                lambda: self.model.call_together(self.clock.at, stay, by, key, **given),
                lambda: services.call_together(self.clinic, id_of(stay), by=by, key=key, **given),
            )
        )

    @precondition(lambda self: self.model.stays)
    @rule(pick=picks, who=picks, back=some.sampled_from([None, 0, 0, 0, 1]))
    def undo(self, pick: int, who: int, back: int | None) -> None:
        latest_first = sorted(self.model.stays, key=lambda stay: -stay.last.serial)
        stay = self.stay(pick, latest_first)
        self.undo_of(stay, self.actor(who), None if back is None else len(stay.history) - back)

    def undo_of(self, stay: Stay, by: Actor, seen: int | None) -> None:
        key = uuid.uuid4()
        self.twice(
            lambda: self.agree(
                by,
                lambda: self.model.undo(self.clock.at, stay, by, seen, key),
                lambda: [services.undo(self.clinic, id_of(stay), by=by, seen=seen, key=key)],
            )
        )

    @precondition(lambda self: self.again)
    @rule(pick=picks)
    def again_what_was_done(self, pick: int) -> None:
        self.again[-1 - pick % len(self.again)]()

    # --- The rest -----------------------------------------------------------------------------------------------

    @rule(seconds=some.sampled_from([1, 20, 20, 90, 601, 3600, -3, None]))
    def time_passes(self, seconds: int | None) -> None:
        """Until the day is nearly over; or by some seconds, also backwards: the next server's clock is slow."""
        if seconds is not None:
            self.clock.add(seconds=seconds)
            return
        following = self.model.day(self.clock.at) + timedelta(days=1)
        turn = datetime.combine(following, time(4), self.model.zone)
        self.clock.at = max(self.clock.at, turn.astimezone(UTC) - timedelta(seconds=30))

    @rule(nth=some.integers(0, 1), taker=some.sampled_from([None, 0, 1]))
    def help_is_asked_for_or_comes(self, nth: int, taker: int | None) -> None:
        kiosk = self.kiosks[nth]
        with self.world.committing():
            if taker is None:
                self.model.ask_for_help(kiosk.pk)
                services.ask_for_help(self.clinic, kiosk)
            elif asked := HelpRequest.objects.filter(clinic=self.clinic, device=kiosk).order_by("-pk").first():
                self.model.take_help(kiosk.pk)
                first = asked.taken_by or self.world.staff[taker]
                taken = services.take_help_request(self.clinic, asked.pk, self.world.staff[taker])
                assert taken.taken_by == first

    @invariant()
    def all_agree(self) -> None:
        agreement.check_rows(self.clinic, self.model)
        agreement.check_history(self.clinic, self.model)
        agreement.check_deliveries(self.model, self.homes, self.world.asked)
        if self.seen != (self.model.version, self.clock.at):
            self.seen = self.model.version, self.clock.at
            agreement.check_monitor(self.clinic, self.model, {room.pk: room.name for room in self.rooms})
            agreement.check_desk(self.clinic, self.model, self.clock.at)
        self.world.steps += 1
        assert self.world.rung == [(self.topic, number) for number in range(2, self.model.version + 1)]
