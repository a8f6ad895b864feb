"""Whole days of a group of clinics, from one seed: the load for pictures, benches and drills.

    plan = Plan(tuple(group(20)), seed=7, hours=12, surges=(parse_surge("Mon 09:00 2h 3x"),))
    desks = Desks(plan, [desk_for(n, site) for n, site in enumerate(plan.sites, 1)], virtual=True)
    for done in Run(plan, desks):
        print(done.at, done.act, done.outcome)

A Plan says which clinics, when, and the seed. A Run performs its acts, in order of time, by a performer: `Desks`
does it through clinic.services; any function from an Act and its time to an Outcome may take its place. A Runner
does the same at a chosen speed. No visit is written but through the services.
"""

from clinic.simulation.acts import Act, Done, Outcome, Performer, Word
from clinic.simulation.clinics import desk_at, desk_for
from clinic.simulation.desks import Desk, Desks
from clinic.simulation.plan import Plan
from clinic.simulation.run import Run
from clinic.simulation.runner import Runner
from clinic.simulation.sites import Site, group, site_of
from clinic.simulation.surges import Surge, parse_surge
from clinic.simulation.times import parse_moment, parse_span, parse_week

__all__ = [
    "Act",
    "Desk",
    "Desks",
    "Done",
    "Outcome",
    "Performer",
    "Plan",
    "Run",
    "Runner",
    "Site",
    "Surge",
    "Word",
    "desk_at",
    "desk_for",
    "group",
    "parse_moment",
    "parse_span",
    "parse_surge",
    "parse_week",
    "site_of",
]
