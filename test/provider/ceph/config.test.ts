import { describe, expect, it } from "vitest";
import {
  addressVector,
  renderCephConf,
  renderClientConf,
  smallNodes,
} from "../../../provider/src/ceph/config.ts";
import { keyringSection, renderKeyring } from "../../../provider/src/ceph/keyring.ts";
import { stableUuid } from "../../../provider/src/ceph/names.ts";
import { cephCluster } from "../../../provider/src/ceph/cluster.ts";
import { Uuid } from "../../../provider/src/validation/schemas.ts";

const fsid = "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10";
const monitors = [
  { name: "node1", address: "10.11.12.1" },
  { name: "node2", address: "fd00::2" },
];

describe("ceph.conf", () => {
  it("names both messenger protocols, IPv6 in brackets", () => {
    expect(addressVector("10.11.12.1")).toBe("[v2:10.11.12.1:3300,v1:10.11.12.1:6789]");
    expect(addressVector("fd00::2")).toBe("[v2:[fd00::2]:3300,v1:[fd00::2]:6789]");
  });

  it("of a node has identity, monitors and options in order", () => {
    expect(renderCephConf({ fsid, monitors, settings: { osd_pool_default_size: "2" } })).toMatchSnapshot();
  });

  it("of a node lets the program's own options win, once each", () => {
    const [option = ""] = Object.keys(smallNodes);
    const text = renderCephConf({ fsid, monitors, settings: { [option]: "mine" } });
    expect(text.split("\n").filter((line) => line.startsWith(`${option} =`))).toEqual([`${option} = mine`]);
  });

  it("is the same whatever order the options are given in", () => {
    const [a, b] = [
      { x: "1", y: "2" },
      { y: "2", x: "1" },
    ].map((settings) => renderCephConf({ fsid, monitors, settings }));
    expect(a).toBe(b);
  });

  it.each([
    ["IPv4 only: the file is as it ever was", ["10.0.0.1", "10.0.0.2"], []],
    ["IPv6 only", ["fd00::1", "fd00::2"], ["ms_bind_ipv4 = false", "ms_bind_ipv6 = true"]],
    ["both", ["10.0.0.1", "fd00::2"], ["ms_bind_ipv6 = true"]],
  ])("has the daemons listen where the monitors do: %s", (_, addresses, lines) => {
    const all = addresses.map((address, index) => ({ name: `node${String(index)}`, address }));
    const conf = renderCephConf({ fsid, monitors: all, settings: {} });
    expect(conf.split("\n").filter((line) => line.startsWith("ms_bind"))).toEqual(lines);
  });

  it("of IPv6 machines lets the program's own options win", () => {
    const settings = { ms_bind_ipv4: "true" };
    const conf = renderCephConf({ fsid, monitors: [{ name: "a", address: "fd00::1" }], settings });
    expect(conf).toContain("\nms_bind_ipv4 = true\nms_bind_ipv6 = true\n");
  });

  it("of a client has identity and monitors only", () => {
    expect(renderClientConf({ fsid, monitors })).toMatchInlineSnapshot(`
      "[global]
      fsid = 0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10
      mon_host = [v2:10.11.12.1:3300,v1:10.11.12.1:6789],[v2:[fd00::2]:3300,v1:[fd00::2]:6789]
      "
    `);
  });
});

describe("a keyring", () => {
  const keyring = `[mon.]
\tkey = A==
\tcaps mon = "allow *"

[client.admin]
\tkey = B==
\tcaps mon = "allow [x] *"
[client.bootstrap-osd]
\tkey = C==`;

  it("gives back one section, as it stands", () => {
    expect(keyringSection(keyring, "mon.")).toBe(`[mon.]\n\tkey = A==\n\tcaps mon = "allow *"\n`);
    expect(keyringSection(keyring, "client.admin")).toBe(
      `[client.admin]\n\tkey = B==\n\tcaps mon = "allow [x] *"\n`,
    );
    expect(keyringSection(keyring, "client.bootstrap-osd")).toBe("[client.bootstrap-osd]\n\tkey = C==\n");
  });

  it.each(["client.ad", "client", "CLIENT.ADMIN", ""])("has no section %j", (entity) => {
    expect(() => keyringSection(keyring, entity)).toThrow(`no key for ${entity}`);
    expect(() => keyringSection(keyring, entity)).not.toThrow("==");
  });

  it("is written as it is read", () => {
    expect(keyringSection(renderKeyring("client.x", "K=="), "client.x")).toBe("[client.x]\n\tkey = K==\n");
  });
});

describe("stableUuid", () => {
  it("is a UUID of version 8, and never changes for the same meaning", () => {
    const uuid = stableUuid("ceph cluster", "organization/project/stack", "ceph");
    expect(uuid).toMatchInlineSnapshot(`"1f39d516-ab7e-837f-abb7-ebcc999c99be"`);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Uuid.safeParse(uuid)).toMatchObject({ success: true });
  });

  it("tells meanings apart, also where their words join the same", () => {
    const all = [["a", "b"], ["ab"], ["a", "", "b"], ["b", "a"], ["a,b"], []].map((words) =>
      stableUuid(...words),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it("is a cluster's identity unless the program names one", () => {
    const inputs = { owner: "o/p/s", name: "ceph" };
    expect(cephCluster.derive["fsid"]?.(inputs)).toBe(stableUuid("ceph cluster", "o/p/s", "ceph"));
    expect(cephCluster.derive["fsid"]?.({ ...inputs, fsid })).toBe(fsid);
  });
});
