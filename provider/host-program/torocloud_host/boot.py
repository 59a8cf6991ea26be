"""What runs first: finds the program's modules in the bundle, says hello, and begins.

It is executed with `data`, the bundle as it came, and `bundle`, what is in it. Python versions older than the program's
get as far as the hello, so that they can be refused by name.
"""

import hashlib
import json
import os
import sys
from importlib.machinery import ModuleSpec


class Bundle:
    """Finds and loads modules whose sources came along."""

    def __init__(self, modules):
        self.modules = modules

    def find_spec(self, name, path=None, target=None):
        """The module, a package where its source is an __init__; None where it is not ours."""
        is_package = name + ".__init__" in self.modules
        if not is_package and name not in self.modules:
            return None
        return ModuleSpec(name, self, origin=name, is_package=is_package)

    def create_module(self, spec):
        """As Python itself does it."""
        return None

    def exec_module(self, module):
        """Runs the module's source."""
        exec(compile(self.get_source(module.__name__), module.__name__, "exec"), module.__dict__)

    def get_source(self, name):
        """The source of a module, for children that run it alone."""
        return self.modules[name + ".__init__" if name + ".__init__" in self.modules else name]


def machine_id(root):
    """Empty where the machine has none."""
    try:
        with open(root + "/etc/machine-id") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def begin(data, bundle):
    """Reads the line that starts a session, says hello, and serves."""
    try:
        start = json.loads(sys.stdin.buffer.readline(4096))
        mark = start["mark"]
    except (ValueError, TypeError, KeyError):
        sys.exit("torocloud: no session was begun")
    hello = {
        "program": hashlib.sha256(data).hexdigest(),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "machine": machine_id(start.get("root", "")),
        "user": os.geteuid(),
    }
    sys.stdout.write(mark + "\n" + json.dumps(hello) + "\n")
    sys.stdout.flush()
    if sys.version_info < (3, 11):
        return
    sys.meta_path.insert(0, Bundle(bundle["modules"]))
    from torocloud_host.main import serve

    serve(start)
