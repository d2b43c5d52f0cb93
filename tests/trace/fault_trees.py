"""The trees of orders that meet a fault, in the notation of the contract, put together from its steps."""

BEGIN = """\
POST /orders  order server
  processOrder  order internal
    order.insert  order client
"""
END = """\
    order.update  order client
"""
HELD_BEFORE = """\
        PUT /reservations/{order_id}  inventory server
          inventory.findAndModify  inventory client
"""
LINE = """\
          inventory.findAndModify  inventory client
"""
HELD = """\
          inventory.update  inventory client
"""
READ = """\
          inventory.find  inventory client
"""
DIED = """\
        POST /payments  payment server !
"""
CHARGED = """\
        POST /payments  payment server
          payment.insert  payment client
"""
CHARGED_BEFORE = f"""{CHARGED}\
          payment.find  payment client
"""
STEP = """\
    reserveInventory  order internal
      PUT  order client
        PUT /reservations/{order_id}  inventory server
"""
RESERVED = STEP + 2 * LINE + HELD
FAILED = "      POST  order client !\n"
PAID = "      POST  order client\n"
PAYMENT, PAYMENT_UNKNOWN = "    processPayment  order internal\n", "    processPayment  order internal !\n"

CHARGED_AND_NOT_HEARD_OF = (
    BEGIN + RESERVED + PAYMENT_UNKNOWN + FAILED + CHARGED + 2 * (FAILED + CHARGED_BEFORE) + END
)
DIED_ONCE = BEGIN + RESERVED + PAYMENT + FAILED + DIED + PAID + CHARGED + END
DIED_EACH_TIME = BEGIN + RESERVED + PAYMENT_UNKNOWN + 3 * (FAILED + DIED) + END
RESERVED_AND_NOT_HEARD_OF = f"""\
{BEGIN}\
    reserveInventory  order internal !
      PUT  order client !
{HELD_BEFORE}{LINE}{HELD}\
      PUT  order client !
{HELD_BEFORE}\
      PUT  order client !
{HELD_BEFORE}{END}"""
PAID_AT_ONCE = PAYMENT + PAID + CHARGED + END
TWO_LINES = BEGIN + STEP + 3 * LINE + HELD + PAID_AT_ONCE
EACH_LINE_READ = BEGIN + STEP + 2 * READ + 3 * LINE + HELD + PAID_AT_ONCE
