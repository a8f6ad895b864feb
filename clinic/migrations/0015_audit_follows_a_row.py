"""A row of the audit follows one that is there, or is a chain's first: none begins in the air."""

from django.db import migrations

REFUSED = """NOT ((NEW.sequence = 1 AND NEW.previous = '') OR EXISTS (
        SELECT 1 FROM clinic_auditevent
        WHERE chain = NEW.chain AND sequence = NEW.sequence - 1 AND hash = NEW.previous))"""
REFUSED_BEFORE = """NEW.previous <> COALESCE((SELECT hash FROM clinic_auditevent WHERE chain = NEW.chain
        AND sequence = NEW.sequence - 1), '')"""


def statements(vendor, refused):
    """The trigger, which refuses a new row where this is so."""
    if vendor == "postgresql":
        return [
            f"""CREATE OR REPLACE FUNCTION clinic_audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF {refused} THEN RAISE EXCEPTION 'the audit is a chain'; END IF;
              RETURN NEW;
            END $$"""
        ]
    return [
        "DROP TRIGGER IF EXISTS audit_no_gap",
        f"""CREATE TRIGGER audit_no_gap BEFORE INSERT ON clinic_auditevent WHEN {refused}
        BEGIN SELECT RAISE(ABORT, 'the audit is a chain'); END""",
    ]


def _run(schema_editor, refused):
    for statement in statements(schema_editor.connection.vendor, refused):
        schema_editor.execute(statement)


def ask_more(apps, schema_editor):
    _run(schema_editor, REFUSED)


def ask_less(apps, schema_editor):
    _run(schema_editor, REFUSED_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0014_staff_sessions")]
    operations = [migrations.RunPython(ask_more, ask_less)]
