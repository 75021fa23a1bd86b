"""Claims and finishes a second with four processes, each job exactly once."""

import multiprocessing
import tempfile
import time

from sqlalchemy import insert

from skywright.foundry.jobs.job import JobRequest, Slots
from skywright.foundry.jobs.queue import Queue
from skywright.store.database import Database

JOBS = 2000
PROCESSES = 4


def measure():
    from tests import postgres

    told = {"sqlite": drained(f"sqlite:///{tempfile.mkdtemp()}/jobs.db")}
    if postgres.program("initdb") is None:
        told["postgresql"] = "its programs are not on this machine"
    else:
        with postgres.running_server() as server:
            told["postgresql"] = drained(postgres.new_database(server))
    return told


def drained(url):
    queue = Queue(Database(url))
    fill(queue)
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    done = context.Queue()
    workers = [
        context.Process(target=work, args=(url, k, ready, go, done)) for k in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    began = time.perf_counter()
    go.set()
    ids = [job for _ in workers for job in done.get()]
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.join()
    queue.database.close()
    return {
        "claims_and_finishes_per_s": round(JOBS / seconds),
        "jobs": JOBS,
        "processes": PROCESSES,
        "each_exactly_once": len(ids) == len(set(ids)) == JOBS,
    }


def fill(queue):
    """Put jobs on record in one transaction; submitting is not what is measured."""
    from skywright.foundry.jobs.job import row_of
    from skywright.store.foundry_schema import training_jobs

    request = JobRequest("count", {"name": "count", "kind": "sklearn"}, "local")
    with queue.database.write() as connection:
        connection.execute(
            insert(training_jobs), [row_of(f"job-{k:06d}", request) for k in range(JOBS)]
        )


def work(url, number, ready, go, done):
    queue = Queue(Database(url))
    queue.list(limit=1)
    ready.release()
    go.wait()
    mine = []
    while (job := queue.claim(f"w{number}", 60.0, Slots(cpus=4))) is not None:
        if queue.complete(job, {}):
            mine.append(job.id)
    done.put(mine)
    queue.database.close()
