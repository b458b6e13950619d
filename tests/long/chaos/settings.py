"""What `tests/long/chaos.sh` may be told by the environment, and the bars of the suite."""
import os, random

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "494"))
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1 << 32))
KINDS = os.environ.get("CHAOS_KINDS", "").split()
CLIENTS = int(os.environ.get("CHAOS_CLIENTS", "200"))
# Seconds a start after kill -9 may take until `/readyz` says so.
READY_S = float(os.environ.get("CHAOS_READY_S", "2"))
# Seconds a call may run before its note is written: one batch at the disk and the 5 ms a note may wait, on a busy machine.
NOTE_S = float(os.environ.get("CHAOS_NOTE_S", "1"))
