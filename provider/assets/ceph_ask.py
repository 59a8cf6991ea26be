"""Talk to a Ceph cluster's monitors, as its administrator, on one of its nodes.

  ceph_ask.py tell COMMAND...
  ceph_ask.py ask EXPRESSION COMMAND
  ceph_ask.py wait EXPRESSION COMMAND SECONDS WHAT SEEN

COMMAND is what Ceph's monitors take: {"prefix": "osd dump"}. Its answer is `d` in the Python expressions EXPRESSION and SEEN.
`tell` gives one order after the other; `ask` prints EXPRESSION and fails where it is None or False; `wait` waits until it is neither, and tells every five seconds
what it waits for and what SEEN says. One connection through librados: a question takes milliseconds, where Ceph's own
command line takes a third of a second, which matters while daemons start on two cores.
"""

import atexit
import errno
import json
import sys
import time

import rados

ANSWER_SECONDS = "20"
EVERY_SECONDS = 0.1
SAY_EVERY_SECONDS = 5


def connect():
    """Ended at exit: librados' threads must not outlive the libraries that they use."""
    limits = {"client_mount_timeout": ANSWER_SECONDS, "rados_mon_op_timeout": ANSWER_SECONDS}
    cluster = rados.Rados(name="client.admin", conffile="/etc/ceph/ceph.conf", conf=limits)
    atexit.register(cluster.shutdown)
    cluster.connect()
    return cluster


def question(cluster, command):
    code, answer, problem = cluster.mon_command(json.dumps({**json.loads(command), "format": "json"}), b"")
    if code == -errno.ETIMEDOUT:
        raise rados.TimedOut(f"no answer from the monitors within {ANSWER_SECONDS} s")
    if code != 0:
        raise LookupError(problem or f"Ceph answered {command} with error {-code}")
    return json.loads(answer)


def evaluate(expression, answer):
    return eval(expression, {"d": answer})


def tell(*commands):
    cluster = connect()
    for command in commands:
        code, _, said = cluster.mon_command(command, b"")
        if code != 0:
            raise LookupError(f"{said} (error {-code}, for {command})")
        print(said, file=sys.stderr)
    return True


def ask(expression, command):
    result = evaluate(expression, question(connect(), command))
    print(result)
    return result is not None and result is not False


def wait(expression, command, seconds, what, seen):
    start = said = time.monotonic()
    cluster, last = None, "nothing yet"
    while True:
        try:
            cluster = cluster or connect()
            answer = question(cluster, command)
            if evaluate(expression, answer):
                return True
            last = evaluate(seen, answer)
        except (rados.Error, LookupError) as problem:
            last = problem
        now = time.monotonic()
        if now - start > int(seconds):
            print(f"gave up after {seconds} s of waiting for {what}; last seen: {last}", file=sys.stderr)
            return False
        if now - said > SAY_EVERY_SECONDS:
            print(f"@ waiting for {what}, {now - start:.0f} s of at most {seconds} s: {last}", file=sys.stderr, flush=True)
            said = now
        time.sleep(EVERY_SECONDS)


try:
    done = {"tell": tell, "ask": ask, "wait": wait}[sys.argv[1]](*sys.argv[2:])
except (rados.Error, LookupError, StopIteration) as problem:
    print(problem, file=sys.stderr)
    # 75, EX_TEMPFAIL of sysexits.h: nobody answered, so this says nothing about what is there.
    sys.exit(75 if isinstance(problem, rados.TimedOut) else 1)
sys.exit(0 if done else 1)
