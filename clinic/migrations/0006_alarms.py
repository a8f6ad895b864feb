"""What people were told of a destination that is in trouble."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0004_engine'),
    ]

    operations = [
        migrations.AddField(
            model_name='destination',
            name='alarms',
            field=models.CharField(blank=True, default='', editable=False, max_length=50),
        ),
        migrations.AddField(
            model_name='destination',
            name='given_up_mailed',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='destination',
            name='mailed',
            field=models.CharField(blank=True, default='', editable=False, max_length=50),
        ),
    ]
