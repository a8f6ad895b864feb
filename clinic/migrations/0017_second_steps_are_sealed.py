"""Keys of second steps are sealed, and of paper codes only digests stay; what django-otp kept in clear goes.

The one release that takes something away at once: to keep the clear keys for a release more is to have them in each
backup. What stays in django-otp's table are rows that no code fits, so that a process of the old build asks for the
second step and refuses it, instead of letting whoever has the password set up another. Undone, phones work again;
of the paper nothing can be had back.
"""

import base64
import hmac
from binascii import hexlify, unhexlify
from hashlib import sha256
from secrets import token_bytes, token_hex

import clinic.models.second_step
import django.db.models.deletion
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import migrations, models

KEPT = (
    'user_id', 'name', 'confirmed', 'throttling_failure_timestamp', 'throttling_failure_count', 'created_at',
    'last_used_at',
)
# No step of the clock is later.
NEVER = 2**62


def seal():
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    purpose = b'evenkeel: keys of second steps'
    keys = [HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(one.encode()) for one in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def same(row):
    return {name: getattr(row, name) for name in KEPT}


def move(apps, schema_editor):
    here, fernet = schema_editor.connection.alias, seal()
    old, paper = apps.get_model('otp_totp', 'TOTPDevice'), apps.get_model('otp_static', 'StaticDevice')
    if schema_editor.connection.vendor == 'postgresql':
        # What a process of the old build writes meanwhile would be lost, or a used code be good once more.
        tables = [old, paper, apps.get_model('otp_static', 'StaticToken')]
        schema_editor.execute('LOCK TABLE ' + ', '.join(table._meta.db_table for table in tables))
    phones = [row for row in old.objects.using(here) if row.last_t < NEVER]
    sheets = [(row, list(row.token_set.values_list('token', flat=True))) for row in paper.objects.using(here)]
    wipe(apps, schema_editor)
    for row in phones:
        new = apps.get_model('clinic', 'PhoneKey')(drift=row.drift, last_t=row.last_t, **same(row))
        new.sealed_key = fernet.encrypt(unhexlify(row.key)).decode()
        save(new, here, row)
        if row.confirmed:
            shell = {'user_id': row.user_id, 'name': row.name, 'last_t': NEVER}
            old.objects.using(here).create(key=token_hex(20), **shell)
    for row, codes in sheets:
        key = token_bytes(20)
        digests = [hmac.new(key, code.encode(), sha256).hexdigest() for code in codes]
        sealed = {'sealed_key': fernet.encrypt(key).decode(), 'digests': digests}
        save(apps.get_model('clinic', 'PaperCodes')(**sealed, **same(row)), here, row)


def save(new, here, row):
    """`created_at` as it was: the field itself takes the time of the insert."""
    new.save(using=here)
    type(new).objects.using(here).filter(pk=new.pk).update(created_at=row.created_at)


def wipe(apps, schema_editor):
    """Their bytes too: a deleted row stays in the file for a while, on either database."""
    names = [('otp_static', 'StaticToken'), ('otp_static', 'StaticDevice'), ('otp_totp', 'TOTPDevice')]
    tables = [apps.get_model(*name) for name in names]
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute('TRUNCATE ' + ', '.join(table._meta.db_table for table in tables))
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute('PRAGMA secure_delete = ON')
        cursor.fetchall()
    for table in tables:
        table.objects.using(schema_editor.connection.alias).all()._raw_delete(schema_editor.connection.alias)


def move_back(apps, schema_editor):
    here, fernet = schema_editor.connection.alias, seal()
    old = apps.get_model('otp_totp', 'TOTPDevice').objects.using(here)
    phones = list(apps.get_model('clinic', 'PhoneKey').objects.using(here))
    # Reset since: they set up another at their next log-in, there as here.
    old.filter(last_t=NEVER).exclude(user_id__in=[row.user_id for row in phones]).delete()
    for row in phones:
        try:
            key = hexlify(fernet.decrypt(row.sealed_key.encode())).decode()
        except InvalidToken:
            # The row that no code fits stays: the person's second step has to be reset, there as here.
            continue
        old.filter(user_id=row.user_id, last_t=NEVER).delete()
        back = old.create(key=key, drift=row.drift, last_t=row.last_t, **same(row))
        old.filter(pk=back.pk).update(created_at=row.created_at)


class Migration(migrations.Migration):

    dependencies = [
        ('clinic', '0016_audit_by_kind'),
        ('otp_static', '0003_add_timestamps'),
        ('otp_totp', '0003_add_timestamps'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PaperCodes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('sealed_key', models.TextField(default=clinic.models.second_step.new_key, editable=False)),
                ('digests', models.JSONField(default=list, editable=False)),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'paper codes',
                'verbose_name_plural': 'paper codes',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PhoneKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('created_at', models.DateTimeField(auto_now_add=True, help_text='The date and time when this device was initially created in the system.', null=True)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='The most recent date and time this device was used.', null=True)),
                ('sealed_key', models.TextField(default=clinic.models.second_step.new_key, editable=False)),
                ('drift', models.SmallIntegerField(default=0)),
                ('last_t', models.BigIntegerField(default=-1)),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'phone key',
                'abstract': False,
            },
        ),
        migrations.RunPython(move, move_back),
    ]
