"""The program of the one child process that talks to Ceph's monitors; see monitors.py."""

from __future__ import annotations

SOURCE = r'''
import base64, errno, json, os, sys, threading

CONFIG, KEYRING, LIBRARIES, SECONDS = sys.argv[1:]
output, connecting = threading.Lock(), threading.Lock()
connected = None
made_from = None
tries = 0


class Refusal(Exception):
    pass


def identity():
    """What tells that configuration and key are still the ones that were read."""
    files = []
    for path in (CONFIG, KEYRING):
        try:
            seen = os.stat(path)
        except OSError as problem:
            raise Refusal(errno.ENOENT, "%s: %s" % (path, problem.strerror)) from None
        files.append((seen.st_ino, seen.st_size, seen.st_mtime_ns))
    return files


def library():
    if LIBRARIES not in sys.path:
        sys.path.append(LIBRARIES)
    try:
        import rados
    except ImportError:
        raise Refusal(errno.ENOENT, "the Debian package python3-rados is not installed") from None
    return rados


def cluster():
    """Made when first needed, and anew from other files. An attempt that fails does so for all who wait."""
    global connected, made_from, tries
    rados, before = library(), tries
    with connecting:
        files = identity()
        if connected is not None and made_from == files:
            return connected
        if tries != before:
            raise TimeoutError
        limits = {"client_mount_timeout": SECONDS, "rados_mon_op_timeout": SECONDS}
        try:
            new = rados.Rados(name="client.admin", conffile=CONFIG, conf=limits)
            new.connect()
        except rados.TimedOut:
            tries += 1
            raise TimeoutError from None
        except rados.Error as problem:
            raise Refusal(abs(getattr(problem, "errno", None) or errno.EIO), str(problem)) from None
        connected, made_from = new, files
        return new


def answer(request):
    code, out, said = cluster().mon_command(json.dumps(request["command"]), base64.b64decode(request["input"]))
    if code == -errno.ETIMEDOUT:
        raise TimeoutError
    if code != 0:
        raise Refusal(-code, said)
    return {"out": base64.b64encode(out).decode(), "said": said}


def serve(request):
    try:
        result = answer(request)
    except TimeoutError:
        result = {"silent": True}
    except Refusal as refusal:
        result = {"code": refusal.args[0], "message": refusal.args[1]}
    except Exception as problem:
        result = {"code": errno.EIO, "message": "%s in the process that asks the monitors" % type(problem).__name__}
    line = json.dumps({"id": request["id"], **result})
    with output:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


for line in sys.stdin:
    threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
# At once, whatever is under way: librados' threads must not outlive the libraries that they use.
os._exit(0)
'''
