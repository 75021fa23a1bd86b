"""The log of predictions: beside the requests, bounded, and only what the endpoint allows."""

import pytest
from sqlalchemy import func, select

from skywright.foundry.serve.deploying import Order
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.prediction_log import Prediction, PredictionLog
from skywright.foundry.serve.reference import Reference
from skywright.security.callers import Caller
from skywright.security.roles import Role
from skywright.store.foundry_schema import predictions

ROW = {"x": 1.0, "mode": "a"}


def _made(number, name="line"):
    return Prediction(f"p{number}", name, "v", "champion", "me", ROW, {"value": 1.0}, 0.5, number)


def _count(database, name="line"):
    with database.read() as connection:
        return connection.scalar(
            select(func.count()).select_from(predictions).where(predictions.c.name == name)
        )


def test_what_was_put_is_written_by_a_flush(database):
    log = PredictionLog(database, 100, Figures())
    assert log.put(_made(1))
    assert _count(database) == 0
    assert log.flush() == 1
    assert log.find("line", "p1") == _made(1)


def test_a_full_queue_drops_and_counts(database, monkeypatch):
    monkeypatch.setattr("skywright.foundry.serve.prediction_log._MOST_WAITING", 3)
    figures = Figures()
    log = PredictionLog(database, 100, figures)
    assert [log.put(_made(k)) for k in range(5)] == [True, True, True, False, False]
    assert figures.dropped._value.get() == 2


def test_a_database_that_fails_loses_rows_and_counts_them(database, monkeypatch):
    figures = Figures()
    log = PredictionLog(database, 100, figures)
    log.put(_made(1))
    log.flush()
    log.put(_made(1))  # the same id cannot be written twice
    with pytest.raises(Exception, match="UNIQUE"):
        log.flush()
    assert figures.dropped._value.get() == 1
    assert log.put(_made(2))
    assert log.flush() == 1


def test_the_oldest_rows_of_a_model_make_room(database):
    log = PredictionLog(database, 20, Figures())
    for k in range(100):
        log.put(_made(k))
    log.put(_made(1000, "other"))
    log.flush()
    assert _count(database) == 20
    assert _count(database, "other") == 1
    assert log.find("line", "p99").at == 99


@pytest.mark.parametrize(("kept", "rows"), [("none", 0), ("all", 20)])
def test_an_endpoint_keeps_what_its_flag_says(database, add, ask, serving, kept, rows):
    order = Order(Reference("line"), add(), flags={"log": kept})
    serving.deploy(order, Caller("admin", Role.ADMIN))
    ids = [ask("line", ROW)["prediction_id"] for _ in range(20)]
    serving.log.flush()
    assert _count(database) == rows
    assert all((one is None) == (kept == "none") for one in ids)


def test_a_sample_keeps_about_its_share(database, add, ask, make_serving):
    add()
    serving = make_serving(prediction_sample=0.5)
    ids = [ask("line", ROW, on=serving)["prediction_id"] for _ in range(100)]
    serving.log.flush()
    kept = sum(one is not None for one in ids)
    assert 25 < kept < 75
    assert _count(database) == kept


def test_closing_writes_what_is_queued(database, add, ask, make_serving):
    add()
    serving = make_serving(prediction_sample=1.0)
    ask("line", ROW, on=serving)
    serving.close()
    assert _count(database) == 1
