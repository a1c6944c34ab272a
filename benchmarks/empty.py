"""The yardstick: a Flask view that does nothing, under the product's own server.

python -m benchmarks.empty PORT
"""

import logging
import sys

from flask import Flask
from waitress import serve

# a queue is what a load makes
logging.getLogger("waitress.queue").setLevel(logging.ERROR)

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    return "ok"


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=16)
