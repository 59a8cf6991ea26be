from __future__ import annotations

import os
import threading

import pytest
from units_host import ETC, SERVICE, exists, link, new_host, target_of, write

from torocloud_host import where
from torocloud_host.machine import unit_files
from torocloud_host.work import Failed

host = pytest.fixture(autouse=True)(new_host)
USR = "/usr/lib/systemd/system"
WANTED = "[Install]\nWantedBy=multi-user.target\n"


@pytest.mark.parametrize(
    ("files", "links", "state"),
    [
        ({}, {}, ""),
        ({f"{ETC}/a.service": "[Service]\n"}, {}, "static"),
        ({f"{ETC}/a.service": WANTED}, {}, "disabled"),
        ({f"{ETC}/a.service": "[Install]\nWantedBy=\n"}, {}, "static"),
        ({f"{ETC}/a.service": "[Install]\nWantedBy=x.target\nWantedBy=\n"}, {}, "static"),
        ({f"{ETC}/a.service": "[Install]\n# WantedBy=x.target\n;WantedBy=y\n"}, {}, "static"),
        ({f"{ETC}/a.service": "[Unit]\nWantedBy=x.target\n"}, {}, "static"),
        ({f"{ETC}/a.service": "[Install]\nWantedBy = \\\n x.target\n"}, {}, "disabled"),
        ({f"{ETC}/a.service": "[Install]\nAlso=b.socket\n"}, {}, "indirect"),
        ({f"{USR}/a.service": WANTED}, {f"{ETC}/multi-user.target.wants/a.service": f"{USR}/a.service"}, "enabled"),
        ({f"{USR}/a.service": WANTED}, {f"{ETC}/x.target.requires/a.service": "/nowhere"}, "enabled"),
        ({f"{USR}/a.service": WANTED}, {f"{ETC}/b.service": f"{USR}/a.service"}, "enabled"),
        ({f"{USR}/a.service": WANTED}, {"/run/systemd/system/x.target.wants/a.service": "/x"}, "enabled-runtime"),
        ({f"{USR}/a.service": WANTED}, {f"{USR}/multi-user.target.wants/a.service": "../a.service"}, "disabled"),
        ({f"{USR}/a.service": WANTED}, {f"{ETC}/a.service": "/dev/null"}, "masked"),
        ({f"{USR}/a.service": WANTED, f"{ETC}/a.service": ""}, {}, "masked"),
        ({f"{USR}/a.service": WANTED}, {"/run/systemd/system/a.service": "/dev/null"}, "masked-runtime"),
        ({f"{ETC}/a.service": WANTED}, {"/run/systemd/system/a.service": "/dev/null"}, "disabled"),
        ({"/opt/a.service": WANTED}, {f"{ETC}/a.service": "/opt/a.service"}, "linked"),
        ({"/opt/a.service": WANTED}, {"/run/systemd/system/a.service": "/opt/a.service"}, "linked-runtime"),
        ({f"{USR}/b.service": WANTED}, {f"{ETC}/a.service": f"{USR}/b.service"}, "alias"),
        ({"/run/systemd/generator/a.service": WANTED}, {}, "generated"),
        ({"/run/systemd/transient/a.service": WANTED}, {}, "transient"),
    ],
)
def test_the_state_is_what_systemctl_is_enabled_says(files: dict[str, str], links: dict[str, str], state: str) -> None:
    for path, content in files.items():
        write(path, content)
    for path, target in links.items():
        link(path, target)
    assert unit_files.enabled_state("a.service") == state


def test_an_instance_has_its_templates_file() -> None:
    write(f"{USR}/ceph-mgr@.service", "[Install]\nWantedBy=ceph-mgr.target\n")
    assert unit_files.enabled_state("ceph-mgr@node1.service") == "disabled"
    assert unit_files.enable("ceph-mgr@node1.service") == {"ceph-mgr.target"}
    assert target_of(f"{ETC}/ceph-mgr.target.wants/ceph-mgr@node1.service") == f"{USR}/ceph-mgr@.service"
    assert unit_files.enabled_state("ceph-mgr@node1.service") == "enabled"
    assert unit_files.enabled_state("ceph-mgr@node2.service") == "disabled"
    link(f"{ETC}/ceph-mgr@.service", "/dev/null")
    assert unit_files.enabled_state("ceph-mgr@node1.service") == "masked"
    assert unit_files.unmask("ceph-mgr@node1.service") == [f"{ETC}/ceph-mgr@.service"]
    assert unit_files.enabled_state("ceph-mgr@node1.service") == "enabled"


