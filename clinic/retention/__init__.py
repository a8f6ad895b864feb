"""What is kept for how long, and the one permitted deleter of what is older: `manage.py purge`."""
