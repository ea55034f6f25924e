"""Starts the program under test for the Python libraries, and ends it."""

import json
import os
import subprocess
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def simulators():
    """Both simulators, empty, over TLS: simple-salesforce calls nothing else."""
    program = os.environ["TANDEM"]
    any_port = "127.0.0.1:0"
    arguments = ["sim", "--tls", "--hubspot", any_port, "--salesforce", any_port, "--pubsub", any_port]
    with subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = SimpleNamespace(**json.loads(process.stdout.readline()))
            # requests heeds this above what a session says.
            os.environ["REQUESTS_CA_BUNDLE"] = ready.ca_file
            yield ready
        finally:
            process.terminate()
