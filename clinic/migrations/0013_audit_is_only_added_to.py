"""The database itself refuses to change, remove or replace what is in the audit, and to leave a gap in a chain."""

from django.db import migrations

SQLITE = [
    """CREATE TRIGGER audit_no_update BEFORE UPDATE ON clinic_auditevent
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON clinic_auditevent
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
    # INSERT OR REPLACE takes a row away without asking the trigger above.
    """CREATE TRIGGER audit_no_replace BEFORE INSERT ON clinic_auditevent
    WHEN EXISTS (SELECT 1 FROM clinic_auditevent WHERE id = NEW.id
                 OR (chain = NEW.chain AND sequence = NEW.sequence))
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END""",
    """CREATE TRIGGER audit_no_gap BEFORE INSERT ON clinic_auditevent
    WHEN NEW.previous <> COALESCE((SELECT hash FROM clinic_auditevent WHERE chain = NEW.chain
                                   AND sequence = NEW.sequence - 1), '')
    BEGIN SELECT RAISE(ABORT, 'the audit is a chain'); END""",
]
POSTGRESQL = [
    """CREATE FUNCTION clinic_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$""",
    """CREATE FUNCTION clinic_audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.previous <> COALESCE((SELECT hash FROM clinic_auditevent WHERE chain = NEW.chain
                                   AND sequence = NEW.sequence - 1), '') THEN
        RAISE EXCEPTION 'the audit is a chain';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON clinic_auditevent
    FOR EACH ROW EXECUTE FUNCTION clinic_audit_refuse()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON clinic_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION clinic_audit_refuse()""",
    """CREATE TRIGGER audit_no_gap BEFORE INSERT ON clinic_auditevent
    FOR EACH ROW EXECUTE FUNCTION clinic_audit_follow()""",
]
UNDO = {
    "sqlite": [f"DROP TRIGGER audit_no_{name}" for name in ("update", "delete", "replace", "gap")],
    "postgresql": [
        *(f"DROP TRIGGER audit_no_{name} ON clinic_auditevent" for name in ("change", "truncate", "gap")),
        "DROP FUNCTION clinic_audit_refuse()",
        "DROP FUNCTION clinic_audit_follow()",
    ],
}
DO = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def add(apps, schema_editor):
    for statement in DO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("clinic", "0012_audit")]
    operations = [migrations.RunPython(add, remove)]
