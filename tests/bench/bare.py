"""A bare Flask app, the peer that our servers are measured against: `gunicorn tests.bench.bare:app`."""

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask

app = Flask("bare")
app.add_url_rule("/", "ok", view_func=lambda: {"ok": True})

if "BARE_ANSWER" in os.environ:  # a JSON file, written out anew for each request
    answer: dict[str, Any] = json.loads(Path(os.environ["BARE_ANSWER"]).read_text("utf-8"))
    app.add_url_rule("/answer", "answer", view_func=lambda: answer)
