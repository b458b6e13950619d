"""What `tests/long/chaos.sh` may be told by the environment, and the bars of the suite."""
import os, random

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "494"))
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1 << 32))
KINDS = os.environ.get("CHAOS_KINDS", "").split()
CLIENTS = int(os.environ.get("CHAOS_CLIENTS", "120"))
# Seconds a start after kill -9 may take until `/readyz` says so.
READY_S = float(os.environ.get("CHAOS_READY_S", "2"))
