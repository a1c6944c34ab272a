"""What WSGI servers and ``flask --app wsgi`` load."""

from wiki.app import create_app

application = create_app()
