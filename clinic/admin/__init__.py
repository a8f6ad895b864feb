"""The admin of clinics, people, visits and deliveries: managers see their own clinics, superusers all."""

from django.contrib import admin

from clinic.admin import deliveries, destinations, people, places, visits

__all__ = ["deliveries", "destinations", "people", "places", "visits"]

admin.site.site_header = admin.site.site_title = "Evenkeel"
admin.site.index_title = "Clinics, people and settings"