def test_enabling_sets_every_link_that_the_file_asks_for_and_no_other() -> None:
    write(
        f"{ETC}/a@.service",
        "[Install]\nWantedBy=x.target y@%i.target\nRequiredBy=z.target\nAlias=al-%p-%i.service\nAlso=b.socket\n",
    )
    write(f"{ETC}/b.socket", "[Install]\nWantedBy=sockets.target\nAlso=a@one.service\n")
    link(f"{ETC}/old.target.wants/a@one.service", "/gone")
    link(f"{ETC}/x.target.wants/a@one.service", "/elsewhere/a@.service")
    link(f"{ETC}/x.target.wants/a@two.service", f"{ETC}/a@.service")
    parents = unit_files.enable("a@one.service")
    assert parents == {"x.target", "y@one.target", "z.target", "sockets.target"}
    for path in ("x.target.wants/a@one.service", "y@one.target.wants/a@one.service", "z.target.requires/a@one.service"):
        assert target_of(f"{ETC}/{path}") == f"{ETC}/a@.service"
    assert target_of(f"{ETC}/al-a-one.service") == f"{ETC}/a@.service"
    assert target_of(f"{ETC}/sockets.target.wants/b.socket") == f"{ETC}/b.socket"
    assert not exists(f"{ETC}/old.target.wants")
    assert exists(f"{ETC}/x.target.wants/a@two.service")


def test_a_link_that_is_right_stays_as_it_is() -> None:
    write(f"{ETC}/a.service", SERVICE)
    path = f"{ETC}/multi-user.target.wants/a.service"
    link(path, "../a.service")
    before = os.lstat(where.real(path))
    unit_files.enable("a.service")
    assert os.lstat(where.real(path)) == before


def test_disabling_removes_every_link() -> None:
    write(f"{ETC}/a.service", "[Install]\nWantedBy=x.target\nAlias=b.service\n")
    unit_files.enable("a.service")
    link("/run/systemd/system/y.target.wants/a.service", f"{ETC}/a.service")
    assert unit_files.disable("a.service") == {"x.target", "y.target"}
    assert os.listdir(where.real(ETC)) == ["a.service"]
    assert unit_files.disable("a.service") == set()
    assert unit_files.disable("unknown.service") == set()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "unit a.service cannot be enabled: it has no unit file"),
        ("[Service]\n", "unit a.service cannot be enabled: its file says nothing under [Install]"),
        ("[Install]\nWantedBy=%t\n", "unit a.service cannot be enabled: %t under [Install] is more than torocloud"),
    ],
)
def test_what_cannot_be_enabled_says_why(content: str | None, said: str) -> None:
    if content is not None:
        write(f"{ETC}/a.service", content)
    with pytest.raises(Failed) as failed:
        unit_files.enable("a.service")
    assert str(failed.value).startswith(said)


def test_names_with_escapes_are_names_like_others() -> None:
    name = "torocloud-web\\x2d0.service"
    write(f"{ETC}/{name}", SERVICE)
    unit_files.enable(name)
    assert unit_files.enabled_state(name) == "enabled"
    write(f"/etc/systemd/system.control/{name}.d/50-CPUWeight.conf", "x")
    write(f"{ETC}/torocloud-.service.d/all.conf", "x")
    assert unit_files.drop_ins_on_disk(name) == [
        f"/etc/systemd/system.control/{name}.d/50-CPUWeight.conf",
        f"{ETC}/torocloud-.service.d/all.conf",
    ]


def test_many_at_once_share_a_folder_of_links() -> None:
    names = [f"a{number}.service" for number in range(20)]
    for name in names:
        write(f"{ETC}/{name}", SERVICE)
    problems: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(20):
                unit_files.disable(name)
                unit_files.enable(name)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(os.listdir(where.real(f"{ETC}/multi-user.target.wants"))) == sorted(names)
