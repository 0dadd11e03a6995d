"""Entry point of gunicorn and of the flask command."""

import os

from webapp import create_app
from webapp.config import read_settings

app = create_app(read_settings(os.environ))
