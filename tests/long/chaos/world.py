"""The processes of the suite: PostgreSQL, Redis, provider, program. Each can be killed and comes back on the same port."""
import asyncio, os, pathlib, pwd, shutil, signal, socket, subprocess, sys, tempfile, time

from mounts import Mounts
from proxy import Proxy
from wire import Gone, ask

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ["CHAOS_BINARY"]
POSTGRES = pathlib.Path(os.environ["POSTGRES_FOLDER"])
CREDENTIAL = "chaos-credential"
# Seconds anything may take to come up, or to end in order.
PATIENCE_S = 60
SETTINGS = {
    "DEROUTER__UPSTREAM__KIND": "anthropic", "DEROUTER_UPSTREAM_CREDENTIAL": CREDENTIAL, "DEROUTER__LOG__FORMAT": "json",
    "DEROUTER__IDENTITY__CODES_PER_NETWORK_HOUR": "1000",
}


def free_ports(names):
    sockets = {name: socket.socket() for name in names}
    for s in sockets.values():
        s.bind(("127.0.0.1", 0))
    ports = {name: s.getsockname()[1] for name, s in sockets.items()}
    for s in sockets.values():
        s.close()
    return ports


def unprivileged():
    """How to start what refuses root: as the user the program becomes."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class World:
    def __init__(self):
        kept = os.environ.get("CHAOS_KEEP")
        self.folder = pathlib.Path(kept or tempfile.mkdtemp(prefix="derouter-chaos-", dir="/tmp"))
        self.is_kept = bool(kept)
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self.ports = free_ports(("api", "console", "dashboard", "portal", "database", "redis", "upstream"))
        self.processes, self.starts = {}, 0
        self.mounts = Mounts(self.folder)
        self.proxy = Proxy(self.ports["database"], str(self.folder / "socket/.s.PGSQL.5432"))
        self.upstream_log = self.folder / "provider.jsonl"
        self.upstream_log.touch()

    def spawn(self, name, args, **more):
        log = open(self.folder / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **more)
        return self.processes[name]

    def is_up(self, name):
        return name in self.processes and self.processes[name].poll() is None

    async def ended(self, name):
        """Its exit code, once it has ended."""
        process, patience = self.processes[name], time.monotonic() + PATIENCE_S
        while process.poll() is None:
            if time.monotonic() > patience:
                raise SystemExit(f"{name} does not end")
            await asyncio.sleep(0.005)
        return process.returncode

    async def signal(self, name, what):
        self.processes[name].send_signal(what)
        return await self.ended(name)

    def make_cluster(self):
        places = [self.folder / name for name in ("postgres", "socket", "small")]
        for place in places:
            place.mkdir()
        self.mounts.mount("small", self.folder / "small")
        if os.geteuid() == 0:
            for place in places:
                shutil.chown(place, "postgres", "postgres")
        initdb = [POSTGRES / "initdb", "-D", places[0], "-U", "derouter", "--auth=trust", "-k", "-E", "UTF8", "--no-locale"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **unprivileged())

    def start_postgres(self):
        options = {"listen_addresses": "", "unix_socket_directories": self.folder / "socket", "max_connections": 100,
                   "shared_buffers": "128MB", "max_wal_size": "1GB", "log_min_messages": "warning"}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self.spawn("postgres", [POSTGRES / "postgres", "-D", self.folder / "postgres", *settings], **unprivileged())

    async def until_postgres(self):
        patience = time.monotonic() + PATIENCE_S
        while self.sql("SELECT 1", must=False) is None:
            if time.monotonic() > patience:
                raise SystemExit("PostgreSQL does not come up")
            await asyncio.sleep(0.02)

    def sql(self, statement, database="postgres", must=True):
        """What a statement answers, as text; past the proxy."""
        url = f"postgres://derouter@localhost/{database}?host={self.folder}/socket"
        done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url, "-c", statement], text=True, capture_output=True)
        if done.returncode != 0 and must:
            raise SystemExit(f"psql: {done.stderr}")
        return done.stdout.strip() if done.returncode == 0 else None

    def start_redis(self):
        self.spawn("redis", ["redis-server", "--port", self.ports["redis"], "--bind", "127.0.0.1", "--save", "", "--dir", self.folder])

    def start_upstream(self):
        self.spawn("upstream", [sys.executable, HERE / "upstream.py", self.ports["upstream"], self.upstream_log])

    def environment(self, database_port=None):
        env = {name: value for name, value in os.environ.items() if not name.startswith("DEROUTER")}
        where = f"127.0.0.1:{database_port}/derouter" if database_port else f"localhost/derouter?host={self.folder}/socket"
        env |= SETTINGS | {"DATABASE_URL": f"postgres://derouter@{where}", "REDIS_URL": f"redis://127.0.0.1:{self.ports['redis']}",
                           "DEROUTER__DATA_DIR": str(self.folder / "data"),
                           "DEROUTER__UPSTREAM__BASE_URL": f"http://127.0.0.1:{self.ports['upstream']}"}
        for name in ("api", "console", "dashboard", "portal"):
            env[f"DEROUTER__LISTEN__{name.upper()}"] = f"127.0.0.1:{self.ports[name]}"
        return env

    def start_program(self):
        self.starts += 1
        self.started_at = time.monotonic()
        self.spawn("program", [BINARY], env=self.environment(self.ports["database"]))

    async def second_program(self):
        """The exit code of another program with a folder of its own on the same database."""
        env = self.environment(self.ports["database"]) | {"DEROUTER__DATA_DIR": str(self.folder / "data2")}
        env |= {f"DEROUTER__LISTEN__{name}": "127.0.0.1:0" for name in ("API", "CONSOLE", "DASHBOARD", "PORTAL")}
        self.spawn("second", [BINARY], env=env)
        return await self.ended("second")

    async def until_ready(self):
        """Seconds from the start of the program to its first 200 of `/readyz`."""
        while time.monotonic() < self.started_at + PATIENCE_S:
            if not self.is_up("program"):
                raise SystemExit(f"the program ended with {self.processes['program'].returncode} instead of coming up")
            if await self.is_ready():
                return time.monotonic() - self.started_at
            await asyncio.sleep(0.01)
        raise SystemExit(f"the program is not ready after {PATIENCE_S} s")

    async def is_ready(self):
        try:
            return (await ask(self.ports["api"], "GET", "/readyz", within=2)).status == 200
        except Gone:
            return False

    async def figures(self):
        return (await ask(self.ports["console"], "GET", "/readyz", self.operator())).json()

    def weight(self):
        """Megabytes in memory and open files of the program."""
        process = pathlib.Path(f"/proc/{self.processes['program'].pid}")
        resident = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS"))
        return int(resident.split()[1]) // 1024, len(list((process / "fd").iterdir()))

    def operator(self):
        return {"authorization": "Bearer " + (self.folder / "data/operator_token").read_text().strip()}

    async def check(self):
        """What `derouter check` says is broken; nothing where the books are right."""
        process = await asyncio.create_subprocess_exec(BINARY, "check", env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = (await process.communicate())[0].decode()
        held = sum(line.split()[1:2] == ["ok"] for line in text.splitlines())
        return [] if process.returncode == 0 and held >= 18 and "0 findings" in text else text.splitlines()

    async def set_up(self):
        self.make_cluster()
        self.start_postgres()
        await self.until_postgres()
        if self.mounts.is_possible:
            self.sql(f"CREATE TABLESPACE small LOCATION '{self.folder}/small'")
        self.sql("CREATE DATABASE derouter" + (" TABLESPACE small" if self.mounts.is_possible else ""))
        (self.folder / "data").mkdir()
        (self.folder / "data/spool").mkdir()
        self.mounts.mount("spool", self.folder / "data/spool")
        self.start_redis()
        self.start_upstream()
        await self.proxy.start()
        self.start_program()
        return await self.until_ready()

    async def take_down(self, is_evidence):
        for name in ("program", "upstream", "redis", "postgres"):
            if self.is_up(name):
                try:
                    await self.signal(name, signal.SIGINT if name == "postgres" else signal.SIGTERM)
                except SystemExit:
                    self.processes[name].kill()
        self.mounts.unmount_all()
        if not self.is_kept and not is_evidence:
            shutil.rmtree(self.folder, ignore_errors=True)
