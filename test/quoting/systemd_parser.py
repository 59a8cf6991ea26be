"""Read a unit file as systemd does, with systemd's own code: libsystemd-shared's parser of lines, words, specifiers and variables.

Prints a JSON list of [setting, value, words]; the words as ExecStart= or a list of units has them, None where systemd drops the value.
The arguments: the library, the file, and the environment's NAME=VALUE.
"""

import ctypes
import json
import re
import sys

library, path, *environment = sys.argv[1:]
systemd = ctypes.CDLL(library)
libc = ctypes.CDLL("libc.so.6")
libc.fopen.restype = ctypes.c_void_p
libc.strdup.restype = ctypes.c_void_p

version = int(re.search(r"shared-(\d+)", library)[1])
Strings = ctypes.POINTER(ctypes.c_char_p)

UNESCAPE, UNQUOTE, RETAIN_ESCAPE = 1 << 1, 1 << 5, 1 << 7
LISTS = {"BindsTo", "Requires", "PartOf", "After", "Wants", "WantedBy"}

Parse = ctypes.CFUNCTYPE(
    ctypes.c_int,
    *(ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p, ctypes.c_uint, ctypes.c_char_p),
    *(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p),
)
Lookup = ctypes.CFUNCTYPE(
    ctypes.c_int,
    *(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)),
    *(ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p),
)
Expand = ctypes.CFUNCTYPE(
    ctypes.c_int,
    *(ctypes.c_char, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)),
)


class Specifier(ctypes.Structure):
    _fields_ = [("letter", ctypes.c_char), ("expand", Expand), ("data", ctypes.c_void_p)]


@Expand
def expand(letter, _data, _root, _userdata, result):
    result[0] = libc.strdup(b"<expanded>")
    return 0


letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
specifiers = (Specifier * (len(letters) + 1))(*(Specifier(bytes([letter]), expand, None) for letter in letters))


def without_specifiers(text):
    result = ctypes.c_char_p()
    if systemd.specifier_printf(text, ctypes.c_size_t(1 << 24), specifiers, None, None, ctypes.byref(result)) < 0:
        return None
    return result.value


def words(text, flags):
    """None where systemd finds a mistake."""
    position, found = ctypes.c_char_p(text), []
    while True:
        rest = position.value or b""
        if flags & UNESCAPE and (rest == b";" or rest[:2] in (b"; ", b";\t", b"\\;")):
            return None
        word = ctypes.c_char_p()
        code = systemd.extract_first_word(ctypes.byref(position), ctypes.byref(word), None, flags)
        if code < 0:
            return None
        if code == 0:
            return found
        expanded = without_specifiers(word.value)
        if expanded is None:
            return None
        found.append(expanded)


def array(strings):
    return (ctypes.c_char_p * (len(strings) + 1))(*strings, None)


def with_variables(argv):
    """As systemd replaces them when it starts the program; the program's own name stays."""
    known = array([setting.encode() for setting in environment])
    if version < 253:
        systemd.replace_env_argv.restype = Strings
        result = systemd.replace_env_argv(array(argv), known)
    else:
        result, unset, bad = Strings(), ctypes.c_void_p(), ctypes.c_void_p()
        outs = (ctypes.byref(out) for out in (result, unset, bad))
        if systemd.replace_env_argv(array(argv), known, *outs) < 0:
            return None
    replaced = []
    while result[len(replaced)] is not None:
        replaced.append(result[len(replaced)])
    return replaced


def text(value):
    return value.decode("utf-8", "backslashreplace")


seen = []


@Parse
def keep(_unit, _file, _line, _section, _section_line, setting, _type, value, _data, _userdata):
    name, found = setting.decode(), None
    if name.startswith("Exec"):
        argv = words(value, UNQUOTE | UNESCAPE)
        found = argv and with_variables(argv)
    elif name in LISTS:
        found = words(value, UNQUOTE | RETAIN_ESCAPE)
    elif value:
        found = [without_specifiers(value)]
    seen.append([name, text(value), None if found is None else [text(word) for word in found]])
    return 0


@Lookup
def lookup(_table, _section, _setting, parser, kind, data, _userdata):
    parser[0] = ctypes.cast(keep, ctypes.c_void_p)
    kind[0], data[0] = 0, None
    return 1


stream = ctypes.c_void_p(libc.fopen(path.encode(), b"re"))
sections = b"Unit\0Service\0Socket\0Install\0\0"
code = systemd.config_parse(None, path.encode(), stream, sections, lookup, None, 0, None, None)
if code < 0:
    sys.exit(f"config_parse: {code}")
json.dump(seen, sys.stdout)
