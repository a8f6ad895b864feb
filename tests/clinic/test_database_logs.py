from __future__ import annotations

import pytest
from django.core.checks import Tags, run_checks
from django.db import connection

from clinic import database_logs

LOUD = {
    "log_min_error_statement": "error",
    "log_error_verbosity": "default",
    "log_statement": "mod",
    "log_min_duration_statement": "250",
    "log_min_duration_sample": "0",
    "log_transaction_sample_rate": "0.5",
}


def put(said: dict[str, str]) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for name, value in said.items():
                cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def warned() -> list[str]:
    found = run_checks(tags=[Tags.database], databases=["default"])
    return [one.msg for one in found if one.id == "clinic.W001"]


@pytest.fixture
def quiet(db: None) -> None:
    put({name: values[0] for name, values in database_logs.QUIET.items()})


def test_database_that_logs_no_patient_is_well(quiet: None) -> None:
    put({"log_statement": "ddl"})
    assert warned() == []


@pytest.mark.parametrize("name", LOUD)
def test_each_setting_that_lets_patients_into_the_log_is_named(quiet: None, name: str) -> None:
    put({name: LOUD[name]})
    said = [f"PostgreSQL writes patients' data into its own log: {name} = {LOUD[name]}."]
    assert warned() == (said if connection.vendor == "postgresql" else [])


def test_check_of_code_alone_asks_no_database() -> None:
    assert database_logs.check(databases=None) == []
