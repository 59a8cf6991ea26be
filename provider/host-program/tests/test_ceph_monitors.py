"""The connection to the monitors, with a stand-in for librados in the child."""

from __future__ import annotations

import errno
import json
import os
import threading
import time

import pytest

from torocloud_host import where
from torocloud_host.ceph import monitors
from torocloud_host.work import Failed, Unknown

RADOS = """
import json, os, time
class Error(Exception): pass
class TimedOut(Error): pass
class Rados:
    def __init__(self, name, conffile, conf):
        self.who = [name, open(conffile).read(), conf["rados_mon_op_timeout"], os.getpid()]
    def connect(self):
        if "silent" in self.who[1]: time.sleep(0.3); raise TimedOut()
    def mon_command(self, text, input):
        command = json.loads(text)
        do = command["prefix"]
        if do == "slow": time.sleep(1)
        if do == "abort": os.abort()
        if do == "silence": return -110, b"", ""
        if do == "refuse": return -2, b"", command.get("words", "")
        if do == "nothing": return 0, b"", "done"
        if do == "text": return 0, b"plain words\\n", ""
        return 0, json.dumps([text, input.decode(), *self.who]).encode(), ""
"""


class Patient:
    cancelled = False

    def sleep(self, seconds):
        if self.cancelled:
            raise KeyboardInterrupt


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(where, "root", str(tmp_path))
    for folder in ("etc/ceph", "usr/lib/python3/dist-packages"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/ceph/ceph.conf").write_text("first")
    (tmp_path / "etc/ceph/ceph.client.admin.keyring").write_text("key")
    (tmp_path / "usr/lib/python3/dist-packages/rados.py").write_text(RADOS)
    yield tmp_path
    monitors.close()


def asked(prefix="echo", input=b"", **arguments):
    return monitors.command(Patient(), {"prefix": prefix, **arguments}, input)


def test_asks_as_the_administrator_in_json_with_a_limit(host):
    text, given, name, conf, limit, _ = asked(var="1", input=b"secret")
    assert json.loads(text) == {"format": "json", "prefix": "echo", "var": "1"}
    assert [given, name, conf, limit] == ["secret", "client.admin", "first", "20"]


def test_has_one_process_for_all_questions(host):
    pids = [asked()[-1] for _ in range(3)]
    assert len(set(pids)) == 1
    assert pids[0] != os.getpid()


def test_values_arrive_as_they_were_given(host):
    hostile = ['a"b', "a\\", "a'b", "$(touch x)", "`x`", "a\nb", "\u0000", "\ud800", "é😀", "; rm -rf /", "%s{}"]
    assert json.loads(asked(caps=hostile)[0])["caps"] == hostile


def test_an_answer_that_is_no_json_is_text_and_none_is_none(host):
    assert asked("text") == "plain words"
    assert asked("nothing") is None


def test_a_refusal_has_its_number_and_words(host):
    with pytest.raises(monitors.Refused, match="no such pool") as refused:
        asked("refuse", words="no such pool")
    assert refused.value.code == errno.ENOENT
    assert isinstance(refused.value, Failed)
    with pytest.raises(monitors.Refused, match='Ceph answered "refuse" with error 2'):
        asked("refuse", key="SECRET")


def test_silence_says_nothing_about_what_is_there(host):
    with pytest.raises(Unknown, match="no answer from the monitors within 20 s"):
        asked("silence")
    (host / "etc/ceph/ceph.conf").write_text("silent")
    with pytest.raises(Unknown, match="no answer from the monitors within 20 s"):
        asked()


def test_an_abort_in_it_ends_one_question_and_the_next_starts_another(host):
    before = asked()[-1]
    with pytest.raises(Unknown, match="died"):
        asked("abort")
    assert asked()[-1] != before


def test_connects_anew_when_configuration_or_key_are_others(host):
    asked()
    (host / "etc/ceph/ceph.conf").write_text("second!")
    assert asked()[3] == "second!"


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("etc/ceph/ceph.conf", "ceph.conf: No such file"),
        ("etc/ceph/ceph.client.admin.keyring", "admin.keyring: No such file"),
        ("usr/lib/python3/dist-packages/rados.py", "python3-rados is not installed"),
    ],
)
def test_a_host_without_ceph_is_told_from_silence(host, gone, says):
    (host / gone).unlink()
    with pytest.raises(monitors.Refused, match=says) as refused:
        asked()
    assert refused.value.code == errno.ENOENT


def test_a_slow_answer_stops_neither_others_nor_a_cancellation(host):
    asked()
    work, ended = Patient(), []

    def slow():
        try:
            monitors.command(work, {"prefix": "slow"})
        except KeyboardInterrupt:
            ended.append(time.monotonic())

    thread = threading.Thread(target=slow)
    start = time.monotonic()
    thread.start()
    assert asked()
    work.cancelled = True
    thread.join()
    assert ended[0] - start < 0.6


def test_it_ends_with_its_input(host):
    pid = asked()[-1]
    monitors._child._input.close()
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            return
        time.sleep(0.02)
    pytest.fail("it lives on")
