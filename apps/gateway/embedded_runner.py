"""The embedded model's own process. Imports nothing of Almia, so that nothing of Almia is in its memory.

Standard input brings one line of JSON (see `Settings` in `embedded.py`) and then stays open for as long as the parent lives: when
it closes, however the parent ended, this process ends. While the model loads nothing is read, so Linux is asked to do it as well.
Standard output gets one line of JSON, `{"address": "http://127.0.0.1:…"}`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    settings = json.loads(sys.stdin.readline())
    os.nice(5)  # the portal comes first: a slow answer is better than a slow page
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["weights"]
    params.model_alias = {settings["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = settings["port"]
    params.api_keys = [settings["api_key"]]
    params.n_parallel = settings["slots"]
    params.n_ctx = settings["slots"] * settings["context"]
    params.cont_batching = True
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.n_gpu_layers = 0
    params.fit_params = False
    params.cache_ram_mib = 0
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 1
    # A model this small rambles and repeats itself with its default settings.
    params.sampling.temp = 0.4
    params.sampling.top_p = 0.9
    params.sampling.penalty_repeat = 1.1
    server = xllamacpp.Server(params)
    try:
        sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        # A generation under way must not delay the end, nor must the server's threads if the parent died before it was told.
        os._exit(0)


if __name__ == "__main__":
    main()
