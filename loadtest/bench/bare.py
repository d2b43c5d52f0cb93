"""The set-up *bare*: the flow, the libraries and their telemetry, and nothing that makes a shop of them.

No call is tried again or bounded, no client limited, no body checked, no fault there to switch on.
"""

from tests.practice.variant import Change

from .changes import APP, HTTP, MONGO, STACK

INVENTORY, PAYMENT = "inventory/main.py", "payment/main.py"

_STEP = "        step = trace.get_current_span()\n"
_AT_ONCE = "        return await self._http.request(method, self._url + path, json=json)\n"
_LIMIT = "    app.add_middleware(InFlightLimit, most=settings.max_in_flight, exempt=HEALTH_PATHS)\n"
_STOCK_FAULTS = """\
        async with (
            faults.lose_answer("lost-response"),  # the work is done, and the caller never hears of it
            faults.queue("inventory-pool-of-one"),  # everybody waits for the same connection
        ):
"""
_AT_THE_DOOR = '    await faults.pause("payment-slow")\n    if faults.strikes("payment-fails"):'
_LOSE = '        async with faults.lose_answer("lost-response"):'

BARE = (
    Change(HTTP, _STEP, _AT_ONCE + _STEP),
    Change(APP, '        if scope["type"] == "http":\n', "        if False:\n"),
    Change(APP, STACK, "return super().build_middleware_stack()"),
    Change(APP, "    app.router.route_class = StrictRoute\n", ""),
    Change(APP, _LIMIT, ""),
    Change(MONGO, "        event_listeners=[_Slow()],\n", ""),
    Change(INVENTORY, '    await faults.pause("inventory-slow")\n', ""),
    Change(INVENTORY, _STOCK_FAULTS, "        if True:\n"),
    Change(PAYMENT, _AT_THE_DOOR, "    if False:"),
    Change(PAYMENT, "    try:\n" + _LOSE, "    try:\n        if True:"),
)
