import type { Artifact } from "../artifacts/artifact.ts";
import { directory, file } from "../artifacts/files.ts";
import { unitDirectory, unitFile } from "../artifacts/units.ts";

const moduleDirectory = "/usr/local/lib/torocloud-mgr";

/**
 * Debian 13's python3-bcrypt is a PyO3 module, and those refuse to load in the sub-interpreters in which ceph-mgr
 * runs its modules, so that none of them starts (pyca/bcrypt#694). This one stands in: crypt(3) knows the same hashes.
 */
const bcrypt = `import ctypes, os

_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.restype = ctypes.c_char_p
_crypt.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
_alphabet = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def gensalt(rounds=12, prefix=b"2b"):
    salt = bytes(_alphabet[byte % 64] for byte in os.urandom(21)) + b"."
    return b"$%s$%02d$%s" % (prefix, rounds, salt)


def hashpw(password, salt):
    hashed = _crypt(password, salt)
    if hashed is None or not hashed.startswith(b"$2"):
        raise ValueError("Invalid salt")
    return hashed


def checkpw(password, hashed_password):
    return hashpw(password, hashed_password) == hashed_password
`;

/** What lets the manager's Python modules load on Debian 13. */
export function managerModules(): Artifact[] {
  return [
    directory(moduleDirectory),
    file(`${moduleDirectory}/bcrypt.py`, bcrypt),
    directory(`${unitDirectory}/ceph-mgr@.service.d`),
    unitFile("ceph-mgr@.service.d/torocloud.conf", `[Service]\nEnvironment=PYTHONPATH=${moduleDirectory}\n`),
  ];
}
