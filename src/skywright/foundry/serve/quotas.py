"""How many rows a caller may have predicted in a day, in UTC."""

from __future__ import annotations

import threading
import time

from skywright.security.limits import RateLimitError

_DAY_S = 86_400


class QuotaError(RateLimitError):
    """The rows of a day are used up."""

    code = "quota"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, retry_after_s)
        self.hint = "The count starts again at midnight UTC; the operator sets the quota."


class Quotas:
    """Rows of today by caller, counted in this process; a restart forgets them.

    Parameters
    ----------
    per_day : int
        Most rows; 0 sets no quota.
    """

    def __init__(self, per_day: int) -> None:
        self.per_day = per_day
        self._day = -1
        self._rows: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, caller: str, rows: int, now: float | None = None) -> None:
        """Count rows before they are predicted; all of a request or none.

        Parameters
        ----------
        caller : str
            Who asks.
        rows : int
            How many.
        now : float, optional
            Unix time [s]; the clock's if None.

        Raises
        ------
        QuotaError
            If they do not fit into what is left of the day.
        """
        if not self.per_day:
            return
        day, second = divmod(time.time() if now is None else now, _DAY_S)
        with self._lock:
            if day != self._day:
                self._day = int(day)
                self._rows.clear()
            used = self._rows.get(caller, 0)
            if used + rows > self.per_day:
                message = (
                    f"{caller} asked for {used} rows today and now for {rows} more; "
                    f"{self.per_day} rows a day are allowed."
                )
                raise QuotaError(message, _DAY_S - second)
            self._rows[caller] = used + rows
