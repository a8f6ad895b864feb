"""Who did what, when, from where: rows that the database itself lets nobody change, in a chain for each clinic."""

from __future__ import annotations

from django.db import models

NEVER_CHANGED = "What is in the audit is never changed."
# Of what concerns no clinic, such as the vendor switch.
SYSTEM = 0


class ActorKind(models.TextChoices):
    """Who acted: a member of staff, a paired device, a patient by phone, a person at a shell, or we ourselves."""

    USER = "user", "Staff"
    DEVICE = "device", "Device"
    PATIENT = "patient", "Patient's phone"
    SHELL = "shell", "Shell"
    SYSTEM = "system", "Evenkeel"
    NOBODY = "nobody", "Not logged in"


class AuditChain(models.Model):
    """The end of one chain; whoever adds to it holds this row. `id`: of the clinic, or SYSTEM."""

    id = models.BigIntegerField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"chain {self.pk} at {self.sequence}"


class AuditEvent(models.Model):
    """One thing that was done. Numbers instead of foreign keys: it outlives what it tells of. No patient data.

    `action`: noun and verb, such as "visit.call". `detail`: small and plain, by names that `clinic.audit` allows.
    `hash`: SHA-256 over all fields but `id`, `previous` among them.
    """

    chain = models.BigIntegerField()
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    action = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=20, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["chain", "-at"], name="audit_by_time"),
            models.Index(fields=["object_kind", "object_id"], name="audit_by_object"),
            models.Index(fields=["object_kind", "-at"], name="audit_by_kind"),
        ]
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="audit_sequence_once")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} by {self.actor or self.actor_kind}"
