"""Starts the program under test for the Python libraries, and ends it."""

import json
import os
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest


@contextmanager
def started():
    """Both simulators, empty, over TLS: simple-salesforce calls nothing else."""
    program = os.environ["TANDEM"]
    any_port = "127.0.0.1:0"
    arguments = ["sim", "--tls", "--hubspot", any_port, "--salesforce", any_port, "--pubsub", any_port]
    with subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield SimpleNamespace(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def simulators():
    """Those that most tests share."""
    with started() as ready:
        # requests heeds this above what a session says.
        os.environ["REQUESTS_CA_BUNDLE"] = ready.ca_file
        yield ready
