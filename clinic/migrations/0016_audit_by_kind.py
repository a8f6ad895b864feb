"""The last of one kind are found without reading the whole audit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0015_audit_follows_a_row")]
    operations = [
        # Makes nothing but the index: the table stays, and with it the triggers that guard it.
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["object_kind", "-at"], name="audit_by_kind"),
        ),
    ]
