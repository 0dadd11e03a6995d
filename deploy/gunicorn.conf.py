"""How gunicorn runs the app; everything comes from the settings of the README."""

import os

from webapp.config import read_settings

settings = read_settings(os.environ)

bind = f"{settings.host}:{settings.port}"
workers = settings.workers or min(max(os.cpu_count() or 2, 2), 8)
worker_class = "gthread"
threads = 4
timeout = 120
graceful_timeout = 30
keepalive = 5
limit_request_line = 8190  # receipts are asked for with 200 ids in one address
preload_app = True  # one copy of the code for all workers
max_requests = 20000
max_requests_jitter = 2000
accesslog = None
errorlog = "-"
loglevel = "warning"


def post_fork(_server, _worker):  # type: ignore[no-untyped-def]
    """Each worker opens database connections of its own."""
    from webapp.extensions import db
    from wsgi import app

    with app.app_context():
        db.engine.dispose(close=False)
