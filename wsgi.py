"""What WSGI servers and ``flask --app wsgi`` load."""

import sys

from core.loading import loading

with loading():
    from core.settings import SettingsError
    from wiki.app import create_app

    try:
        application = create_app()
    except SettingsError as error:
        sys.exit(f"Spiral does not start: {error}")
