"""The drill: the outage of January 2019 again, under a ladder of designs."""
