"""How much arrives at a destination, and lists of its messages, among a million of them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0006_alarms'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'delivered')), fields=['destination', 'delivered_at', 'id'], name='delivery_delivered'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'skipped')), fields=['destination', 'id'], name='delivery_skipped'),
        ),
    ]
